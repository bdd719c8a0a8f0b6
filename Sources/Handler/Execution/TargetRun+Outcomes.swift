import FleetModel
import Logging
import Loop
import Redis
import Wire

/// How it ends for the target: each outcome is one step, and a step that does not go ahead is tried anew.
extension TargetRun {
  func opened(isLast: Bool = true) -> Transaction {
    var transaction = Transaction()
    delegate.check(in: &transaction, isLast: isLast)
    if let found { transaction.require(markKey, is: found) }
    return transaction
  }

  /// Writes the change, and that it succeeded.
  ///
  /// - Parameters:
  ///   - isActuated: whether an actuator has told whom it concerns, and no control message is to.
  ///   - again: what is done where the target has changed since it was read; by default all of it anew.
  func write(
    _ change: Change, _ snapshot: TargetSnapshot, at instant: Instant, isActuated: Bool = false,
    again: (() -> Void)? = nil
  ) {
    let change = session.addressed(change)
    var transaction = opened()
    snapshot.require(for: target, change, keys: session.keys, in: &transaction)
    let outcome = TargetOutcome(phase: .succeeded, detail: change.detail, wasNotified: change.control != nil)
    var mark = IdempotencyRecord(phase: .succeeded, detail: change.detail)
    mark.before = snapshot.record
    mark.blockedUntil = snapshot.blockedUntil ?? snapshot.alert?.silencedUntil ?? snapshot.scheduledAt
    mark.setting = snapshot.setting
    mark.wasNotified = outcome.wasNotified
    mark.goal = change.control?.goal
    transaction.change("SET", markKey, mark.encoded, "PX", HandlerOptions.marksStay.milliseconds)
    let after = change.write(
      to: &transaction, target: target, version: snapshot.record.version, origin: delegate.id.text,
      author: delegate.author,
      now: instant, keys: session.keys, tellsRuntime: !isActuated)
    for notice in change.notices { session.notify(notice, groupingChatsAs: delegate.chatGroup, in: &transaction) }
    if let verb = change.control?.verb, verb == .action(.resume) || verb == .action(.restart),
      change.after?.pausedUntil == nil
    {
      // Its place among those that rules have paused is free again.
      PauseQuota.release(target, keys: session.keys, in: &transaction)
    }
    let before = after == nil ? nil : snapshot.record
    if target != .none || change.alert != nil || change.proposal != nil {
      transaction.add(
        to: session.keys.audit,
        delegate.line(
          LineDraft(
            phase: .succeeded, target: target, detail: change.detail, before: before, after: after,
            alert: change.alert, proposal: change.proposal, at: instant)))
    }
    delegate.complete(target, outcome, in: &transaction)
    session.run(transaction, carrying: [change]) { [self] in
      if case .done = $0, let after { session.onRecord(target, after) }
      settle($0, outcome, again: again)
    }
  }

  /// Leaves the record as it is, and says why.
  func leave(_ phase: AuditLine.Phase, _ detail: String) {
    let outcome = TargetOutcome(phase: phase, detail: detail.clipped)
    var transaction = opened()
    write(outcome, alert: nil, to: &transaction)
    session.run(transaction) { [self] in settle($0, outcome, again: { [self] in leave(phase, detail) }) }
  }

  /// Nobody knows whether it was done: says so, and calls a person.
  func escalate(_ reason: String) {
    let id = AlertID(.escalation, target)
    session.read([Request("HGET", session.keys.alerts, id.bytes)]) { [self] replies in
      let outcome = TargetOutcome(phase: .unknown, detail: reason)
      var transaction = opened()
      let change = session.openEscalation(
        id, stored: replies[0].bytes ?? [], "outcome of \(delegate.called(target)) unknown: \(reason)", in: &transaction
      )
      write(outcome, alert: change.alert, to: &transaction)
      session.run(transaction, carrying: [change]) { [self] in
        settle($0, outcome, again: { [self] in escalate(reason) })
      }
    }
  }

  func write(_ outcome: TargetOutcome, alert: AlertRecord?, to transaction: inout Transaction) {
    let mark = IdempotencyRecord(phase: outcome.phase, detail: outcome.detail)
    transaction.change("SET", markKey, mark.encoded, "PX", HandlerOptions.marksStay.milliseconds)
    if target != .none || alert != nil {
      transaction.add(
        to: session.keys.audit,
        delegate.line(LineDraft(phase: outcome.phase, target: target, detail: outcome.detail, alert: alert)))
    }
    delegate.complete(target, outcome, in: &transaction)
  }

  // MARK: Steps that do not go ahead

  func settle(_ result: TransactionOutcome, _ outcome: TargetOutcome, again: (() -> Void)?) {
    if case .done = result { return end(outcome) }
    delegate.takeBack(target)
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
    return MonotonicTime.now.milliseconds(since: since) > delegate.patience
  }

  /// Redis does not let the outcome be written, and nobody has changed that: it has failed, with the reason. If not even
  /// that may be written of the target, the errand's own end tells it.
  private func giveUp(_ error: ServerError) {
    let detail = (hasActed ? "it was done, but cannot be recorded: " : "") + "Redis refused the step: \(error)"
    guard hasGivenUp else {
      hasGivenUp = true
      return leave(.failed, detail)
    }
    session.log(.error, "Redis refuses what became of a target", ["command": delegate.id.text, "error": error.text])
    end(TargetOutcome(phase: .failed, detail: detail.clipped))
  }

  /// Whether a step went ahead; where it did not, what is done about it has been begun.
  func proceeds(_ result: TransactionOutcome, again: (() -> Void)? = nil) -> Bool {
    let again = again ?? { [self] in begin() }
    switch result {
    case .done: return true
    case .fenced: return false
    case .conflict(let check, _) where delegate.isOver(check):
      end(TargetOutcome(phase: .skipped, detail: "it was dealt with meanwhile"))
    case .conflict(let check, _) where beginsAnew(failed: check): break
    case .conflict:
      // Something changed between reading and acting: look again.
      attempts += 1
      switch attempts {
      case ..<20: begin(again)
      case 20: leave(.failed, "it kept changing; send the command again")
      default: session.later(inMilliseconds: 1000) { [self] in begin() }
      }
    case .failed(let error) where error.code == "NOPERM" && isPatienceOver: giveUp(error)
    case .failed(let error):
      session.log(.error, "Redis refused a step; trying again", ["command": delegate.id.text, "error": error.text])
      session.later(inMilliseconds: 500, again)
    }
    return false
  }

  /// Where the mark itself has changed, an earlier attempt was done after all: what it says counts.
  private func begin(_ again: @escaping () -> Void) {
    session.read([markKey.get]) { [self] replies in
      if found == nil || replies[0].mark ?? [] == found { again() } else { begin() }
    }
  }
}
