import FleetModel

/// Decides what becomes of an event under one rule: state, event and time in, a decision with its reason out.
///
/// The order is part of the meaning: what does not concern the rule comes first, then what has been enough already, then
/// what would be too much.
package struct Planner {
  private let rule: Rule
  private let memory: RuleHistory
  private let circumstances: DecisionContext

  package init(_ rule: Rule, _ memory: RuleHistory, _ circumstances: DecisionContext) {
    self.rule = rule
    self.memory = memory
    self.circumstances = circumstances
  }

  /// - Parameter verdict: the rule's condition, judged.
  package func decide(_ verdict: Condition.Evaluation) -> Decision {
    if rule.mode == .off { return Decision(.suppression(.off), "the rule is off") }
    guard verdict.holds else { return Decision(.suppression(.notMet), verdict.reason) }
    return suppression() ?? course(verdict.reason)
  }

  /// Why nothing is done although the rule's condition holds; nil if nothing speaks against it.
  package func suppression() -> Decision? {
    if circumstances.mode == .off { return Decision(.suppression(.off), "automation is off") }
    if circumstances.age > circumstances.actWithin {
      let age = "the event is \(circumstances.age) old"
      return Decision(.suppression(.stale), "\(age), rules act within \(circumstances.actWithin)")
    }
    return enough() ?? tooMuch()
  }

  private func course(_ reason: String) -> Decision {
    if circumstances.mode == .dry { return Decision(.dryRun, reason) }
    switch rule.mode {
    case .off: return Decision(.suppression(.off), "the rule is off")
    case .dryRun: return Decision(.dryRun, reason)
    case .approve: return Decision(.propose, reason)
    case .auto: return Decision(.act, reason)
    }
  }

  /// What has not happened often enough, or was acted on lately.
  private func enough() -> Decision? {
    if memory.isUncleared {
      return Decision(.suppression(.notCleared), "it acted on this, and it has not cleared since")
    }
    if memory.isProposed { return Decision(.suppression(.notCleared), "what it proposed on this still stands") }
    if let count = rule.for, memory.occurrences.count + 1 < count.count {
      let times = "\(memory.occurrences.count + 1) of \(count.count) times"
      return Decision(.suppression(.counting), "\(times) within \(count.within)")
    }
    for (throttle, last) in zip(rule.throttle, memory.throttles) {
      guard let last, let reason = reason(throttle, last) else { continue }
      return Decision(.suppression(.throttled), reason)
    }
    return nil
  }

  private func reason(_ throttle: Rule.Throttle, _ last: Instant) -> String? {
    let passed = circumstances.now - last
    let scope = throttle.per == .agent ? "" : " for the \(throttle.per == .rule ? "rule" : "fleet")"
    if let span = throttle.onceWithin, passed < span { return "acted \(passed) ago, once in \(span)\(scope)" }
    if let span = throttle.onceAfter, passed < span {
      return "asked for \(passed) ago, waits for \(span) of rest\(scope)"
    }
    return nil
  }

  /// Whether it would act: what is only tried out calls nobody.
  private var isInEarnest: Bool {
    guard circumstances.mode == .on else { return false }
    return switch rule.mode {
    case .auto, .approve: true
    case .off, .dryRun: false
    }
  }

  /// What would go beyond a limit or a guard.
  private func tooMuch() -> Decision? {
    if let limit = rule.limits.perAgent, memory.actedOnAgent.count >= limit.count {
      let times = "acted \(memory.actedOnAgent.count) times within \(limit.within) on this agent"
      return Decision(.suppression(.limited), times, opensEscalation: isInEarnest)
    }
    if let limit = rule.limits.rate, memory.acted.count >= limit.count {
      let times = "acted \(memory.acted.count) times within \(limit.within)"
      return Decision(.suppression(.limited), times, opensEscalation: isInEarnest, isOfAll: true)
    }
    return circumstances.guarded.map {
      Decision(.suppression(.guarded), $0, opensEscalation: isInEarnest, isOfAll: true)
    }
  }
}
