import FleetModel

/// What a condition says to people, as `error rate 31% (at least 25% asked)`: what there was, and in brackets what the
/// condition asks for.
extension Condition {
  /// What stands, or does not stand, in a sentence of its own.
  ///
  /// - Parameter value: nil if there is none.
  static func words(present name: FactName, _ value: FactValue?, _ facts: some Facts) -> String {
    let isThere = value.map { $0 != .flag(false) && $0 != .list([]) } ?? false
    switch name.description {
    case "agent.has_backup": return isThere ? "it has a backup" : "it has no backup"
    case "agent.backup":
      return value.map { "\($0) stands in for it" } ?? "no backup stands in for it"
    case "fleet.specialist":
      let wanted = specialty(facts)
      return value.map { "\($0) is a specialist\(wanted)" } ?? "no specialist\(wanted)"
    case "run.obeyed": return isThere ? "every agent has confirmed it" : "not every agent has confirmed it"
    case "run.failed": return isThere ? "an action has failed" : "no action has failed"
    case "handler.makes_dashboards": return isThere ? "dashboards are made" : "nothing makes dashboards"
    case "event.foreseen": return value?.description ?? "nothing is foreseen"
    default: break
    }
    guard let value else { return "\(name.title) unknown" }
    if case .list([]) = value { return "no \(name.title)" }
    return "\(name.title) \(value.shown(as: name.form))"
  }

  /// What the event asks a specialist for: ` for refunds (de)`.
  private static func specialty(_ facts: some Facts) -> String {
    func text(_ name: String) -> String? { FactName(name).flatMap { facts.value($0) }?.description }
    let skill = text("data.skill").map { " for \($0)" } ?? ""
    return skill + (text("data.language").map { " (\($0))" } ?? "")
  }
}

extension Condition.Comparison {
  /// - Parameters:
  ///   - holds: whether what is asked for holds.
  ///   - isNegated: whether the condition asks for the opposite.
  func words(_ left: FactValue, _ right: FactValue, holds: Bool, isNegated: Bool) -> String {
    let form = form
    var (present, wanted) = (left.shown(as: form), right.shown(as: form))
    // What is rounded must not look as if it were what it is not.
    if present == wanted, left != right { (present, wanted) = (left.description, right.description) }
    let sentence = [name(self.left), present].filter { !$0.isEmpty }.joined(separator: " ")
    let isPlain =
      switch relation {
      case .equal, .unequal: holds
      case .atMost, .atLeast, .less, .greater, .contains, .matches, .isIn: false
      }
    guard !isPlain else { return sentence }
    if relation == .isIn, case .list(let values) = right { wanted = Self.choice(values, form) }
    let other = name(self.right)
    let asking = [relation.asking(isNegated: isNegated), wanted, "asked"]
    let asked = asking.filter { !$0.isEmpty }.joined(separator: " ")
    return "\(sentence) (\(asked)\(other.isEmpty ? "" : ": \(other)"))"
  }

  /// How both sides are said: as the one that names a fact is.
  private var form: FactName.Form {
    for case .fact(let name) in [left, right] where name.form != .plain { return name.form }
    return .plain
  }

  private func name(_ operand: Condition.Operand) -> String {
    if case .fact(let name) = operand { name.title } else { "" }
  }

  /// `high or critical`.
  private static func choice(_ values: [FactValue], _ form: FactName.Form) -> String {
    let words = values.map { $0.shown(as: form) }
    guard let last = words.last, words.count > 1 else { return words.first ?? "nothing" }
    return "\(words.dropLast().joined(separator: ", ")) or \(last)"
  }
}

extension Condition.Relation {
  /// What it asks for, before the value.
  fileprivate func asking(isNegated: Bool) -> String {
    switch self {
    case .equal: isNegated ? "anything but" : ""
    case .unequal: isNegated ? "" : "anything but"
    case .atMost: isNegated ? "above" : "at most"
    case .atLeast: isNegated ? "below" : "at least"
    case .less: isNegated ? "at least" : "below"
    case .greater: isNegated ? "at most" : "above"
    case .contains: isNegated ? "none with" : "with"
    case .matches: isNegated ? "nothing like" : "like"
    case .isIn: isNegated ? "anything but" : ""
    }
  }
}
