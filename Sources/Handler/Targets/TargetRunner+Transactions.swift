import Execution
import FleetModel
import Redis
import Wire

/// The transactions of a run at one target.
extension TargetRunner {
  func commit(_ write: TargetRun.Write) {
    switch write {
    case .intent(let begun, let detail): commit(write, begun, detail)
    case .change(let outcome, let conclusion): commit(write, outcome, conclusion)
    case .outcome(let outcome):
      var transaction = opened()
      self.write(outcome, alert: nil, to: &transaction)
      run(transaction, write)
    case .escalation(let reason): escalate(write, reason)
    }
  }

  private func opened(isLast: Bool = true) -> Transaction {
    var transaction = Transaction()
    delegate.check(in: &transaction, isLast: isLast)
    if let found { transaction.require(markKey, is: found) }
    return transaction
  }

  private func run(_ transaction: Transaction, carrying changes: [Change] = [], _ write: TargetRun.Write) {
    session.run(transaction, carrying: changes) { [self] in landed($0, write) }
  }

  /// Says what is about to be done before it is: whoever finds this knows that it may have been.
  private func commit(_ write: TargetRun.Write, _ begun: TargetRun.Begun, _ detail: String) {
    var record = IdempotencyRecord(phase: .started, detail: detail)
    record.intent = IdempotencyRecord.Intent(at: begun.since, call: begun.call)
    let encoded = record.encoded
    var transaction = opened(isLast: false)
    transaction.change("SET", markKey, encoded, "PX", HandlerOptions.marksStay.milliseconds)
    let line = LineDraft(phase: .started, target: target, detail: detail, at: begun.since)
    transaction.add(delegate.line(line), session.keys)
    session.run(transaction) { [self] in
      if case .done = $0 { found = encoded }
      landed($0, write)
    }
  }

  /// Writes the change that was planned, and that it succeeded.
  private func commit(_ write: TargetRun.Write, _ outcome: TargetOutcome, _ conclusion: TargetRun.Conclusion?) {
    guard let snapshot, var change else { return }
    change.detail = outcome.detail
    change = session.addressed(change)
    let instant = conclusion == nil ? plannedAt : session.now
    var transaction = opened()
    snapshot.require(for: target, change, keys: session.keys, in: &transaction)
    let record = remembered(outcome, change, snapshot)
    transaction.change("SET", markKey, record.encoded, "PX", HandlerOptions.marksStay.milliseconds)
    let after = change.write(
      to: &transaction, target: target, version: snapshot.record.version, origin: delegate.id.text,
      author: delegate.author, now: instant, keys: session.keys, tellsRuntime: !(conclusion?.isActuated ?? false))
    let chats = change.queueHand == nil ? delegate.chatGroup : QueueNotice.group
    for notice in change.notices { session.notify(notice, groupingChatsAs: chats, in: &transaction) }
    if let verb = change.control?.verb, verb == .action(.resume) || verb == .action(.restart),
      change.after?.pausedUntil == nil
    {
      // Its place among those that rules have paused is free again.
      PauseQuota.release(target, keys: session.keys, in: &transaction)
    }
    if target != .none || change.alert != nil || change.proposal != nil {
      let line = LineDraft(
        phase: .succeeded, target: target, detail: change.detail, before: after == nil ? nil : snapshot.record,
        after: after, alert: change.alert, proposal: change.proposal, at: instant)
      transaction.add(delegate.line(line), session.keys)
    }
    delegate.complete(target, outcome, in: &transaction)
    session.run(transaction, carrying: [change]) { [self] in
      if case .done = $0, let after { session.tell(.record(target, after)) }
      landed($0, write)
    }
  }

  private func remembered(_ outcome: TargetOutcome, _ change: Change, _ snapshot: TargetSnapshot) -> IdempotencyRecord {
    var record = IdempotencyRecord(phase: .succeeded, detail: change.detail)
    record.before = snapshot.record
    record.blockedUntil = snapshot.blockedUntil ?? snapshot.alert?.silencedUntil ?? snapshot.scheduledAt
    record.setting = snapshot.setting
    record.wasNotified = outcome.wasNotified
    record.goal = change.control?.goal
    return record
  }

  /// Nobody knows whether it was done: says so, and calls a person.
  private func escalate(_ write: TargetRun.Write, _ reason: String) {
    let id = AlertID(.escalation, target)
    session.read([Request("HGET", session.keys.alerts, id.bytes)]) { [self] replies in
      let outcome = TargetOutcome(phase: .unknown, detail: reason)
      var transaction = opened()
      let words = "outcome of \(delegate.called(target)) unknown: \(reason)"
      let change = session.openEscalation(id, stored: replies[0].bytes ?? [], words, in: &transaction)
      self.write(outcome, alert: change.alert, to: &transaction)
      run(transaction, carrying: [change], write)
    }
  }

  private func write(_ outcome: TargetOutcome, alert: AlertRecord?, to transaction: inout Transaction) {
    let record = IdempotencyRecord(phase: outcome.phase, detail: outcome.detail)
    transaction.change("SET", markKey, record.encoded, "PX", HandlerOptions.marksStay.milliseconds)
    if target != .none || alert != nil {
      let line = LineDraft(phase: outcome.phase, target: target, detail: outcome.detail, alert: alert)
      transaction.add(delegate.line(line), session.keys)
    }
    delegate.complete(target, outcome, in: &transaction)
  }
}
