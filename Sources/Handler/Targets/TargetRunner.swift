import Automation
import Execution
import FleetModel
import Logging
import Loop
import OpenTelemetry
import Redis
import Wire

/// Carries out what a ``TargetRun`` decides: it reads, commits, calls and wakes, and tells the run what came of it.
final class TargetRunner {
  let target: AgentID
  let delegate: any TargetRunDelegate
  let session: LeaseSession
  private var run: TargetRun
  /// What was read last, and the change that was planned by it.
  private(set) var snapshot: TargetSnapshot?
  private(set) var change: Change?
  /// When that was planned.
  private(set) var plannedAt = Instant.epoch
  /// What stood under the idempotency key when it was read: the transaction that replaces it requires that; nil if a
  /// value of another type stands there.
  var found: [UInt8]? = []
  private var actuator: Actuator?
  /// Whether it has itself begun the effect that it carries out.
  private var hasBegun = false
  /// Since when Redis has refused its transactions for want of a permission.
  private var refusedSince: MonotonicTime?

  init(_ target: AgentID, of delegate: any TargetRunDelegate, refusal: String? = nil) {
    self.target = target
    self.delegate = delegate
    session = delegate.session
    run = TargetRun(
      target, refusal: refusal, isDryRun: delegate.isDryRun, refusedPhase: delegate.refusedPhase,
      isJoined: delegate.joinsReception)
  }

  var markKey: MarkKey { session.keys.mark(delegate.id, target, formerID: delegate.formerID) }

  func begin() { take(.begun) }

  private func take(_ input: TargetRun.Input) {
    for effect in run.take(input, isFinishing: session.isFinishing) { perform(effect) }
  }

  private func perform(_ effect: TargetRun.Effect) {
    switch effect {
    case .take(let next, let former): enter(next, leaving: former)
    case .leave(let place): session.places.leave(place)
    case .read: read()
    case .plan(let since): plan(at: since ?? session.now)
    case .commit(let write): commit(write)
    case .reread:
      session.read([markKey.get]) { [self] replies in
        take(.reread(isUnchanged: found == nil || replies[0].mark ?? [] == found))
      }
    case .actuate(let call, let rule): actuate(call, rule)
    case .lookUp(let call, let request): lookUp(call, request)
    case .wake(let span): session.later(inMilliseconds: span) { [self] in take(.woken) }
    case .log(let error, let isGivenUp):
      let words =
        isGivenUp ? "Redis refuses what became of a target" : "Redis refused a step; trying again"
      session.log(.error, words, ["command": delegate.id.text, "error": error])
    case .beginAnew: delegate.beginAnew(target)
    case .settle(let outcome): delegate.settled(target, outcome)
    }
  }

  // MARK: Places

  private func enter(_ next: TargetRun.Place, leaving former: TargetRun.Place?) {
    let delivery = next == .redis ? nil : delegate.commandDelivery
    if next != .redis, let reason = session.places.refusal(next, for: delivery) { return take(.crowded(reason)) }
    if let former { session.places.leave(former) }
    session.places.enter(next, for: delivery) { [self] in take(.placed) }
  }

  // MARK: Reading and planning

  private func read() {
    TargetSnapshot.read(target, mark: markKey, for: delegate.judged, in: session) { [self] snapshot in
      self.snapshot = snapshot
      found = snapshot.isMarkOfAnotherType ? nil : snapshot.markBytes
      take(.read(meaning(of: snapshot)))
    }
  }

  private func meaning(of snapshot: TargetSnapshot) -> TargetRun.Found {
    guard let record = snapshot.mark else {
      guard snapshot.markBytes.isEmpty, !snapshot.isMarkOfAnotherType else {
        session.passOver("a command's mark", markKey.key, snapshot.markBytes)
        return .notUnderstood("what is remembered of it is not understood")
      }
      return .nothing
    }
    guard record.phase == .started else {
      return .outcome(TargetOutcome(phase: record.phase, detail: record.detail, wasNotified: record.wasNotified))
    }
    guard let intent = record.intent else {
      session.passOver("what was begun", markKey.key)
      return .notUnderstood("what was begun is not understood")
    }
    return .intent(begun(intent.call, since: intent.at))
  }

