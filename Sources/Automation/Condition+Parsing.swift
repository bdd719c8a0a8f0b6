import FleetModel

/// Reads conditions.
///
/// ```
/// condition   all ("or" all)*
/// all         one ("and" one)*
/// one         "not" one | "(" condition ")" | operand [relation operand]
/// operand     name | number | "text" | 'text' | true | false | [operand, …]
/// ```
///
/// Brackets of both kinds and "not" stand in each other 32 deep at the most: reading, judging and freeing recurse.
extension Condition {
  /// Why a text is no condition, and at which character, counting from 1.
  package struct Malformed: Error, Equatable {
    package let problem: String
    package let column: Int
  }

  package init(_ text: String) throws(Malformed) {
    var parser = ConditionParser(text)
    self = try parser.condition(depth: 0)
    try parser.end()
  }
}

private struct ConditionParser {
  private let characters: [Character]
  private var at = 0
  private static let deepest = 32

  init(_ text: String) {
    characters = Array(text)
  }

  mutating func condition(depth: Int) throws(Condition.Malformed) -> Condition {
    guard depth < Self.deepest else { throw malformed("nested too deep") }
    var parts = [try all(depth)]
    while take(word: "or") { parts.append(try all(depth)) }
    return parts.count == 1 ? parts[0] : .any(parts)
  }

  private mutating func all(_ depth: Int) throws(Condition.Malformed) -> Condition {
    var parts = [try one(depth)]
    while take(word: "and") { parts.append(try one(depth)) }
    return parts.count == 1 ? parts[0] : .all(parts)
  }

  private mutating func one(_ depth: Int) throws(Condition.Malformed) -> Condition {
    guard depth < Self.deepest else { throw malformed("nested too deep") }
    if take(word: "not") { return .not(try one(depth + 1)) }
    if take("(") {
      let inner = try condition(depth: depth + 1)
      guard take(")") else { throw malformed("\")\" is missing") }
      return inner
    }
    let left = try operand()
    guard let relation = relation() else {
      guard case .fact(let name) = left else { throw malformed("a relation is missing, as == or >=") }
      return .present(name)
    }
    let right = try operand()
    if relation == .matches, case .literal(.text(let pattern)) = right, pattern.utf8.count > Glob.longest {
      throw malformed("a pattern has \(Glob.longest) bytes at the most")
    }
    return .comparison(Condition.Comparison(left: left, relation: relation, right: right))
  }

  mutating func end() throws(Condition.Malformed) {
    skipBlanks()
    guard at == characters.count else { throw malformed("\"\(String(characters[at...]))\" is not understood") }
  }

  private mutating func relation() -> Condition.Relation? {
    for relation in Condition.Relation.allCases {
      let isWord = relation.rawValue.first?.isLetter == true
      if isWord ? take(word: relation.rawValue) : take(relation.rawValue) { return relation }
    }
    return nil
  }

  private mutating func operand(depth: Int = 0) throws(Condition.Malformed) -> Condition.Operand {
    guard depth < Self.deepest else { throw malformed("nested too deep") }
    skipBlanks()
    guard at < characters.count else { throw malformed("something is missing at the end") }
    switch characters[at] {
    case "\"", "'": return .literal(.text(try quoted()))
    case "[": return .literal(try list(depth))
    case "-", "0"..."9": return .literal(try number())
    default: return try name()
    }
  }

  private mutating func name() throws(Condition.Malformed) -> Condition.Operand {
    let start = at
    while at < characters.count, isPartOfName(characters[at]) { at += 1 }
    let word = String(characters[start..<at])
    switch word {
    case "true": return .literal(.flag(true))
    case "false": return .literal(.flag(false))
    default:
      guard let name = FactName(word) else {
        let problem = word.isEmpty ? "a name or value is missing" : FactName.problem(of: word) ?? ""
        throw malformed(problem, at: start)
      }
      return .fact(name)
    }
  }

  private mutating func number() throws(Condition.Malformed) -> FactValue {
    let start = at
    while at < characters.count, isPartOfName(characters[at]) || "+-".contains(characters[at]) { at += 1 }
    let word = String(characters[start..<at])
    guard let number = Double(word), number.isFinite else { throw malformed("\"\(word)\" is no number", at: start) }
    return .number(number)
  }

  private mutating func quoted() throws(Condition.Malformed) -> String {
    let (start, quote) = (at, characters[at])
    guard let end = characters[(at + 1)...].firstIndex(of: quote) else {
      throw malformed("the text that begins here has no end", at: start)
    }
    at = end + 1
    return String(characters[start + 1..<end])
  }

  private mutating func list(_ depth: Int) throws(Condition.Malformed) -> FactValue {
    _ = take("[")
    var values: [FactValue] = []
    while !take("]") {
      guard case .literal(let value) = try operand(depth: depth + 1) else {
        throw malformed("a list holds values, no names")
      }
      values.append(value)
      guard take(",") || at < characters.count && next() == "]" else { throw malformed("\"]\" is missing") }
    }
    return .list(values)
  }

  // MARK: Characters

  private func isPartOfName(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_" || character == "." || character == "-"
  }

  private mutating func skipBlanks() {
    while at < characters.count, characters[at].isWhitespace { at += 1 }
  }

  private mutating func next() -> Character? {
    skipBlanks()
    return at < characters.count ? characters[at] : nil
  }

  private mutating func take(_ text: String) -> Bool {
    skipBlanks()
    guard characters[at...].starts(with: text) else { return false }
    at += text.count
    return true
  }

  /// A whole word, not the beginning of a name.
  private mutating func take(word: String) -> Bool {
    skipBlanks()
    let end = at + word.count
    guard characters[at...].starts(with: word), end == characters.count || !isPartOfName(characters[end]) else {
      return false
    }
    at = end
    return true
  }

  private func malformed(_ problem: String, at place: Int? = nil) -> Condition.Malformed {
    Condition.Malformed(problem: problem, column: (place ?? at) + 1)
  }
}
