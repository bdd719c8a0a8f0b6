import FleetModel
import Logging
import Loop
import Redis
import Wire

/// Who of several handlers acts: asks for the lease, keeps it, and says when it is lost.
///
/// ```
///                      take: nobody holds it
///   away ── up ──▶ standby ──────────────────────▶ active ── renewed every second
///    ▲               ▲                               │
///    └──── down ─────┴── refused, too late, released ┘
/// ```
final class LeaderElection {
  enum Update {
    /// It holds the lease, and may act until the moment given unless told of a later one.
    case taken(fence: Int, mayActUntil: BootTime)
    /// With the server's time, and when it was asked.
    case renewed(mayActUntil: BootTime, time: Reply, asked: MonotonicTime)
    /// It must not act any more.
    case lost(String)
  }

  enum State {
    case away
    case standby
    case active(Lease, mayActUntil: BootTime)
  }

  let loop: Loop
  let log: Log
  let keys: Keys
  let options: HandlerOptions
  let clock: () -> Instant
  private let notify: (Update) -> Void
  var state = State.away
  var connection: Connection?
  var timer: Loop.TimerID?
  /// The highest fence that this handler has seen, or had.
  var highestFence = 0
  /// The lease as it was last written by this handler: one that is found so may be taken over at once.
  var written: [UInt8] = []
  var isAsking = false
  /// Whether it may ask: a handler that cannot record yet waits.
  private(set) var isCandidate = false
  /// What its lease says is wrong with its settings.
  var fault: String?
  /// What its lease says is wrong with the server's memory.
  var warning: String?
  /// Since when it has heard the channels.
  private var listeningSince: MonotonicTime?
  /// Whether others are about, one of which may have listened for longer.
  var mustYield = false
  var hasYielded = false

  /// What Redis must allow before it asks for the lease, and whether that is known on this connection.
  let rights: Rights
  var hasRights = false
  var missing = Rights.Missing()
  /// When a refusal was last found to touch nothing that it needs.
  private var doubtedAt: MonotonicTime?
  private static let doubtMilliseconds = 10_000.0
  /// When the lease was taken last, and whether another's fence was in the way of the last question.
  var takenAt: MonotonicTime?
  var wasOutrun = false

  lazy var watchdog = Watchdog(loop: loop, limit: options.leaseSpan.milliseconds)

  let takeScript = Script(LeaseScripts.take)
  private let renewScript = Script(LeaseScripts.renew)
  private let releaseScript = Script(LeaseScripts.release)

  init(
    loop: Loop, keys: Keys, options: HandlerOptions, log: Log, clock: @escaping () -> Instant,
    notify: @escaping (Update) -> Void
  ) {
    self.loop = loop
    self.log = log
    rights = Rights(keys)
    self.keys = keys
    self.options = options
    self.clock = clock
    self.notify = notify
  }

  func connected(_ connection: Connection) {
    self.connection = connection
    state = .standby
    isAsking = false
    hasRights = false
    ask()
  }

  func disconnected() {
    connection = nil
    let wasActive = isActive
    watchdog.rest()
    state = .away
    loop.cancel(timer)
    if wasActive { notify(.lost("the connection is gone")) }
  }

  var isActive: Bool {
    if case .active = state { true } else { false }
  }

  /// Lets it ask for the lease.
  ///
  /// - Parameter listens: whether it hears the channels from here on.
  func enterCandidacy(listens: Bool) {
    if listens { listeningSince = .now }
    guard !isCandidate else { return }
    isCandidate = true
    ask()
  }

  /// Keeps it from asking; a lease that it holds stays.
  func withdraw() {
    isCandidate = false
    hearsNothing()
  }

  /// It hears the channels no longer: if it has to ask for the lease anew, those who do go first.
  func hearsNothing() {
    listeningSince = nil
    mustYield = true
  }

  /// How long it lets others go first, in milliseconds: the longer, the less of what a dead recorder missed it has
  /// heard itself.
  var yieldSpan: Int64 {
    guard mustYield, !hasYielded else { return 0 }
    let listened = listeningSince.map { MonotonicTime.now.milliseconds(since: $0) } ?? 0
    let missing = 1 - min(1, listened / Double(HandlerOptions.listeningMilliseconds))
    return Int64(600 * missing)
  }

  /// Says in the lease that events are being recorded.
  func setRecording(_ isRecording: Bool) {
    guard case .active(var lease, let until) = state, lease.isRecording != isRecording else { return }
    lease.isRecording = isRecording
    state = .active(lease, mayActUntil: until)
    renew()
  }

  /// Says in the lease, this one or the next, what is wrong with the settings; nil if nothing is.
  func setFault(_ fault: String?) {
    self.fault = fault
    guard case .active(var lease, let until) = state, lease.fault != fault else { return }
    lease.fault = fault
    state = .active(lease, mayActUntil: until)
    renew()
  }

