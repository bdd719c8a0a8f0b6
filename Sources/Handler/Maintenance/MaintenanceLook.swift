import Execution
import FleetModel
import Redis
import Wire

/// What stands in Redis around a window: what became of its command, and how its agents are.
struct MaintenanceLook {
  let standing: MaintenanceRun.Standing
  let record: AgentRecord
  let backup: AgentRecord
  /// Why the window cannot begin; nil if it can.
  let obstacle: String?
  /// Whether automation is on.
  let isOn: Bool

  /// How many requests one asks.
  static let count = 7

  static func requests(_ window: MaintenanceWindow, _ keys: Keys) -> [Request] {
    let id = window.phase.action.map { commandID($0, of: window) } ?? CommandID("none")
    return [
      Request("GET", keys.mark(id.text)), keys.mark(id, window.agent).get,
      Request("SISMEMBER", keys.obeyed(id), window.agent.bytes), Request("HGETALL", keys.agent(window.agent)),
      Request("HGETALL", keys.agent(window.backup)), Request("SMEMBERS", keys.standIns(of: window.agent).complete),
      Request("SMEMBERS", keys.standIns(of: window.backup).complete),
    ]
  }

  init(_ window: MaintenanceWindow, _ replies: [Reply], isOn: Bool) {
    standing = Self.standing(window, replies)
    record = AgentRecordCoding.decode(fields: replies[3].pairs)
    backup = AgentRecordCoding.decode(fields: replies[4].pairs)
    obstacle = Self.obstacle(window, needed: replies[5], needing: replies[6])
    self.isOn = isOn
  }

  private static func standing(_ window: MaintenanceWindow, _ replies: [Reply]) -> MaintenanceRun.Standing {
    guard window.phase.action != nil, let mark = replies[0].bytes.flatMap({ CommandRecord($0) }),
      let closed = mark.closed
    else { return .pending }
    guard closed == .succeeded else {
      let outcome = replies[1].mark.flatMap { IdempotencyRecord($0) }
      // A restart that was told to its runtime fails if that does not confirm it.
      if outcome?.phase == .succeeded { return .failed("its runtime did not confirm it in time") }
      return .failed(outcome.map(\.detail) ?? closed.rawValue)
    }
    // A service that carries it out says itself that it is done; a runtime that is told confirms it.
    guard mark.told.contains(window.agent) else { return .done }
    return replies[2].integer == 1 ? .done : .pending
  }

  private static func obstacle(_ window: MaintenanceWindow, needed: Reply, needing: Reply) -> String? {
    func others(_ reply: Reply, besides agent: AgentID) -> AgentID? {
      (reply.elements ?? []).compactMap { $0.bytes.map { AgentID(bytes: $0) } }.filter { $0 != agent }
        .min { $0.precedes($1) }
    }
    if let other = others(needed, besides: .none) { return "\(window.agent) stands in for \(other)" }
    return others(needing, besides: window.agent).map { "\(window.backup) stands in for \($0)" }
  }

  // MARK: Commands

  /// Who gives its commands.
  static func `operator`(_ window: MaintenanceWindow) -> String { "maintenance/\(window.agent.keyPart)" }

  /// The same whoever leads: an action goes out once in a window.
  static func commandID(_ action: Action, of window: MaintenanceWindow) -> CommandID {
    CommandID(SHA256.hex(Array("maintenance/\(window.agent.keyPart)/\(window.id)/\(action.rawValue)".utf8)))
  }

  static func command(
    _ order: MaintenanceRun.Order, of window: MaintenanceWindow, reason: String, at now: Instant
  ) -> Command {
    var command = Command(
      id: commandID(order.action, of: window), action: order.action, targets: [window.agent],
      arguments: order.arguments, operator: `operator`(window),
      reason: (reason.isEmpty ? "maintenance: \(window.cause)" : "maintenance: \(reason)").clipped, issuedAt: now,
      expiresAt: order.expiresAt)
    command.observed[window.agent] = order.observed
    return command
  }
}

extension MaintenanceWindow.Phase {
  /// Whose outcome it waits for; nil if it waits for none.
  fileprivate var action: Action? {
    switch self {
    case .proposed, .planned, .verify: nil
    case .standIn: .activateBackup
    case .drain: .drain
    case .restart: .restart
    case .release: .deactivateBackup
    case .resume: .resume
    }
  }
}
