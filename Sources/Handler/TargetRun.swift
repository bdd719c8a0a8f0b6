import Automation
import FleetModel
import Redis
import Wire

/// Acts on one target, from where an earlier delivery left it.
///
/// ```
/// read ─┬─ has its outcome ────────────────────────────────────────────────────▶ settled
///       ├─ decide ─┬─ by control message: effect and outcome in one step ──────▶ settled
///       │          └─ intent: a step ─▶ actuator ─▶ read, decide the record ─▶ outcome: a step ─▶ settled
///       └─ has an intent: again, or look up, or unknown ─▲
/// ```
final class TargetRun {
  private let target: AgentID
  private let errand: any Errand
  private let term: Term
  private var attempts = 0
  private var lookUps = 0
  private static let mostLookUps = 3
  /// The mark as it was found: what the step that replaces it requires.
  private var found: [UInt8] = []

  init(_ target: AgentID, of errand: any Errand) {
    self.target = target
    self.errand = errand
    term = errand.term
  }

  private var markKey: MarkKey { term.keys.mark(errand.id, target, formerID: errand.formerID) }
  private var key: String { IdempotencyKey.make(errand.id, target) }

  func begin() {
    read { [self] situation in
      guard let mark = situation.mark else { return decide(situation) }
      guard !errand.beginsAnew(target, failed: nil) else { return }
      guard mark.phase == .started else {
        return errand.settled(target, TargetOutcome(phase: mark.phase, detail: mark.detail, isTold: mark.isTold))
      }
      goOn(from: mark)
    }
  }

  private func read(_ completion: @escaping (Situation) -> Void) {
    Situation.read(target, mark: markKey, for: errand.judged, in: term) { [self] situation in
      found = situation.markBytes
      completion(situation)
    }
  }

  private func decide(_ situation: Situation) {
    let now = term.now
    do throws(Refusal) {
      let change = try errand.plan(target, situation, at: now)
      guard !errand.isDryRun else { return leave(.skipped, "dry_run") }
      guard let call = call(for: change), let actuator = actuator(of: change) else {
        return write(change, situation, at: now)
      }
      intend(call, actuator, change, at: now)
    } catch {
      leave(errand.refusedPhase, error.reason)
    }
  }

  // MARK: The actuator

  /// What acts outside; nil where the control message of the step is all there is to do.
  private func actuator(of change: Change) -> Actuator? {
    guard let control = change.control else { return nil }
    return term.actuator(of: control.verb, control.arguments)
  }

  private func call(for change: Change) -> Call? {
    guard let control = change.control else { return nil }
    return Call(
      name: control.verb.name, target: target, arguments: control.arguments, key: key, commandID: errand.id,
      operator: errand.author, reason: errand.reason, until: control.until)
  }

  /// Says what is about to be done before it is: whoever finds this knows that it may have been.
  private func intend(_ call: Call, _ actuator: Actuator, _ change: Change, at instant: Instant) {
    guard !term.isFinishing else { return }
    guard String(validating: target.bytes, as: UTF8.self) != nil else {
      return leave(.failed, "its id is not UTF-8: no service or program can be given it")
    }
    var mark = TargetMark(phase: .started, detail: change.detail)
    mark.intent = TargetMark.Intent(at: instant, call: call)
    var step = opened(isLast: false)
    step.change("SET", markKey, mark.encoded, "PX", HandlerOptions.marksStay.milliseconds)
    step.add(
      to: term.keys.audit,
      errand.line(LineDraft(phase: .started, target: target, detail: change.detail, at: instant)))
    term.run(step) { [self] in
      guard proceeds($0) else { return }
      errand.stepped()
      found = mark.encoded
      perform(call, actuator, since: instant)
    }
  }

  /// - Parameter isRepeat: whether the same may have been done before: then a refusal may only mean that it was.
  private func perform(_ call: Call, _ actuator: Actuator, since instant: Instant, isRepeat: Bool = false) {
    // Whoever acts next goes on from the intent, where anybody can.
    guard !term.isFinishing || actuator.repeatRule(isSafe: isSafe(call)) == .never else { return }
    term.outside.perform(call, by: actuator, rule: actuator.repeatRule(isSafe: isSafe(call))) { [self] result in
      guard !term.isOver else { return }
      switch result {
      case .done(let words): conclude(words, since: instant)
      case .failed(let reason) where isRepeat: find(call, actuator, since: instant, or: "done again, \(reason)")
      case .failed(let reason): leave(.failed, reason)
      case .unknown(let reason): find(call, actuator, since: instant, or: reason)
      }
    }
  }