  /// Says in the lease what is wrong with the server's memory; nil if nothing is.
  func setWarning(_ warning: String?) {
    self.warning = warning
    guard case .active(var lease, let until) = state, lease.warning != warning else { return }
    lease.warning = warning
    // It goes with the next renewal: nothing waits for it.
    state = .active(lease, mayActUntil: until)
  }

  /// Says in the lease why rules are held back; nil while they are not.
  func setHeld(_ reason: String?) {
    guard case .active(var lease, let until) = state, lease.held != reason else { return }
    let isNews = (lease.held == nil) != (reason == nil)
    lease.held = reason
    state = .active(lease, mayActUntil: until)
    // That a share has changed goes with the next renewal.
    if isNews { renew() }
  }

  /// Gives the lease back.
  ///
  /// - Parameter isComplete: whether all that it heard is written: then whoever is first may go on.
  func release(isComplete: Bool = false, _ completion: @escaping () -> Void = {}) {
    guard case .active(let lease, _) = state, let connection else { return completion() }
    state = .standby
    loop.cancel(timer)
    written = []
    let arguments = EncodedArguments(
      lease.fence, keys.recorderChannel, isComplete ? Self.handOverNotice : Self.releaseNotice)
    releaseScript.run(on: connection, keys: [keys.lease, keys.fence], arguments: arguments) { _ in completion() }
    notify(.lost("the lease was given back"))
    wait(options.attemptSpan)
  }

  /// What a handler says on the recorder's channel that gives its lease back; no marker, so that nobody else minds.
  static let releaseNotice = Array(#"{"released":true}"#.utf8)

  static let handOverNotice = Array(#"{"released":true,"complete":true}"#.utf8)

  /// Another gave its lease back.
  func leaseWasReleased(isComplete: Bool) {
    // Nothing was missed that one who has listened for longer would know.
    if isComplete { mustYield = false }
    ask()
  }

  /// The server or somebody else ended it: it may ask again.
  func lose(_ reason: String) {
    guard case .active = state else { return }
    state = .standby
    notify(.lost(reason))
    // A lease that is lost as soon as it is had would be asked for without end.
    let isShort = takenAt.map { MonotonicTime.now.milliseconds(since: $0) < 1000 } ?? false
    if isShort { wait(options.attemptSpan) } else { ask() }
  }

  /// Redis has refused something: what is missing is said, and without what is needed the lease is given back.
  func doubtRights() {
    // What is optional may be refused again and again: it was asked for a moment ago.
    let isKnown = doubtedAt.map { MonotonicTime.now.milliseconds(since: $0) < Self.doubtMilliseconds } ?? false
    guard hasRights, !isAsking, !isKnown, let connection else { return }
    lookAtRights(connection) { [weak self] in
      guard let self else { return }
      doubtedAt = hasRights ? .now : nil
      if isActive, !hasRights { release() }
    }
  }

  /// Asks no more, and lets everything go.
  func halt() {
    watchdog.rest()
    loop.cancel(timer)
    connection = nil
    state = .away
  }

  // MARK: Keeping it

  /// Counted from before the request left: the server began to count later.
  func end(askedAt asked: BootTime) -> BootTime {
    asked.adding(milliseconds: options.leaseSpan.milliseconds - options.leaseMargin.milliseconds)
  }

  func activate(_ lease: Lease, _ asked: BootTime) {
    state = .active(lease, mayActUntil: end(askedAt: asked))
    renewLater()
    notify(.taken(fence: lease.fence, mayActUntil: end(askedAt: asked)))
  }

  private func renewLater() {
    loop.cancel(timer)
    timer = loop.schedule(inMilliseconds: options.renewalSpan.milliseconds) { [weak self] in self?.renew() }
  }

  private func renew() {
    guard case .active(let lease, let until) = state, let connection else { return }
    guard BootTime.now < until else { return lose("the lease could not be renewed in time") }
    renewLater()
    let (asked, askedTime) = (BootTime.now, MonotonicTime.now)
    let bytes = LeaseCoding.encode(lease)
    written = bytes
    watchdog.expect(on: connection)
    let arguments = EncodedArguments(lease.fence, bytes, options.leaseSpan.milliseconds)
    renewScript.run(on: connection, keys: [keys.lease, keys.fence], arguments: arguments) { [weak self] result in
      self?.watchdog.rest()
      guard let self, case .active(let current, _) = state, current.fence == lease.fence else { return }
      guard case .success(let reply) = result else { return }
      if let error = reply.error {
        if error.code == "FENCED" { return lose(error.text) }
        log(.error, "cannot renew the lease", ["error": error.text])
        if error.code == "NOPERM" { doubtRights() }
        return
      }
      state = .active(current, mayActUntil: end(askedAt: asked))
      notify(.renewed(mayActUntil: end(askedAt: asked), time: reply, asked: askedTime))
    }
  }
}
