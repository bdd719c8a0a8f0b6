import FleetModel

/// Which lines of the audit were asked for.
struct AuditSelection {
  /// None: those of all.
  var agents: Set<AgentID> = []
  var operators: [String] = []

  /// Commands and runs whose targets' lines have been met, and whether one of them was asked for; the latest ones.
  private var met: [ExactText: Bool] = [:]
  private var order: [ExactText] = []
  private static let most = 10_000

  init(agents: Set<AgentID> = [], operators: [String] = []) {
    self.agents = agents
    self.operators = operators
  }

  /// Whether a line was asked for.
  mutating func takes(_ line: AuditLine) -> Bool {
    guard operators.isEmpty || operators.contains(where: { Self.matches(line.operator, $0) }) else { return false }
    guard !agents.isEmpty else {
      note(line, isAskedFor: true)
      return true
    }
    let isAskedFor =
      agents.contains(line.target) || !agents.isDisjoint(with: line.targets)
      || line.origin.agent.map { agents.contains($0) } ?? false
    note(line, isAskedFor: isAskedFor)
    guard !isAskedFor, line.target == .none, case .command = line.origin else { return isAskedFor }
    if !line.targets.isEmpty { return false }
    // The line of a command as a whole names no agent: those of its targets tell whom it is about, if it has any.
    return met[ExactText(line.origin.key)] ?? (AuditOutcome(line.phase) == .refused)
  }

  /// Whether a line only repeats, of a command or run as a whole, what the lines of its targets have said.
  func repeats(_ line: AuditLine) -> Bool {
    guard line.target == .none, line.phase == .succeeded || line.phase == .obeyed else { return false }
    return met[ExactText(line.origin.key)] != nil
  }

  private mutating func note(_ line: AuditLine, isAskedFor: Bool) {
    guard line.target != .none, AuditOutcome(line.phase) != .underWay else { return }
    let key = ExactText(line.origin.key)
    if met[key] == nil { order.append(key) }
    met[key] = met[key] == true || isAskedFor
    guard order.count > 2 * Self.most else { return }
    for old in order.prefix(Self.most) { met[old] = nil }
    order.removeFirst(Self.most)
  }

  /// `alice` is whoever is so called on any machine.
  private static func matches(_ name: String, _ asked: String) -> Bool {
    name.isExactly(asked) || (!asked.contains("@") && name.hasPrefix(asked + "@"))
  }
}

/// What a line of the audit tells, in the terms of whoever asks afterwards.
enum AuditOutcome: String, CaseIterable {
  case done, refused
  case heldBack = "held_back"
  case proposed
  case underWay = "under_way"

  init(_ phase: AuditLine.Phase) {
    switch phase {
    case .received, .started: self = .underWay
    case .proposed: self = .proposed
    case .succeeded, .obeyed, .undone: self = .done
    case .rejected, .failed, .expired, .unknown: self = .refused
    case .skipped: self = .heldBack
    }
  }

  /// How a count of them is said.
  var words: String {
    switch self {
    case .done: "done"
    case .refused: "refused or failed"
    case .heldBack: "held back"
    case .proposed: "proposed"
    case .underWay: "under way"
    }
  }
}

extension AuditLine.Origin {
  /// The agent that a rule's run is about: the last part of `rule/<rule>/<entry>/<agent>`.
  fileprivate var agent: AgentID? {
    guard event != nil, case .run(let id) = self else { return nil }
    let parts = id.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 3, omittingEmptySubsequences: false)
    return parts.count == 4 ? AgentID(outside: Array(parts[3])) : nil
  }
}
