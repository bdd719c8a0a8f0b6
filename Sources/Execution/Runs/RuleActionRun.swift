import Automation
import FleetModel

/// The next action of a rule's run, as a machine: whether it is done, left alone or put off. What is done to its target is
/// a ``TargetRun``'s to decide.
///
/// ```
/// read ─┬─ automation is not on ─▶ target: had it begun? ─── no ─▶ end: skipped
///       └─ what was done before, if that is told ─▶ target: is it needed as a backup? ─┬─ yes ─▶ end: skipped
///                                                                                      └─ act ─▶ settled
/// ```
package struct RuleActionRun {
  enum State {
    case new, reading, readingOutcomes
    /// The target is read: nothing more is to begin, by the switch.
    case stopping(AutomationMode)
    /// The target is read: it may be needed.
    case lookingWhetherAlone
    case acting
    case ending(TargetOutcome)
    /// It begins anew after a while.
    case waiting
    case over
  }

  let run: String
  let part: RunRecord.Part
  let place: Int
  private var state = State.new
  /// What is remembered of the rule's run, once that has been read.
  package private(set) var record: RunRecord?
  package private(set) var guards = Guards()
  /// What the switch says, if it lets no further action begin.
  package private(set) var stoppedBy: AutomationMode?
  /// Whether a pause that is not done leaves the agent paused all the same.
  package var keepsPlace = true
  private var hasOutcomes = false
  /// Whether its failure for want of a permission, say, is being written.
  private var hasGivenUp = false

  package init(run: String, _ part: RunRecord.Part, _ place: Int) {
    self.run = run
    self.part = part
    self.place = place
  }

  package var ruleAction: PlannedAction? {
    record.map { $0.ruleActions(of: part) }.flatMap { $0.indices.contains(place) ? $0[place] : nil }
  }

  /// Takes what has happened, and says what to do next.
  ///
  /// - Parameter hasReadEvents: whether events have been read to their end: before that nobody knows which alerts are open.
  package mutating func take(_ input: Input, hasReadEvents: Bool = true) -> [Effect] {
    switch (state, input) {
    case (.new, .begun), (.waiting, .woken): return begin()
    case (.reading, .read(let record, let automation)): return take(record, automation, hasReadEvents)
    case (.stopping(let mode), .targetRead(let target)):
      guard !target.hasBegun else { return goOn(hasReadEvents) }
      (keepsPlace, stoppedBy) = (target.isPaused, mode)
      return end(.skipped, "automation is \(mode.rawValue)")
    case (.readingOutcomes, .outcomesRead):
      hasOutcomes = true
      return goOn(hasReadEvents)
    case (.lookingWhetherAlone, .targetRead(let target)): return look(at: target)
    case (.acting, .instructionRefused(let reason)): return end(.skipped, reason)
    case (.acting, .intentWritten):
      guards = Guards()
      return []
    case (.acting, .setBack): return begin()
    case (.acting, .settled): return finish()
    case (.ending, .committed), (.ending, .notCommitted(.obsolete)): return finish()
    case (.ending, .notCommitted(.fenced)):
      state = .over
      return []
    case (.ending(let outcome), .notCommitted(.refused(let error, let isFinal))):
      return isFinal ? giveUp(outcome, error) : retry(error)
    default: return []
    }
  }

  private mutating func begin() -> [Effect] {
    (guards, stoppedBy) = (Guards(), nil)
    state = .reading
    return [.read]
  }

  private mutating func take(_ found: RunRecord?, _ automation: [UInt8]?, _ hasReadEvents: Bool) -> [Effect] {
    record = found
    guard let ruleAction, let found else {
      record = nil
      return end(.skipped, "nothing is remembered of the run")
    }
    let mode = automation.flatMap { AutomationMode(rawValue: String(decoding: $0, as: UTF8.self)) } ?? .dry
    // What was done is taken back whatever the switch says.
    if part == .undo { return takeBack(ruleAction, found, hasReadEvents) }
    guard mode == .on else {
      state = .stopping(mode)
      return [.readTarget]
    }
    guards.automation = automation
    return goOn(hasReadEvents)
  }

  /// If the action that it is the opposite of was not done, somebody else's would be taken back.
  private mutating func takeBack(
    _ ruleAction: PlannedAction, _ record: RunRecord, _ hasReadEvents: Bool
  ) -> [Effect] {
    let places = record.ruleActions.indices.filter { ruleAction.takesBack(record.ruleActions[$0]) }
    guard places.isEmpty || !record.done.isDisjoint(with: places) else {
      return end(.skipped, "there is nothing to take back")
    }
    return goOn(hasReadEvents)
  }

  private mutating func goOn(_ hasReadEvents: Bool) -> [Effect] {
    guard let ruleAction else { return [] }
    if place > 0, !hasOutcomes, ruleAction.kind == .action(.notify) || isLast {
      state = .readingOutcomes
      return [.readOutcomes]
    }
    switch ruleAction.kind {
    // Whether its alert is open stands in events that may not have been read again yet.
    case .action(.notify) where !hasReadEvents:
      state = .over
      return [.postpone]
    case .action(.pause), .action(.restart):
      state = .lookingWhetherAlone
      return [.readTarget]
    case .action(let action): return act(action)
    case .report(let name): return end(.succeeded, "report \(name)", report: name)
    case .advice(let words): return end(.skipped, "advice: \(words)")
    }
  }

  /// Whether its end is the run's: then what was done before is told.
  private var isLast: Bool {
    part == .ruleActions && place + 1 == record?.ruleActions.count && record?.verifyAfter == nil
  }

  /// A backup may have become needed since it was decided.
  private mutating func look(at target: Target) -> [Effect] {
    guard case .action(let action) = ruleAction?.kind else { return [] }
    keepsPlace = target.isPaused
    // What has begun is brought to its end.
    guard !target.hasBegun else { return act(action) }
    if let other = target.standsInFor { return end(.skipped, "guarded: it stands in for \(other)") }
    guards.isAlone = true
    return act(action)
  }

  private mutating func act(_ action: Action) -> [Effect] {
    state = .acting
    return [.act(action)]
  }

  // MARK: Its end

  private mutating func end(_ phase: AuditLine.Phase, _ detail: String, report: String? = nil) -> [Effect] {
    end(TargetOutcome(phase: phase, detail: detail), report: report)
  }

  private mutating func end(_ outcome: TargetOutcome, report: String? = nil) -> [Effect] {
    state = .ending(outcome)
    return [.end(outcome, report: report)]
  }

  private mutating func retry(_ error: String) -> [Effect] {
    state = .waiting
    return [.log(error, isGivenUp: false), .wake(afterMilliseconds: 1000)]
  }

  /// Says that the action failed, and goes on behind it; ends the chain if not even that can be written.
  private mutating func giveUp(_ outcome: TargetOutcome, _ error: String) -> [Effect] {
    guard hasGivenUp || outcome.phase == .failed else {
      hasGivenUp = true
      return [.log(error, isGivenUp: true)] + end(.failed, "Redis refused the step: \(error)")
    }
    state = .over
    return [.drop(error)]
  }

  private mutating func finish() -> [Effect] {
    state = .over
    return [.finish]
  }
}
