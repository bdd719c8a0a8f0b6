import FleetModel
import Logging
import Loop
import Redis
import Wire

/// What a handler knows of its server's replicas, and what waits until one of them has what was written.
///
/// A class, because the election and the session share it.
final class Replication {
  /// What came of a renewal that was to be confirmed.
  enum Update {
    case confirmed(fence: Int, time: Reply, asked: (boot: BootTime, running: MonotonicTime))
    case refused(fence: Int, ServerError)
    /// The reason has changed for which nothing is confirmed.
    case unconfirmed(String)
    /// There is something to take by ``takeLosses()``.
    case lossesFound
  }

  private struct Renewal {
    var fence: Int
    var round: ReplicaConfirmation.Renewal
  }

  private let loop: Loop
  private let confirmation: ReplicaConfirmation
  private var notify: (Update) -> Void
  private(set) var durability: Durability
  /// What the server said last of itself.
  private(set) var state = ReplicaState()
  /// Why the last round confirmed nothing; nil if it did.
  private(set) var doubt: String?
  private var renewal: Renewal?
  private var isDue = false
  /// What is done once a replica has what was written before it came.
  private var waiting: [() -> Void] = []
  private var lookedAt: MonotonicTime?
  /// Where the streams of the server ended that was asked last, and which server that was.
  private var marks: StreamMarks
  private var markedRunID: String?
  /// What the present server lacks of what the one before had, in words; nil if nothing is known to be lost, or it was told.
  private var losses: String?

  /// How often the server is asked for its replicas, in milliseconds.
  private static let lookSpan = 2000.0
  /// The pause before the next round after one that ended at once with nothing.
  private static let pause: Int64 = 100

  init(
    loop: Loop, endpoint: Endpoint, keys: Keys, setting: Durability.Setting, _ notify: @escaping (Update) -> Void
  ) {
    self.loop = loop
    self.notify = notify
    marks = StreamMarks(keys)
    durability = Durability(setting: setting)
    confirmation = ReplicaConfirmation(loop: loop, endpoint: endpoint)
  }

  /// Whether what is written must stand on a replica before it counts.
  var isReplicated: Bool { witness != .nobody }

  private var witness: Durability.Witness { durability.witness(at: MonotonicTime.now.milliseconds) }

  func apply(_ setting: Durability.Setting) { durability.setting = setting }

  // MARK: Looking

  /// Asks the server for its replicas, unless that was done a moment ago. Answers come before those to later requests.
  func look(on connection: Connection) {
    guard lookedAt.map({ MonotonicTime.now.milliseconds(since: $0) >= Self.lookSpan }) ?? true else { return }
    lookedAt = .now
    var replies: [Reply] = []
    for request in ReplicaState.requests {
      connection.send(request) { [weak self] result in
        guard let self, case .success(let reply) = result else { return }
        replies.append(reply)
        if replies.count == ReplicaState.requests.count { note(ReplicaState(replies), on: connection) }
      }
    }
  }

  private func note(_ new: ReplicaState, on connection: Connection) {
    note(new)
    // A server without replicas, which had none, costs nothing more.
    guard isReplicated || markedRunID != nil else { return }
    if let markedRunID, let runID = new.runID, runID != markedRunID {
      self.markedRunID = nil
      let former = marks
      ask(former.questions, on: connection) { [weak self] in
        guard let self, let words = former.losses($0) else { return }
        losses = "\(connection.endpoint) serves now, and lacks what was written before: \(words)"
        notify(.lossesFound)
      }
    }
    ask(marks.requests, on: connection) { [weak self] in
      self?.marks.note($0)
      self?.markedRunID = new.runID
    }
  }

  private func ask(_ requests: [Request], on connection: Connection, _ completion: @escaping ([Reply]) -> Void) {
    var replies: [Reply] = []
    for request in requests {
      connection.send(request) { result in
        guard case .success(let reply) = result else { return }
        replies.append(reply)
        if replies.count == requests.count { completion(replies) }
      }
    }
  }

  /// What was lost with the server before, in words, once.
  func takeLosses() -> String? {
    defer { losses = nil }
    return losses
  }

  private func note(_ new: ReplicaState) {
    state = new
    durability.note(replicas: new.replicas, at: MonotonicTime.now.milliseconds)
    durability.mayBeReplaced = confirmation.mayBeReplaced(hasSeenReplica: durability.hasSeenReplica)
    if isReplicated { confirmation.start() }
  }

  /// The connection is another one: what was known of the server counts no more.
  func connectionChanged() {
    (state, lookedAt) = (ReplicaState(), nil)
    rest()
  }

  // MARK: Confirming

  /// Writes a lease that was just taken, and finds out whether a replica has it.
  func confirm(
    _ fence: Int, _ round: ReplicaConfirmation.Renewal, _ completion: @escaping (ReplicaConfirmation.Outcome) -> Void
  ) {
    rest()
    confirmation.confirm(round, on: state.runID, by: witness) { [weak self] outcome in
      if case .confirmed = outcome { self?.renewal = Renewal(fence: fence, round: round) }
      self?.noteDoubt(outcome)
      completion(outcome)
    }
  }

  /// Renews a lease, and has what waits confirmed with it.
  func renew(_ fence: Int, _ round: ReplicaConfirmation.Renewal) {
    renewal = Renewal(fence: fence, round: round)
    begin()
  }

  /// Calls `work` once a replica has all that was written up to now; at once if that is not asked for. Never if the lease
  /// ends before.
  func whenConfirmed(_ work: @escaping () -> Void) {
    guard isReplicated else { return work() }
    waiting.append(work)
    begin()
  }

  /// The lease is over: nothing waits any more.
  func rest() {
    (renewal, waiting, isDue) = (nil, [], false)
    confirmation.cancel()
  }

  func stop() {
    rest()
    notify = { _ in }
    confirmation.stop()
  }

  /// One round is under way at a time; what comes meanwhile shares the next.
  private func begin() {
    guard let renewal else { return }
    guard !confirmation.isBusy else {
      isDue = true
      return
    }
    isDue = false
    let batch = waiting
    waiting = []
    let asked = (boot: BootTime.now, running: MonotonicTime.now)
    confirmation.confirm(renewal.round, on: state.runID, by: witness) { [weak self] outcome in
      self?.ended(outcome, renewal.fence, asked, batch)
    }
  }

  private func ended(
    _ outcome: ReplicaConfirmation.Outcome, _ fence: Int, _ asked: (boot: BootTime, running: MonotonicTime),
    _ batch: [() -> Void]
  ) {
    // The lease may have ended meanwhile, or be another one.
    guard renewal?.fence == fence else { return }
    let former = doubt
    noteDoubt(outcome)
    switch outcome {
    case .confirmed(let time):
      notify(.confirmed(fence: fence, time: time, asked: asked))
      for work in batch { work() }
      if isDue || !waiting.isEmpty { begin() }
    case .refused(let error):
      waiting = batch + waiting
      notify(.refused(fence: fence, error))
    case .unconfirmed(let reason):
      waiting = batch + waiting
      if former != reason { notify(.unconfirmed(reason)) }
      loop.schedule(inMilliseconds: Self.pause) { [weak self] in self?.begin() }
    }
  }

  private func noteDoubt(_ outcome: ReplicaConfirmation.Outcome) {
    switch outcome {
    case .confirmed: doubt = nil
    case .refused(let error): doubt = "\(error)"
    case .unconfirmed(let reason): doubt = reason
    }
  }
}
