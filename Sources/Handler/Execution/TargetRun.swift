import Automation
import FleetModel
import Loop
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
  let target: AgentID
  let delegate: any TargetRunDelegate
  let session: LeaseSession
  var attempts = 0
  /// Since when Redis has refused its steps for want of a permission.
  var refusedSince: MonotonicTime?
  /// Whether the effect is had, and nothing left but to record it.
  private(set) var hasActed = false
  /// Whether its failure for want of a permission is being written.
  var hasGivenUp = false
  /// Why nothing is done to it, if nothing was begun before.
  private let refusal: String?
  private var lookUps = 0
  private static let mostLookUps = 3
  /// The mark as it was found: what the step that replaces it requires; nil where a value of another type stands there.
  var found: [UInt8]? = []
  /// Its place among what is done at once.
  private var place: Places.Kind?

  init(_ target: AgentID, of delegate: any TargetRunDelegate, refusal: String? = nil) {
    self.target = target
    self.refusal = refusal
    self.delegate = delegate
    session = delegate.session
  }

  var markKey: MarkKey { session.keys.mark(delegate.id, target, formerID: delegate.formerID) }
  private var key: String { IdempotencyKey.make(delegate.id, target) }

  func begin() {
    guard place == nil else { return look() }
    session.places.enter(.redis) { [self] in
      place = .redis
      look()
    }
  }

  private func look() {
    read { [self] snapshot in
      guard let mark = snapshot.mark else {
        // Something was done or begun, and nobody can tell what.
        guard snapshot.markBytes.isEmpty, !snapshot.isMarkOfAnotherType else {
          session.passOver("a command's mark", markKey.key, snapshot.markBytes)
          return escalate("what is remembered of it is not understood")
        }
        if let refusal { return leave(.failed, refusal) }
        return decide(snapshot)
      }
      guard !beginsAnew() else { return }
      guard mark.phase == .started else {
        return end(TargetOutcome(phase: mark.phase, detail: mark.detail, wasNotified: mark.wasNotified))
      }
      delegate.stepped()
      goOn(from: mark)
    }
  }

  /// Whether another run has begun in its place.
  func beginsAnew(failed check: Int? = nil) -> Bool {
    guard delegate.beginsAnew(target, failed: check) else { return false }
    leavePlace()
    return true
  }

  func end(_ outcome: TargetOutcome) {
    leavePlace()
    delegate.settled(target, outcome)
  }

  // MARK: Places

  private func leavePlace() {
    guard let place else { return }
    self.place = nil
    session.places.leave(place)
  }

  /// Whether it may act outside now. If not, it waits for a place among those that do the same, and then looks again:
  /// much may have changed meanwhile.
  private func hasPlace(for verb: ControlVerb, _ arguments: [String: String]) -> Bool {
    let kind = Places.Kind.outside(session.placeName(of: verb, arguments))
    guard place != kind else { return true }
    // It is said that the command was received before anything may take long.
    guard !beginsAnew() else { return false }
    if let reason = session.places.refusal(kind, for: delegate.commandDelivery) {
      leave(.failed, reason)
      return false
    }
    leavePlace()
    session.places.enter(kind, for: delegate.commandDelivery) { [self] in
      place = kind
      look()
    }
    return false
  }

  func read(_ completion: @escaping (TargetSnapshot) -> Void) {
    TargetSnapshot.read(target, mark: markKey, for: delegate.judged, in: session) { [self] snapshot in
      found = snapshot.isMarkOfAnotherType ? nil : snapshot.markBytes
      completion(snapshot)
    }
  }

  private func decide(_ snapshot: TargetSnapshot) {
    let now = session.now
    do throws(Refusal) {
      let change = try delegate.plan(target, snapshot, at: now)
      guard !delegate.isDryRun else { return leave(.skipped, "dry_run") }
      guard let control = change.control, let call = call(for: change), let actuator = actuator(of: change) else {
        return write(change, snapshot, at: now)
      }
      guard hasPlace(for: control.verb, control.arguments) else { return }
      intend(call, actuator, change, at: now)
    } catch {
      leave(delegate.refusedPhase, error.reason)
    }
  }

  // MARK: The actuator

  /// What acts outside; nil where the control message of the step is all there is to do.
  private func actuator(of change: Change) -> Actuator? {
    guard let control = change.control else { return nil }
    return session.actuator(of: control.verb, control.arguments)
  }

  private func call(for change: Change) -> ActuatorCall? {
    guard let control = change.control else { return nil }
    return ActuatorCall(
      name: control.verb.name, target: target, arguments: control.arguments, key: key, commandID: delegate.id,
      operator: delegate.author, reason: delegate.reason, until: control.until)
  }

  /// Says what is about to be done before it is: whoever finds this knows that it may have been.
  private func intend(_ call: ActuatorCall, _ actuator: Actuator, _ change: Change, at instant: Instant) {
    guard !session.isFinishing else { return }
    guard String(validating: target.bytes, as: UTF8.self) != nil else {
      return leave(.failed, "its id is not UTF-8: no service or program can be given it")
    }
    var mark = IdempotencyRecord(phase: .started, detail: change.detail)
    mark.intent = IdempotencyRecord.Intent(at: instant, call: call)
    var transaction = opened(isLast: false)
    transaction.change("SET", markKey, mark.encoded, "PX", HandlerOptions.marksStay.milliseconds)
    transaction.add(
      to: session.keys.audit,
      delegate.line(LineDraft(phase: .started, target: target, detail: change.detail, at: instant)))
    session.run(transaction) { [self] in
      guard proceeds($0) else { return }
      delegate.stepped()
      found = mark.encoded
      perform(call, actuator, since: instant)
    }
  }

  /// - Parameter isRepeat: whether the same may have been done before: then a refusal may only mean that it was.
  private func perform(_ call: ActuatorCall, _ actuator: Actuator, since instant: Instant, isRepeat: Bool = false) {
    // Whoever acts next goes on from the intent, where anybody can.
    guard !session.isFinishing || actuator.repeatRule(isSafe: isSafe(call)) == .never else { return }
    session.actuators.perform(call, by: actuator, rule: actuator.repeatRule(isSafe: isSafe(call))) { [self] result in
      guard !session.isOver else { return }
      switch result {
      case .done(let words): conclude(words, since: instant)
      case .failed(let reason) where isRepeat: find(call, actuator, since: instant, or: "done again, \(reason)")
      case .failed(let reason): leave(.failed, reason)
      case .unknown(let reason): find(call, actuator, since: instant, or: reason)
      }
    }
  }

  private func isSafe(_ call: ActuatorCall) -> Bool { Action(rawValue: call.name)?.isSafeToRepeat ?? false }

  /// An earlier handler, or this one before it lost its lease, has begun: nobody knows how far it came.
  private func goOn(from mark: IdempotencyRecord) {
    guard let intent = mark.intent else {
      session.passOver("what was begun", markKey.key)
      return escalate("what was begun is not understood")
    }
    let call = intent.call
    guard let verb = ControlVerb(name: call.name), let actuator = session.actuator(of: verb, call.arguments) else {
      // The configuration has changed meanwhile: the runtimes are told instead.
      guard isSafe(call) else { return escalate("its actuator is no longer configured") }
      return conclude("", since: intent.at, isActuated: false)
    }
    guard hasPlace(for: verb, call.arguments) else { return }
    guard actuator.repeatRule(isSafe: isSafe(call)) != .safe else {
      return perform(call, actuator, since: intent.at, isRepeat: true)
    }
    find(call, actuator, since: intent.at, or: "a handler ended while it was being done")
  }

  /// Finds out whether it was done, where that can be asked.
  private func find(_ call: ActuatorCall, _ actuator: Actuator, since instant: Instant, or reason: String) {
    guard case .lookUp(let request) = actuator.repeatRule(isSafe: isSafe(call)), lookUps < Self.mostLookUps else {
      return escalate(reason)
    }
    guard !session.isFinishing else { return }
    lookUps += 1
    session.actuators.lookUp(call, by: request) { [self] found in
      guard !session.isOver else { return }
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
    hasActed = true
    read { [self] snapshot in
      do throws(Refusal) {
        var change = try delegate.plan(target, snapshot, at: instant)
        if !words.isEmpty { change.detail += " (\(words))" }
        write(change, snapshot, at: session.now, isActuated: isActuated) { [self] in
          conclude(words, since: instant, isActuated: isActuated)
        }
      } catch {
        // It is done, and nothing is left to be recorded of it.
        let detail = [words, "done; \(error.reason)"].filter { !$0.isEmpty }.joined(separator: ", ")
        leave(.succeeded, detail)
      }
    }
  }
}