  private func isSafe(_ call: Call) -> Bool { Action(rawValue: call.name)?.isSafeToRepeat ?? false }

  /// An earlier handler, or this one before it lost its lease, has begun: nobody knows how far it came.
  private func goOn(from mark: TargetMark) {
    guard let intent = mark.intent else { return escalate("what was begun is not understood") }
    let call = intent.call
    guard let actuator = ControlVerb(name: call.name).flatMap({ term.actuator(of: $0, call.arguments) }) else {
      // The configuration has changed meanwhile: the runtimes are told instead.
      guard isSafe(call) else { return escalate("its actuator is no longer configured") }
      return conclude("", since: intent.at, isActuated: false)
    }
    guard actuator.repeatRule(isSafe: isSafe(call)) != .safe else {
      return perform(call, actuator, since: intent.at, isRepeat: true)
    }
    find(call, actuator, since: intent.at, or: "a handler ended while it was being done")
  }

  /// Finds out whether it was done, where that can be asked.
  private func find(_ call: Call, _ actuator: Actuator, since instant: Instant, or reason: String) {
    guard case .lookUp(let request) = actuator.repeatRule(isSafe: isSafe(call)), lookUps < Self.mostLookUps else {
      return escalate(reason)
    }
    guard !term.isFinishing else { return }
    lookUps += 1
    term.outside.lookUp(call, by: request) { [self] found in
      guard !term.isOver else { return }
      switch found {
      case .done: conclude("found done", since: instant)
      case .notDone: perform(call, actuator, since: instant)
      case .unclear(let why): escalate("\(reason); \(why)")
      }
    }
  }

  /// The effect is had: writes what it means for the record, which may have changed meanwhile.
  ///
  /// - Parameter isActuated: false where nobody has told the runtime yet.
  private func conclude(_ words: String, since instant: Instant, isActuated: Bool = true) {
    read { [self] situation in
      do throws(Refusal) {
        var change = try errand.plan(target, situation, at: instant)
        if !words.isEmpty { change.detail += " (\(words))" }
        write(change, situation, at: term.now, isActuated: isActuated) { [self] in
          conclude(words, since: instant, isActuated: isActuated)
        }
      } catch {
        // It is done, and nothing is left to be recorded of it.
        let detail = [words, "done; \(error.reason)"].filter { !$0.isEmpty }.joined(separator: ", ")
        leave(.succeeded, detail)
      }
    }
  }

  // MARK: Outcomes

  private func opened(isLast: Bool = true) -> Step {
    var step = Step()
    errand.check(in: &step, isLast: isLast)
    step.require(markKey, is: found)
    return step
  }

  /// Writes the change, and that it succeeded.
  ///
  /// - Parameters:
  ///   - isActuated: whether an actuator has told whom it concerns, and no control message is to.
  ///   - again: what is done where the target has changed since it was read; by default all of it anew.
  private func write(
    _ change: Change, _ situation: Situation, at instant: Instant, isActuated: Bool = false,
    again: (() -> Void)? = nil
  ) {
    let change = term.addressed(change)
    var step = opened()
    situation.require(for: target, change, keys: term.keys, in: &step)
    let outcome = TargetOutcome(phase: .succeeded, detail: change.detail, isTold: change.control != nil)
    var mark = TargetMark(phase: .succeeded, detail: change.detail)
    mark.before = situation.record
    mark.blockedUntil = situation.blockedUntil ?? situation.alert?.silencedUntil ?? situation.scheduledAt
    mark.setting = situation.setting
    mark.isTold = outcome.isTold
    mark.goal = change.control?.goal
    step.change("SET", markKey, mark.encoded, "PX", HandlerOptions.marksStay.milliseconds)
    let after = change.write(
      to: &step, target: target, version: situation.record.version, origin: errand.id.text, author: errand.author,
      now: instant, keys: term.keys, tellsRuntime: !isActuated)
    for notice in change.notices { term.notify(notice, groupingChatsAs: errand.chatGroup, in: &step) }
    if let verb = change.control?.verb, verb == .action(.resume) || verb == .action(.restart),
      change.after?.pausedUntil == nil
    {
      // Its place among those that rules have paused is free again.
      PauseLedger.release(target, keys: term.keys, in: &step)
    }
    let before = after == nil ? nil : situation.record
    if target != .none || change.alert != nil || change.proposal != nil {
      step.add(
        to: term.keys.audit,
        errand.line(
          LineDraft(
            phase: .succeeded, target: target, detail: change.detail, before: before, after: after,
            alert: change.alert, proposal: change.proposal, at: instant)))
    }
    errand.complete(target, outcome, in: &step)
    term.run(step, carrying: [change]) { [self] in
      if case .done = $0, let after { term.onRecord(target, after) }
      settle($0, outcome, again: again)
    }
  }

