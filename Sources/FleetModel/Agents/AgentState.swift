/// What an agent is doing, as the handler records it. An agent without a record is running, version 0.
package enum AgentState: String, CaseIterable, Sendable {
  case running, paused, restarting, draining, stopped

  /// Whether it takes nothing new until somebody resumes it, or until a time.
  package var isHeld: Bool { self == .paused || self == .draining }
}

/// The operator-visible record of one agent: the hash `agentos:agent:<id>`, and `before` and `after` in the audit.
///
/// A nil field is one that nobody has set.
package struct AgentRecord: Equatable, Sendable {
  package var state: AgentState = .running
  package var replicas: Int?
  /// Cores.
  package var cpu: Double?
  /// MiB.
  package var memory: Int?
  /// Messages a minute; nil or 0 is no limit.
  package var rateLimit: Int?
  /// When the rate limit ends by itself.
  package var rateLimitedUntil: Instant?
  /// The agent that stands in for this one.
  package var backup: AgentID?
  /// When a pause or a drain ends by itself.
  package var pausedUntil: Instant?
  /// Who paused or drained it last, and when; of interest while it is so.
  package var pausedBy: String?
  package var pausedAt: Instant?
  /// 0…1.
  package var health: Double?
  /// Counts the operator-visible changes.
  package var version: Int = 0
  package var updatedAt: Instant?
  /// The operator or rule that changed it last.
  package var updatedBy: String?
  /// The parameters that were set, by name: see ``set(_:)``.
  package internal(set) var tunings: [AgentTuning] = []

  package init() {}
}
