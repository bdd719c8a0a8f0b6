import Automation
import FleetModel

/// What is done to one target of a command, a job or a rule, as a machine: it takes what has happened and answers with
/// what to do next. It sees neither Redis nor a clock nor an actuator, and keeps no closure.
///
/// ```
/// read ─┬─ has its outcome ──────────────────────────────────────────────────────────────▶ settled
///       ├─ plan ─┬─ by control message: effect and outcome in one transaction ───────────▶ settled
///       │        └─ intent: a transaction ─▶ actuator ─▶ read, plan ─▶ outcome: a transaction ─▶ settled
///       └─ has an intent: do it again, look it up, or unknown ─▲
/// ```
package struct TargetRun {
  enum State {
    case new, over
    case placing(Place)
    case looking, planning
    case writing(Write)
    case checking(Write)
    /// A transaction is tried again after a while.
    case retrying(Write?)
    case acting(Begun, rule: RepeatRule, isRepeat: Bool)
    case lookingUp(Begun, rule: RepeatRule, reason: String)
    /// The effect was carried out, and the target is read to record it.
    case concluding(Conclusion)
    case planningConclusion(Conclusion)
  }

  package let target: AgentID
  /// Why nothing is done to it, if nothing was begun before.
  let refusal: String?
  /// Whether all is decided and nothing done.
  let isDryRun: Bool
  /// What a target is left as if it allows nothing to be done.
  let refusedPhase: AuditLine.Phase
  /// Whether its first transaction also says that the command was received.
  var isJoined: Bool
  var state = State.new
  var place: Place?
  var attempts = 0
  var lookUps = 0
  /// Whether the effect was carried out, and nothing is left but to record it.
  var hasActed = false
  /// Whether its failure for want of a permission is being written.
  var hasGivenUp = false

  static let mostLookUps = 3
  /// Changes under its hands this often make it fail.
  static let mostAttempts = 20

  package init(
    _ target: AgentID, refusal: String? = nil, isDryRun: Bool = false, refusedPhase: AuditLine.Phase = .failed,
    isJoined: Bool = false
  ) {
    self.target = target
    self.refusal = refusal
    self.isDryRun = isDryRun
    self.refusedPhase = refusedPhase
    self.isJoined = isJoined
  }

  /// Takes what has happened, and says what to do next.
  ///
  /// - Parameter isFinishing: whether the handler begins nothing new: the next handler goes on from the intent.
  package mutating func take(_ input: Input, isFinishing: Bool = false) -> [Effect] {
    switch (state, input) {
    case (.new, .begun): return begin()
    case (.placing(let next), .placed):
      place = next
      return look()
    case (.placing, .crowded(let reason)): return leave(.failed, reason)
    case (.looking, .read(let found)): return decide(found, isFinishing)
    case (.concluding(let conclusion), .read):
      state = .planningConclusion(conclusion)
      return [.plan(since: conclusion.since)]
    case (.planning, .planned(let plan)): return act(on: plan, isFinishing)
    case (.planning, .refused(let reason)): return leave(refusedPhase, reason)
    case (.planningConclusion(let conclusion), .planned(let plan)): return record(conclusion, plan)
    case (.planningConclusion(let conclusion), .refused(let reason)):
      // It is done, and nothing is left to be recorded of it.
      let detail = [conclusion.words, "done; \(reason)"].filter { !$0.isEmpty }.joined(separator: ", ")
      return leave(.succeeded, detail)
    case (.writing(let write), .committed): return committed(write, isFinishing)
    case (.writing(let write), .notCommitted(let failure)): return notCommitted(write, failure)
    case (.checking(let write), .reread(let isUnchanged)): return isUnchanged ? again(write) : begin()
    case (.retrying(let write), .woken): return write.map { again($0) } ?? begin()
    case (.acting(let begun, let rule, let isRepeat), .actuated(let result)):
      return actuated(begun, rule, isRepeat: isRepeat, result, isFinishing)
    case (.lookingUp(let begun, let rule, let reason), .lookedUp(let found)):
      return lookedUp(begun, rule, reason, found, isFinishing)
    default: return []
    }
  }

  // MARK: Looking and planning

  mutating func begin() -> [Effect] {
    guard place == nil else { return look() }
    return enter(.redis)
  }

  mutating func enter(_ next: Place) -> [Effect] {
    state = .placing(next)
    return [.take(next, leaving: place)]
  }

  mutating func look() -> [Effect] {
    state = .looking
    return [.read]
  }

  mutating func decide(_ found: Found, _ isFinishing: Bool) -> [Effect] {
    switch found {
    case .notUnderstood(let what): return commit(.escalation(what))
    case .nothing:
      if let refusal { return leave(.failed, refusal) }
      state = .planning
      return [.plan(since: nil)]
    case .outcome, .intent:
      // It came before.
      guard !isJoined else { return beginAnew() }
      if case .intent(let begun) = found { return goOn(from: begun, isFinishing) }
      if case .outcome(let outcome) = found { return settle(outcome) }
      return []
    }
  }

  mutating func act(on plan: Plan, _ isFinishing: Bool) -> [Effect] {
    guard !isDryRun else { return leave(.skipped, "dry_run") }
    guard let begun = plan.begun, let route = begun.route else {
      return commit(.change(plan.outcome, of: nil))
    }
    if let move = moves(to: route.place) { return move }
    guard !isFinishing else { return stop() }
    guard String(validating: target.bytes, as: UTF8.self) != nil else {
      return leave(.failed, "its id is not UTF-8: no service or program can be given it")
    }
    return commit(.intent(begun, detail: plan.outcome.detail))
  }

  /// What it does first if it does not have the place that it needs: it waits for it and then looks again, since much may
  /// change meanwhile. Nil if it has it.
  mutating func moves(to next: Place) -> [Effect]? {
    guard place != next else { return nil }
    // It is said that the command was received before anything may take long.
    return isJoined ? beginAnew() : enter(next)
  }

  // MARK: The actuator

  /// An earlier handler, or this one before it lost its lease, has begun: nobody knows how far it came.
  mutating func goOn(from begun: Begun, _ isFinishing: Bool) -> [Effect] {
    guard let route = begun.route else {
      // The configuration has changed meanwhile: the runtimes are told instead.
      guard begun.call.isSafeToRepeat else { return commit(.escalation("its actuator is no longer configured")) }
      return conclude("", begun, isActuated: false)
    }
    if let move = moves(to: route.place) { return move }
    if case .safe = route.rule { return actuate(begun, route.rule, isRepeat: true, isFinishing) }
    return find(begun, route.rule, "a handler ended while it was being done", isFinishing)
  }

  /// - Parameter isRepeat: whether the same may have been done before: then a refusal may only mean that it was.
  mutating func actuate(
    _ begun: Begun, _ rule: RepeatRule, isRepeat: Bool, _ isFinishing: Bool
  ) -> [Effect] {
    // Whoever acts next goes on from the intent, if anybody can.
    guard !isFinishing || rule == .never else { return stop() }
    state = .acting(begun, rule: rule, isRepeat: isRepeat)
    return [.actuate(begun.call, rule)]
  }

  mutating func actuated(
    _ begun: Begun, _ rule: RepeatRule, isRepeat: Bool, _ result: ActuatorResult, _ isFinishing: Bool
  ) -> [Effect] {
    switch result {
    case .done(let words): conclude(words, begun)
    case .failed(let reason) where isRepeat: find(begun, rule, "done again, \(reason)", isFinishing)
    case .failed(let reason): leave(.failed, reason)
    case .unknown(let reason): find(begun, rule, reason, isFinishing)
    }
  }

  /// Finds out whether it was done, if anybody can be asked.
  mutating func find(
    _ begun: Begun, _ rule: RepeatRule, _ reason: String, _ isFinishing: Bool
  ) -> [Effect] {
    guard case .lookUp(let request) = rule, lookUps < Self.mostLookUps else { return commit(.escalation(reason)) }
    guard !isFinishing else { return stop() }
    lookUps += 1
    state = .lookingUp(begun, rule: rule, reason: reason)
    return [.lookUp(begun.call, request)]
  }

  mutating func lookedUp(
    _ begun: Begun, _ rule: RepeatRule, _ reason: String, _ found: LookUpResult, _ isFinishing: Bool
  ) -> [Effect] {
    switch found {
    case .done: conclude("found done", begun)
    case .notDone: actuate(begun, rule, isRepeat: false, isFinishing)
    case .unclear(let why): commit(.escalation("\(reason); \(why)"))
    }
  }

  /// The effect was carried out: reads the record, which may have changed meanwhile, to write what it means for it.
  mutating func conclude(_ words: String, _ begun: Begun, isActuated: Bool = true) -> [Effect] {
    conclude(Conclusion(words: words, since: begun.since, isActuated: isActuated))
  }

  mutating func conclude(_ conclusion: Conclusion) -> [Effect] {
    hasActed = true
    state = .concluding(conclusion)
    return [.read]
  }

  mutating func record(_ conclusion: Conclusion, _ plan: Plan) -> [Effect] {
    var outcome = plan.outcome
    if !conclusion.words.isEmpty { outcome.detail += " (\(conclusion.words))" }
    return commit(.change(outcome, of: conclusion))
  }
}