  /// Leaves the record as it is, and says why.
  private func leave(_ phase: AuditLine.Phase, _ detail: String) {
    let outcome = TargetOutcome(phase: phase, detail: detail)
    var step = opened()
    write(outcome, alert: nil, to: &step)
    term.run(step) { [self] in settle($0, outcome, again: { [self] in leave(phase, detail) }) }
  }

  /// Nobody knows whether it was done: says so, and calls a person.
  private func escalate(_ reason: String) {
    let id = AlertID(.escalation, target)
    term.read([Request("HGET", term.keys.alerts, id.bytes)]) { [self] replies in
      let outcome = TargetOutcome(phase: .unknown, detail: reason)
      var step = opened()
      let change = term.callPerson(
        id, stored: replies[0].bytes ?? [], "outcome of \(errand.id) unknown: \(reason)", in: &step)
      write(outcome, alert: change.alert, to: &step)
      term.run(step, carrying: [change]) { [self] in
        settle($0, outcome, again: { [self] in escalate(reason) })
      }
    }
  }

  private func write(_ outcome: TargetOutcome, alert: AlertRecord?, to step: inout Step) {
    let mark = TargetMark(phase: outcome.phase, detail: outcome.detail)
    step.change("SET", markKey, mark.encoded, "PX", HandlerOptions.marksStay.milliseconds)
    if target != .none || alert != nil {
      step.add(
        to: term.keys.audit,
        errand.line(LineDraft(phase: outcome.phase, target: target, detail: outcome.detail, alert: alert)))
    }
    errand.complete(target, outcome, in: &step)
  }

  // MARK: Steps that do not go ahead

  private func settle(_ result: StepOutcome, _ outcome: TargetOutcome, again: (() -> Void)?) {
    if case .done = result { return errand.settled(target, outcome) }
    errand.takeBack(target)
    guard case .failed(let error) = result, !error.isPassing, attempts == 0, outcome.phase != .failed else {
      _ = proceeds(result, again: again)
      return
    }
    // The server will never take it: a record of the wrong type, say.
    attempts += 1
    leave(.failed, "Redis refused the step: \(error)")
  }

  /// Whether a step went ahead; where it did not, what is done about it has been begun.
  private func proceeds(_ result: StepOutcome, again: (() -> Void)? = nil) -> Bool {
    let again = again ?? { [self] in begin() }
    switch result {
    case .done: return true
    case .over: return false
    case .refused(let check, _) where errand.isOver(check):
      errand.settled(target, TargetOutcome(phase: .skipped, detail: "it was dealt with meanwhile"))
    case .refused(let check, _) where errand.beginsAnew(target, failed: check): break
    case .refused:
      // Something changed between reading and acting: look again.
      attempts += 1
      if attempts < 20 { begin(again) } else { leave(.failed, "it kept changing; send the command again") }
    case .failed(let error):
      term.log(.error, "Redis refused a step; trying again", ["command": errand.id.text, "error": error.text])
      term.later(inMilliseconds: 500, again)
    }
    return false
  }

  /// Where the mark itself has changed, an earlier attempt was done after all: what it says counts.
  private func begin(_ again: @escaping () -> Void) {
    term.read([markKey.get]) { [self] replies in
      if replies[0].mark ?? [] == found { again() } else { begin() }
    }
  }
}
