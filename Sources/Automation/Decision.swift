import FleetModel

/// What becomes of an event under one rule, and why.
package struct Decision: Equatable, Sendable {
  package enum Course: Equatable, Sendable {
    case act
    /// Waits for a person's word.
    case propose
    /// Only says what it would do.
    case dryRun
    /// Does nothing.
    case suppression(Suppression)

    /// As it is counted: `acted`, `proposed`, `dry_run`, `not_met` …
    package var name: String {
      switch self {
      case .act: "acted"
      case .propose: "proposed"
      case .dryRun: "dry_run"
      case .suppression(let suppression): suppression.rawValue
      }
    }

    /// Every name of one.
    package static let names =
      [Course.act, .propose, .dryRun].map(\.name) + Suppression.allCases.map(\.rawValue)
  }

  /// Why nothing is done.
  package enum Suppression: String, CaseIterable, Sendable {
    case off, notMet = "not_met", stale, notCleared = "not_cleared", counting, throttled, limited, guarded

    /// Whether the audit says it: something would have been done.
    package var isTold: Bool {
      switch self {
      case .off, .notMet, .counting: false
      case .stale, .notCleared, .throttled, .limited, .guarded: true
      }
    }
  }

  package var course: Course
  package var reason: String
  /// Whether a person is called, since what should be done is not.
  package var opensEscalation = false
  /// Whether the reason is the rule's or the fleet's, and not this agent's: then one call is enough for all.
  package var isOfAll = false

  package init(_ course: Course, _ reason: String, opensEscalation: Bool = false, isOfAll: Bool = false) {
    self.course = course
    self.reason = reason.clipped
    self.opensEscalation = opensEscalation
    self.isOfAll = isOfAll
  }

  /// As the audit says it: `throttled: acted 3m ago, once in 15m`.
  package var words: String {
    switch course {
    case .act, .propose: reason
    case .dryRun: reason.isEmpty ? "dry_run" : "dry_run: \(reason)"
    case .suppression(let suppression): "\(suppression.rawValue): \(reason)"
    }
  }
}

/// What is remembered of a rule when it is judged; all of it stands in Redis.
package struct RuleHistory: Equatable, Sendable {
  /// When each throttle was last acted under, in the rule's order; or last asked for, if it is `once_after`.
  package var throttles: [Instant?]
  /// When the rule's condition held for this agent, within the span of `for`.
  package var occurrences: [Instant] = []
  /// When it acted on this agent, and at all, within the spans of its limits.
  package var actedOnAgent: [Instant] = []
  package var acted: [Instant] = []
  /// Whether it has acted on this agent and `clear` has not held since.
  package var isUncleared = false
  /// Whether what it has proposed on this agent, to be followed by `clear`, may still be approved.
  package var isProposed = false

  package init(throttles: [Instant?] = []) {
    self.throttles = throttles
  }
}

/// The fleet's and the operator's say.
package struct DecisionContext: Equatable, Sendable {
  package var mode: AutomationMode
  package var now: Instant
  /// How old the event is, and how old one may be to act on.
  package var age: TimeSpan
  package var actWithin: TimeSpan
  /// What speaks against acting at all, or against this rule's actions; nil if nothing does.
  package var guarded: String?

  package init(mode: AutomationMode, now: Instant, age: TimeSpan, actWithin: TimeSpan, guarded: String? = nil) {
    self.mode = mode
    self.now = now
    self.age = age
    self.actWithin = actWithin
    self.guarded = guarded
  }
}
