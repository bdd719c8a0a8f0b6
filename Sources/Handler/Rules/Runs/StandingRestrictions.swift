import Execution
import FleetModel

/// Keeps what a rule does within what stands when it is done: an earlier action, an operator or another rule may have
/// changed that since it was decided, and a rule takes back nothing that restricts more than it would.
struct StandingRestrictions {
  let target: AgentID
  let snapshot: TargetSnapshot
  let session: LeaseSession
  let now: Instant

  private var record: AgentRecord { snapshot.record }

  func bounded(_ instruction: Instruction) throws(Refusal) -> Instruction {
    switch instruction {
    case .scale(let scale): return .scale(try bounded(scale))
    case .pause(let span):
      guard !isPaused(until: now + span) else { throw Refusal("guarded: it is paused for longer") }
    case .restart:
      // Whoever drains it lets its open conversations end first.
      guard record.state != .draining else { throw Refusal("guarded: it is draining") }
      guard record.state != .paused || pauseToKeep != nil else { throw Refusal("guarded: it is paused") }
    case .rateLimit(let perMinute, let span) where perMinute > 0: return try bounded(perMinute, span)
    case .block(let address, let span):
      if let end = snapshot.blockedUntil, end >= now + span {
        throw Refusal("guarded: \(address) is blocked for longer")
      }
    case .activateBackup(let named):
      if let backup = named ?? session.fleet?.backup(of: target), let state = session.fleet?.state(of: backup),
        state != .running
      {
        throw Refusal("guarded: \(backup) is \(state.rawValue)")
      }
    default: break
    }
    return instruction
  }

  /// The change, if it is a restart, with the pause that stands: whoever has paused the agent has a reason.
  func keepingPause(_ change: Change) -> Change {
    guard change.control?.verb == .action(.restart), let end = pauseToKeep else { return change }
    var change = change
    change.after?.pausedUntil = end
    change.scheduledJobs.removeAll { $0.job == Job(.resume, target) }
    return change
  }

  /// When the pause ends that goes on after a restart; nil if there is none, or it could not simply be said again.
  private var pauseToKeep: Instant? {
    guard record.state == .paused, session.actuator(of: .action(.pause), [:]) == nil else { return nil }
    return record.pausedUntil
  }

  private func isPaused(until end: Instant) -> Bool {
    // A pause goes on after a restart that keeps it.
    if record.state == .restarting { return record.pausedUntil.map { $0 >= end } ?? false }
    return record.state == .paused && record.pausedUntil.map { $0 >= end } ?? true
  }

  /// The tighter of two limits holds until the later of their ends.
  private func bounded(_ perMinute: Int, _ span: TimeSpan) throws(Refusal) -> Instruction {
    guard let present = record.rateLimit, present > 0 else { return .rateLimit(perMinute, span) }
    guard let end = record.rateLimitedUntil, present > perMinute || end < now + span else {
      throw Refusal("guarded: \(present) a minute are allowed for longer")
    }
    return .rateLimit(min(present, perMinute), max(end, now + span) - now)
  }

  /// The number of replicas stays within the agent's own bounds.
  private func bounded(_ scale: Instruction.Scale) throws(Refusal) -> Instruction.Scale {
    guard let replicas = scale.replicas, let bounds = session.fleet?.replicas(of: target) else { return scale }
    let present = record.replicas ?? 1
    let wanted: Int
    switch replicas {
    case .exactly(let count): wanted = count
    case .by(let difference): wanted = present.addingReportingOverflow(difference).partialValue
    }
    let bounded = min(max(wanted, bounds.lowerBound), bounds.upperBound)
    // One that has more than its most is not to lose any by what was to give it more.
    let isAgainst =
      switch replicas {
      case .exactly: false
      case .by(let difference): (bounded > present) != (difference > 0)
      }
    guard bounded != present, !isAgainst else {
      throw Refusal("guarded: it has \(present) replicas, of \(bounds.lowerBound) to \(bounds.upperBound)")
    }
    var scale = scale
    scale.replicas = .exactly(bounded)
    return scale
  }
}
