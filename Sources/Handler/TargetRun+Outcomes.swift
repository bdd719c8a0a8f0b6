import FleetModel
import Loop
import Redis
import Wire

/// How it ends for the target: each outcome is one step, and a step that does not go ahead is tried anew.
extension TargetRun {
  func opened(isLast: Bool = true) -> Step {
    var step = Step()
    errand.check(in: &step, isLast: isLast)
    if let found { step.require(markKey, is: found) }
    return step
  }

  /// Writes the change, and that it succeeded.
  ///
  /// - Parameters:
  ///   - isActuated: whether an actuator has told whom it concerns, and no control message is to.
  ///   - again: what is done where the target has changed since it was read; by default all of it anew.
  func write(
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
  func leave(_ phase: AuditLine.Phase, _ detail: String) {
    let outcome = TargetOutcome(phase: phase, detail: detail.clipped)
    var step = opened()
    write(outcome, alert: nil, to: &step)
    term.run(step) { [self] in settle($0, outcome, again: { [self] in leave(phase, detail) }) }
  }

  /// Nobody knows whether it was done: says so, and calls a person.
  func escalate(_ reason: String) {
    let id = AlertID(.escalation, target)
    term.read([Request("HGET", term.keys.alerts, id.bytes)]) { [self] replies in
      let outcome = TargetOutcome(phase: .unknown, detail: reason)
      var step = opened()
      let change = term.callPerson(
        id, stored: replies[0].bytes ?? [], "outcome of \(errand.called(target)) unknown: \(reason)", in: &step)
      write(outcome, alert: change.alert, to: &step)
      term.run(step, carrying: [change]) { [self] in
        settle($0, outcome, again: { [self] in escalate(reason) })
      }
    }
  }

  func write(_ outcome: TargetOutcome, alert: AlertRecord?, to step: inout Step) {
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

  func settle(_ result: StepOutcome, _ outcome: TargetOutcome, again: (() -> Void)?) {
    if case .done = result { return end(outcome) }
    errand.takeBack(target)
    if case .failed(let error) = result, error.code == "NOPERM", isPatienceOver { return giveUp(error) }
    guard case .failed(let error) = result, !error.isPassing, attempts == 0, outcome.phase != .failed else {
      _ = proceeds(result, again: again)
      return
    }
    // The server will never take it: a record of the wrong type, say.
    attempts += 1
    leave(.failed, "Redis refused the step: \(error)")
  }

  /// Whether its steps have lacked a permission for so long that it is not to be waited for any more.
  private var isPatienceOver: Bool {
    let since = refusedSince ?? .now
    refusedSince = since
    return MonotonicTime.now.milliseconds(since: since) > errand.patience
  }

  /// Redis does not let the outcome be written, and nobody has changed that: it has failed, with the reason. If not even
  /// that may be written of the target, the errand's own end tells it.
  private func giveUp(_ error: ServerError) {
    let detail = (hasActed ? "it was done, but cannot be recorded: " : "") + "Redis refused the step: \(error)"
    guard hasGivenUp else {
      hasGivenUp = true
      return leave(.failed, detail)
    }
    term.log(.error, "Redis refuses what became of a target", ["command": errand.id.text, "error": error.text])
    end(TargetOutcome(phase: .failed, detail: detail.clipped))
  }

  /// Whether a step went ahead; where it did not, what is done about it has been begun.
  func proceeds(_ result: StepOutcome, again: (() -> Void)? = nil) -> Bool {
    let again = again ?? { [self] in begin() }
    switch result {
    case .done: return true
    case .over: return false
    case .refused(let check, _) where errand.isOver(check):
      end(TargetOutcome(phase: .skipped, detail: "it was dealt with meanwhile"))
    case .refused(let check, _) where beginsAnew(failed: check): break
    case .refused:
      // Something changed between reading and acting: look again.
      attempts += 1
      switch attempts {
      case ..<20: begin(again)
      case 20: leave(.failed, "it kept changing; send the command again")
      default: term.later(inMilliseconds: 1000) { [self] in begin() }
      }
    case .failed(let error) where error.code == "NOPERM" && isPatienceOver: giveUp(error)
    case .failed(let error):
      term.log(.error, "Redis refused a step; trying again", ["command": errand.id.text, "error": error.text])
      term.later(inMilliseconds: 500, again)
    }
    return false
  }

  /// Where the mark itself has changed, an earlier attempt was done after all: what it says counts.
  private func begin(_ again: @escaping () -> Void) {
    term.read([markKey.get]) { [self] replies in
      if found == nil || replies[0].mark ?? [] == found { again() } else { begin() }
    }
  }
}
