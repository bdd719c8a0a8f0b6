import FleetModel

/// What the audit has said of one run: a rule's, or of something that was scheduled.
struct RunEntry {
  /// How often it was said that the rule acts.
  private(set) var decisions = 0
  private(set) var closing: AuditLine?
  private(set) var outcomes: [String: AuditLine.Phase] = [:]
  /// Agents for which something of it succeeded.
  private(set) var succeeded: Set<AgentID> = []
  private var started: Set<String> = []

  /// The run to which an action of a rule belongs: `rule/<rule>/<event>/<agent>/do/0` is of `rule/<rule>/<event>/<agent>`.
  static func run(of id: String) -> String {
    for part in ["/do/", "/else/"] {
      if let range = id.firstRange(of: part) { return String(id[..<range.lowerBound]) }
    }
    return id
  }

  mutating func take(_ line: AuditLine) throws(Violation) {
    if line.phase == .succeeded { succeeded.insert(line.target) }
    guard line.rule != nil else { return }
    guard line.action != AuditLine.wholeRun else { return try takeWhole(line) }
    // One rule blocks several addresses, each by an action that looks like the others.
    guard line.action != Action.blockIP.rawValue else { return }
    // What the handler itself proposes sets several agents, and a rollback names several.
    let isOfSeveral = line.rule == OwnRule.tuning.rawValue || line.action == Action.rollback.rawValue
    let action = isOfSeveral ? "\(line.action) \(line.target)" : line.action
    switch line.phase {
    case .started:
      guard started.insert(action).inserted else { throw Violation("begun twice") }
      guard outcomes[action] == nil else { throw Violation("begun after its outcome") }
    case .succeeded, .failed, .unknown, .skipped, .expired:
      guard outcomes.updateValue(line.phase, forKey: action) == nil else { throw Violation("ended twice") }
      // What a failed check leads to comes after the run's own end.
      guard closing == nil || line.action == WorldOptions.actionOfElse.rawValue else {
        throw Violation("ended after the closing line")
      }
    case .received, .rejected, .proposed, .obeyed, .undone: break
    }
  }

  private mutating func takeWhole(_ line: AuditLine) throws(Violation) {
    switch line.phase {
    case .started:
      decisions += 1
      guard decisions == 1 else { throw Violation("decided twice") }
    case .succeeded, .failed, .unknown, .skipped:
      guard line.target == .none else { return }
      guard closing == nil else { throw Violation("closed twice") }
      closing = line
    case .received, .rejected, .proposed, .obeyed, .undone, .expired: break
    }
  }
}
