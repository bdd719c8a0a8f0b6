/// Something that an operator did to an agent, as far as a rule could do the same.
package enum OperatorStep: Hashable, Sendable {
  /// Nil: for a span that the audit does not tell.
  case pause(for: TimeSpan?)
  case restart
  /// By so many replicas, not 0.
  case scale(by: Int)
  /// To so many messages a minute, 1 or more.
  case limit(perMinute: Int)
  case activateBackup
  /// To a person or team whose name a rule can hold.
  case escalate(to: String)
  /// What no rule could do from what the audit tells of it.
  case other(Action)

  /// A pause of more is no answer to an alert.
  private static let longestPause = TimeSpan.days(1)
  private static let longestName = 64

  /// Reads what a line says was done to its target; nil if it is nothing that is done against trouble.
  package init?(_ line: AuditLine) {
    guard let action = Action(rawValue: line.action) else { return nil }
    switch action {
    case .pause: self = .pause(for: Self.span(of: line))
    case .restart: self = .restart
    case .scale: self = Self.growth(of: line).map { .scale(by: $0) } ?? .other(action)
    case .rateLimit:
      guard let limit = line.after?.rateLimit, limit > 0 else { return nil }
      self = .limit(perMinute: limit)
    case .activateBackup: self = .activateBackup
    case .escalate: self = Self.team(of: line).map { .escalate(to: $0) } ?? .other(action)
    case .rebalance, .transfer, .blockIP, .offerCoupon, .schedule, .tune, .rollback, .drain: self = .other(action)
    // They end what was done, look after alerts and proposals, or concern no agent.
    case .resume, .deactivateBackup, .unblockIP, .cancel, .notify, .acknowledge, .unacknowledge, .silence, .unsilence,
      .close, .approve, .reject, .undo, .automation, .take, .handBack, .closeConversation, .planMaintenance,
      .cancelMaintenance:
      return nil
    }
  }

  package var action: Action {
    switch self {
    case .pause: .pause
    case .restart: .restart
    case .scale: .scale
    case .limit: .rateLimit
    case .activateBackup: .activateBackup
    case .escalate: .escalate
    case .other(let action): action
    }
  }

  /// What an operator has done, in words: `paused for 15m`.
  package var words: String {
    switch self {
    case .pause(let span): "paused" + (span.map { " for \($0)" } ?? "")
    case .restart: "restarted"
    case .scale(let count): "scaled by \(count > 0 ? "+" : "")\(count)"
    case .limit(let count): "limited to \(count) messages a minute"
    case .activateBackup: "activated the backup"
    case .escalate(let team): "escalated to \(team)"
    case .other(let action): action.rawValue
    }
  }

  /// For how long a pause was given, in whole seconds.
  private static func span(of line: AuditLine) -> TimeSpan? {
    guard let after = line.after, let end = after.pausedUntil else { return nil }
    let span = end - (after.updatedAt ?? line.at)
    let whole = TimeSpan.seconds((span + .milliseconds(500)).seconds)
    return whole >= .seconds(1) && whole <= longestPause ? whole : nil
  }

  private static func growth(of line: AuditLine) -> Int? {
    guard let before = line.before, let after = line.after?.replicas else { return nil }
    // An agent has one replica until somebody says how many.
    let (growth, overflow) = after.subtractingReportingOverflow(before.replicas ?? 1)
    return overflow || growth == 0 || growth.magnitude > 1000 ? nil : growth
  }

  /// The team that an escalation called, from the words of its line: `called on-call`.
  private static func team(of line: AuditLine) -> String? {
    let prefix = "called "
    guard line.detail.hasPrefix(prefix) else { return nil }
    let name = line.detail.dropFirst(prefix.count)
    let isPlain = name.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
      default: false
      }
    }
    return isPlain && (1...longestName).contains(name.utf8.count) ? String(name) : nil
  }
}
