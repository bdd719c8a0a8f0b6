/// A text of a rule with places that facts fill: `{data.conversation_id}`, `{metric.messages_per_minute * 0.8}`. A doubled
/// brace is a brace.
package struct RuleText: Equatable, Sendable {
  package enum Part: Equatable, Sendable {
    case text(String)
    /// A fact; a number is multiplied by the factor and rounded if there is one.
    case fact(FactName, factor: Double?)
  }

  /// Why a text cannot be filled in.
  package struct Malformed: Error, Equatable {
    package let problem: String
  }

  package private(set) var parts: [Part] = []

  package init(_ source: String) throws(Malformed) {
    var rest = source[...]
    var text = ""
    while let character = rest.popFirst() {
      guard character == "{" || character == "}" else {
        text.append(character)
        continue
      }
      if rest.first == character {
        text.append(character)
        rest = rest.dropFirst()
        continue
      }
      guard character == "{", let end = rest.firstIndex(of: "}") else {
        throw Malformed(problem: "a brace stands alone; write it twice for a brace")
      }
      if !text.isEmpty { parts.append(.text(text)) }
      text = ""
      parts.append(try Self.fact(String(rest[..<end])))
      rest = rest[rest.index(after: end)...]
    }
    if !text.isEmpty { parts.append(.text(text)) }
  }

  private static func fact(_ source: String) throws(Malformed) -> Part {
    let words = source.split(separator: "*", maxSplits: 1).map { String($0.trimmingBlanks) }
    guard let word = words.first, let name = FactName(word) else {
      throw Malformed(problem: FactName.problem(of: words.first ?? "") ?? "{} names nothing")
    }
    guard words.count == 2 else { return .fact(name, factor: nil) }
    guard let factor = Double(words[1]), factor.isFinite else {
      throw Malformed(problem: "\"\(words[1])\" in {\(source)} is no number")
    }
    return .fact(name, factor: factor)
  }

  /// Every name that it asks for.
  package var names: Set<FactName> {
    Set(parts.compactMap { if case .fact(let name, _) = $0 { name } else { nil } })
  }

  /// Fills it in as a sentence for people: fractions in percent, numbers rounded, lists with commas and blanks.
  ///
  /// - Returns: nil if the text is nothing but a fact, and that is missing; inside of other words it is "unknown".
  package func said(_ facts: some Facts) -> String? { filled(facts) { $1.said(as: $0.form) } }

  /// Fills it in.
  ///
  /// - Returns: nil if the text is nothing but a fact, and that is missing; inside of other words it is "unknown".
  package func filled(_ facts: some Facts) -> String? { filled(facts) { $1.description } }

  /// - Parameter words: what a value of a name is written as.
  private func filled(_ facts: some Facts, _ words: (FactName, FactValue) -> String) -> String? {
    var filled = ""
    for part in parts {
      switch part {
      case .text(let text): filled += text
      case .fact(let name, let factor):
        guard let value = facts.value(name) else {
          guard parts.count > 1 else { return nil }
          filled += "unknown"
          continue
        }
        if let factor, case .number(let number) = value {
          filled += FactValue.number((number * factor).rounded()).description
        } else {
          filled += words(name, value)
        }
      }
    }
    return filled
  }
}

extension Substring {
  fileprivate var trimmingBlanks: Substring {
    var rest = self.drop { $0 == " " }
    while rest.last == " " { rest = rest.dropLast() }
    return rest
  }
}
