import FleetModel

/// A command's action with its arguments read: what is left to decide is only whether the target allows it.
enum Instruction: Equatable {
  /// What a scaled agent should have; nil leaves it as it is.
  struct Scale: Equatable {
    enum Replicas: Equatable {
      case exactly(Int)
      case by(Int)
    }
    var replicas: Replicas?
    /// Cores.
    var cpu: Double?
    /// MiB.
    var memory: Int?
  }

  case pause(TimeSpan)
  case resume
  case restart
  case scale(Scale)
  /// Messages a minute; 0 is no limit.
  case rateLimit(Int, TimeSpan)
  /// The backup, where the sender named one.
  case activateBackup(AgentID?)
  case deactivateBackup(AgentID?)
  case escalate(to: String, Severity)
  case block(IPAddress, TimeSpan)
  case unblock(IPAddress)
  /// Until somebody takes it back, or for a span.
  case acknowledge(AlertID, TimeSpan?, note: String)
  case unacknowledge(AlertID)
  case undo(CommandID)

  /// The alert of an agent that it changes, if any.
  func alert(of target: AgentID) -> AlertID? {
    switch self {
    case .escalate: AlertID(.escalation, target)
    case .acknowledge(let id, _, _), .unacknowledge(let id): id
    case .pause, .resume, .restart, .scale, .rateLimit, .activateBackup, .deactivateBackup, .block, .unblock, .undo: nil
    }
  }

  /// The address that it is about, if any.
  var address: IPAddress? {
    switch self {
    case .block(let address, _), .unblock(let address): address
    case .pause, .resume, .restart, .scale, .rateLimit, .activateBackup, .deactivateBackup, .escalate, .acknowledge,
      .unacknowledge, .undo:
      nil
    }
  }
}

/// Why something is not done: for the audit.
struct Refusal: Error, Equatable {
  let reason: String

  init(_ reason: String) {
    self.reason = reason
  }
}