  private func begun(_ call: ActuatorCall, since instant: Instant) -> TargetRun.Begun {
    guard let verb = ControlVerb(name: call.name), let actuator = session.actuator(of: verb, call.arguments) else {
      return TargetRun.Begun(call: call, since: instant, route: nil)
    }
    self.actuator = actuator
    let place = TargetRun.Place.actuator(session.placeName(of: verb, call.arguments))
    let rule = actuator.repeatRule(isSafe: call.isSafeToRepeat)
    return TargetRun.Begun(call: call, since: instant, route: TargetRun.Route(place: place, rule: rule))
  }

  private func plan(at instant: Instant) {
    guard let snapshot else { return }
    do throws(Refusal) {
      let change = try delegate.plan(target, snapshot, at: instant)
      (self.change, plannedAt) = (change, instant)
      let outcome = TargetOutcome(phase: .succeeded, detail: change.detail, wasNotified: change.control != nil)
      let begun = change.control.map { self.begun(call(for: $0), since: instant) }
      take(.planned(TargetRun.Plan(outcome: outcome, begun: begun)))
    } catch {
      take(.refused(error.reason))
    }
  }

  private func call(for control: Change.Control) -> ActuatorCall {
    ActuatorCall(
      name: control.verb.name, target: target, arguments: control.arguments,
      key: IdempotencyKey.make(delegate.id, target), commandID: delegate.id, operator: delegate.author,
      reason: delegate.reason, until: control.until)
  }

  /// Nothing outside is done by an intent that could be lost with the server: the next handler would not know of it.
  private func actuate(_ call: ActuatorCall, _ rule: RepeatRule) {
    session.whenConfirmed { [self] in perform(call, rule) }
  }

  private func perform(_ call: ActuatorCall, _ rule: RepeatRule) {
    guard let actuator else { return }
    // The machine may have been suspended since the transaction before was sent.
    guard session.mayAct else { return session.endLate() }
    let (begunAt, start) = (MonotonicTime.now, session.now)
    var call = call
    if session.onCall != nil {
      call.traceparent = TraceContext(call, of: delegate.origin, prefix: session.options.prefix.text).traceparent
    }
    session.actuators.perform(call, by: actuator, rule: rule) { [self, call] result in
      if let verb = ControlVerb(name: call.name) {
        session.counts.noteCall(of: session.placeName(of: verb, call.arguments), result, since: begunAt)
      }
      if let onCall = session.onCall, !session.isOver {
        let end = start + TimeSpan(milliseconds: Int64(MonotonicTime.now.milliseconds(since: begunAt)))
        onCall(EndedCall(call: call, origin: delegate.origin, result: result, start: start, end: end))
      }
      if !session.isOver { take(.actuated(result)) }
    }
  }

  /// Asks whether it was done. What an earlier handler asked for may still be on its way until its request would have timed
  /// out, and would be done a second time after a "no".
  private func lookUp(_ call: ActuatorCall, _ request: HTTPActuator) {
    let span = hasBegun ? 0 : (actuator?.timeout.milliseconds ?? 0) - session.age
    guard span <= 0 else {
      session.later(inMilliseconds: span) { [self] in lookUp(call, request) }
      return
    }
    session.actuators.lookUp(call, by: request) { [self] in if !session.isOver { take(.lookedUp($0)) } }
  }

  // MARK: Transactions

  /// Tells the run what became of its transaction.
  func landed(_ result: TransactionOutcome, _ write: TargetRun.Write) {
    if case .done = result {
      if case .intent = write {
        hasBegun = true
        delegate.intentWritten()
      }
      return take(.committed)
    }
    switch write {
    case .intent: break
    case .change, .outcome, .escalation: delegate.takeBack(target)
    }
    take(.notCommitted(failure(result)))
  }

  private func failure(_ result: TransactionOutcome) -> TargetRun.Failure {
    switch result {
    case .done, .fenced: return .fenced
    case .conflict(.changed, _): return .conflict
    case .conflict(.obsolete, _): return .obsolete
    case .conflict(.cameBefore, _), .conflict(.isBatch, _), .conflict(.notAllowed, _): return .restart
    case .failed(let error):
      if error.code == "NOPERM", isPatienceOver { return .denied("\(error)") }
      return error.isPassing ? .passing("\(error)") : .lasting("\(error)")
    }
  }

  /// Whether its transactions have lacked a permission for so long that it is not to be waited for any more.
  private var isPatienceOver: Bool {
    let since = refusedSince ?? .now
    refusedSince = since
    return MonotonicTime.now.milliseconds(since: since) > delegate.patience
  }
}
