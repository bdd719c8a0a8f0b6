import Automation
import FleetModel

/// The rules of a runbook by the type of event: asked for each event, and looked for once a type.
struct RulesByType {
  private let runbook: Runbook
  /// Whether a rule concerns events of each kind, where that has been asked.
  private var kinds = [Bool?](repeating: nil, count: EventKind.allCases.count)
  private var types: [ExactText: [Rule]] = [:]

  init(_ runbook: Runbook) {
    self.runbook = runbook
  }

  /// Whether any rule concerns events of a kind; of a kind that vigia does not know nobody can tell before its type is.
  mutating func concern(_ kind: EventKind) -> Bool {
    if let known = kinds[Int(kind.rawValue)] { return known }
    let concerned = kind.type.map { !runbook.rules(on: $0).isEmpty } ?? !runbook.rules.isEmpty
    kinds[Int(kind.rawValue)] = concerned
    return concerned
  }

  /// Whether a rule on events of a kind asks for the agent's values before them.
  mutating func askForBefore(_ kind: EventKind) -> Bool {
    guard let type = kind.type else { return true }
    return self[type].contains(where: \.asksForBefore)
  }

  subscript(type: String) -> [Rule] {
    mutating get {
      let key = ExactText(type)
      if let known = types[key] { return known }
      // Publishers may make up types without end.
      if types.count > 1000 { types.removeAll() }
      let rules = runbook.rules(on: type)
      if type.utf8.count <= Rule.longestType { types[key] = rules }
      return rules
    }
  }
}
