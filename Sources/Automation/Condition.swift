import FleetModel

/// A question about facts, as rules write it: `data.error_rate >= 0.25 and agent.state == "running"`.
package indirect enum Condition: Equatable, Sendable {
  /// Nothing is asked.
  case always
  case comparison(Comparison)
  /// A flag, or that there is such a fact at all.
  case present(FactName)
  case not(Condition)
  case all([Condition])
  case any([Condition])

  package struct Comparison: Equatable, Sendable {
    package let left: Operand
    package let relation: Relation
    package let right: Operand
    /// Whether it is about words that mean the same in any case of letters.
    private let ignoresCase: Bool

    init(left: Operand, relation: Relation, right: Operand) {
      (self.left, self.relation, self.right) = (left, relation, right)
      ignoresCase = [left, right].contains { if case .fact(let name) = $0 { name.isWord } else { false } }
    }
  }

  package enum Operand: Equatable, Sendable {
    case fact(FactName)
    case literal(FactValue)
  }

  package enum Relation: String, CaseIterable, Sendable {
    case equal = "=="
    case unequal = "!="
    case atMost = "<="
    case atLeast = ">="
    case less = "<"
    case greater = ">"
    case contains
    /// A pattern with `*`: of a text, or of one at least of a list.
    case matches
    case isIn = "in"
  }

  /// Whether it holds, and why, in words for a person.
  package struct Evaluation: Equatable, Sendable {
    package var holds: Bool
    package var reason: String

    init(holds: Bool, reason: String) {
      (self.holds, self.reason) = (holds, reason.clipped)
    }
  }

  package func judge(_ facts: some Facts) -> Evaluation { judge(facts, isNegated: false) }

  /// - Parameter isNegated: whether the opposite is asked for: it decides nothing here but the words.
  private func judge(_ facts: some Facts, isNegated: Bool) -> Evaluation {
    switch self {
    case .always: return Evaluation(holds: true, reason: "")
    case .comparison(let comparison): return comparison.judge(facts, isNegated: isNegated)
    case .present(let name): return Self.judge(present: name, facts)
    case .not(let condition):
      let verdict = condition.judge(facts, isNegated: !isNegated)
      return Evaluation(holds: !verdict.holds, reason: verdict.reason)
    case .all(let conditions):
      let verdicts = conditions.map { $0.judge(facts, isNegated: isNegated) }
      // The first that fails is reason enough.
      if let failed = verdicts.first(where: { !$0.holds }) { return failed }
      return Evaluation(holds: true, reason: Self.joined(verdicts, " and "))
    case .any(let conditions):
      let verdicts = conditions.map { $0.judge(facts, isNegated: isNegated) }
      if let held = verdicts.first(where: \.holds) { return held }
      return Evaluation(holds: false, reason: Self.joined(verdicts, "; "))
    }
  }

  /// The same as ``judge(_:)`` without words.
  package func holds(_ facts: some Facts) -> Bool {
    switch self {
    case .always: true
    case .comparison(let comparison): comparison.holds(facts)
    case .present(let name): Self.isPresent(facts.value(name))
    case .not(let condition): !condition.holds(facts)
    case .all(let conditions): conditions.allSatisfy { $0.holds(facts) }
    case .any(let conditions): conditions.contains { $0.holds(facts) }
    }
  }

  /// Every name that it asks for.
  package var names: Set<FactName> {
    switch self {
    case .always: []
    case .present(let name): [name]
    case .comparison(let comparison):
      Set([comparison.left, comparison.right].compactMap { if case .fact(let name) = $0 { name } else { nil } })
    case .not(let condition): condition.names
    case .all(let conditions), .any(let conditions): conditions.reduce(into: []) { $0.formUnion($1.names) }
    }
  }

  /// Whether it can be judged by the event and its agent alone: what stands in Redis, and who else there is, is not asked.
  package var isAboutEventAlone: Bool { names.allSatisfy(\.isOfEventAlone) }

  private static func joined(_ verdicts: [Evaluation], _ separator: String) -> String {
    verdicts.map(\.reason).filter { !$0.isEmpty }.joined(separator: separator)
  }

  private static func judge(present name: FactName, _ facts: some Facts) -> Evaluation {
    let value = facts.value(name)
    return Evaluation(holds: isPresent(value), reason: words(present: name, value, facts))
  }

  private static func isPresent(_ value: FactValue?) -> Bool {
    switch value {
    case nil: false
    case .flag(let flag): flag
    case .list(let values): !values.isEmpty
    case .text, .number: true
    }
  }
}

extension Condition.Comparison {
  /// With a fact missing it does not hold, whatever the relation.
  func judge(_ facts: some Facts, isNegated: Bool) -> Condition.Evaluation {
    guard let left = value(self.left, facts) else { return missing(self.left) }
    guard let right = value(self.right, facts) else { return missing(self.right) }
    guard let holds = holds(left, right) else {
      return Condition.Evaluation(
        holds: false,
        reason: "\(named(self.left, left)) cannot be compared by \(relation.rawValue) with \(named(self.right, right))")
    }
    let reason = words(left, right, holds: holds != isNegated, isNegated: isNegated)
    return Condition.Evaluation(holds: holds, reason: reason)
  }

  func holds(_ facts: some Facts) -> Bool {
    guard let left = value(left, facts), let right = value(right, facts) else { return false }
    return holds(left, right) ?? false
  }

  /// Nil if the two cannot be compared.
  private func holds(_ left: FactValue, _ right: FactValue) -> Bool? {
    ignoresCase ? relation.holds(left.lowercased, right.lowercased) : relation.holds(left, right)
  }

  private func value(_ operand: Condition.Operand, _ facts: some Facts) -> FactValue? {
    switch operand {
    case .fact(let name): facts.value(name)
    case .literal(let value): value
    }
  }

  private func missing(_ operand: Condition.Operand) -> Condition.Evaluation {
    guard case .fact(let name) = operand else {
      return Condition.Evaluation(holds: false, reason: "a value is missing")
    }
    return Condition.Evaluation(holds: false, reason: "\(name.title) unknown")
  }

  private func named(_ operand: Condition.Operand, _ value: FactValue) -> String {
    guard case .fact(let name) = operand else { return value.description }
    return "\(name.title) \(value)"
  }
}

extension Condition.Relation {
  /// Nil if the two are of kinds that it does not compare.
  func holds(_ left: FactValue, _ right: FactValue) -> Bool? {
    switch (self, left, right) {
    case (.equal, _, _): left == right
    case (.unequal, _, _): left != right
    case (.isIn, _, .list(let values)): values.contains(left)
    case (.contains, .list(let values), _): values.contains(right)
    case (.contains, .text(let text), .text(let part)): text.contains(part)
    case (.matches, .text(let text), .text(let pattern)): Glob(pattern)?.matches(text)
    case (.matches, .list(let values), .text): values.contains { holds($0, right) == true }
    case (_, .number(let left), .number(let right)): holds(left, right)
    case (_, .text(let left), .text(let right)): holds(left, right)
    default: nil
    }
  }

  private func holds<Value: Comparable>(_ left: Value, _ right: Value) -> Bool? {
    switch self {
    case .less: left < right
    case .greater: left > right
    case .atMost: left <= right
    case .atLeast: left >= right
    case .equal, .unequal, .contains, .matches, .isIn: nil
    }
  }
}
