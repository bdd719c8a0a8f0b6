import FleetModel
import Logging
import Loop
import Redis
import Wire

/// Writes what is heard on channels into the stream of events, each message once, whoever of the handlers is active.
///
/// All handlers listen. The active one writes everything it hears, the markers on the recorder's channel among it, in
/// the order in which it hears it:
/// ```
/// takeover ─ publish a marker ─ find what the one before has written ─ write the rest, the marker, and what follows
/// ```
/// So the marker stands in the stream where it was heard among the messages. While messages flow a further marker goes
/// out every second, and one behind the last message: a successor finds its place by the last marker that it heard. If it
/// heard a message and no marker near it, it could not tell that message from another one with the same bytes.
///
/// Where it loses the channels, which a burst is enough for, it subscribes anew and goes on in the same term: what was
/// published meanwhile is a gap, and told as one. See ``RecordingGap``.
final class Recorder {
  let loop: Loop
  private let endpoint: Endpoint
  let options: HandlerOptions
  /// Hears the channels for all shards of a divided fleet; nil if the fleet is not divided.
  private let hub: ChannelHub?
  let keys: Keys
  let log: Log
  let script = Script(Recorder.script)
  private(set) lazy var source = makeSource()
  var buffer = RecordingBuffer()
  var state = State.listening
  var isSubscribed = false
  lazy var gap = RecordingGap(keys: keys, log: log)
  lazy var heartbeat = Heartbeat(loop: loop)
  var isWriting = false
  var flushIsDue = false
  /// The pong that says that all has been heard which was published before the end; nil if none is waited for.
  var lastPong: Int?
  /// What waits until it is known what the one before has written, so that all can be written and it can end.
  var endsAfterAligning: (() -> Void)?
  /// By which it is known that it records: the last marker after a subscription.
  var sign: RecorderMarker?
  private var nonce = 0
  /// How far the server's clock has been set forward since it aligned last, in milliseconds: what was written before has an
  /// older time than its age tells.
  private var stepped: Int64 = 0
  /// What is kept is no older: after more nothing of it is to be found.
  private static let mostStepped = 2 * RecordingBuffer.keepsMilliseconds
  /// Whether the first marker of the session stands in the stream.
  var isMarked = false
  var markedAt = MonotonicTime(nanoseconds: 0)
  /// The marker behind messages that came less than a second after the last.
  var markTimer: Loop.TimerID?
  /// A marker that was sent and is not heard means that nothing else would be.
  lazy var watchdog = Watchdog(loop: loop, limit: 3000)

  enum State {
    /// Another records, or nobody.
    case listening
    /// Finds what the one before has written.
    case aligning(LeaseSession)
    case recording(LeaseSession)
    /// Writes what it has heard, and then tells.
    case draining(LeaseSession, () -> Void)
  }

  enum Update {
    /// It hears everything from here on.
    case subscribed
    /// It hears nothing at present; what it has heard before it writes.
    case unsubscribed
    /// Its marker is in the stream.
    case recording
    /// Another handler gave its lease back; complete where it had written all that was published before.
    case released(isComplete: Bool)
  }

  let notify: (Update) -> Void
  /// How many messages one script writes at most, and how many bytes.
  static let batchCount = 2000
  static let batchBytes = 512 * 1024
  /// Between two markers while messages flow.
  static let markerMilliseconds = 1000.0

  init(
    loop: Loop, endpoint: Endpoint, options: HandlerOptions, keys: Keys, log: Log, hub: ChannelHub? = nil,
    notify: @escaping (Update) -> Void
  ) {
    self.loop = loop
    self.endpoint = endpoint
    self.options = options
    self.keys = keys
    self.log = log
    self.hub = hub
    self.notify = notify
  }

  private func makeSource() -> any ChannelSource {
    if let hub, let shard = options.shard { return hub.source(of: shard, for: self) }
    return OwnSubscription(
      loop: loop, endpoint: endpoint, recorderChannel: keys.recorderChannel,
      patterns: options.recordedPatterns.map { Array($0.utf8) }, listener: self)
  }

  func start() { source.start() }

  func stop() {
    watchdog.rest()
    forgetMark()
    heartbeat.stop()
    state = .listening
    source.stop()
  }

  // MARK: Taking over

  /// Begins to record in a term, once it hears; a second call in the same term does nothing.
  func record(in session: LeaseSession) {
    guard isSubscribed, case .listening = state, !session.isOver else { return }
    (state, isMarked) = (.aligning(session), false)
    sign = mark(session)
    let now = BootTime.now.milliseconds
    // What is older was either written long ago or is past keeping.
    let recent = buffer.messages.firstIndex { now - $0.heardAt <= 2 * RecordingBuffer.keepsMilliseconds }
    buffer.removeFirst((recent ?? buffer.messages.endIndex) - buffer.messages.startIndex)
    guard let first = buffer.messages.first else { return begin(session, written: 0) }
    let start = session.now - .milliseconds(now - first.heardAt + 3000 + stepped)
    let reader = RecordedReader(session, buffer, from: start) { [weak self] in
      self?.begin(session, written: $0)
    }
    reader.start()
  }

  /// The server's clock was set anew, or this machine slept.
  func clockLeapt(by step: TimeSpan) { stepped = min(stepped + max(0, step.milliseconds), Self.mostStepped) }

  private func begin(_ session: LeaseSession, written: Int) {
    guard case .aligning(let current) = state, current === session else { return }
    buffer.removeFirst(min(written, buffer.count))
    (state, stepped) = (.recording(session), 0)
    let count = buffer.messages.count { !$0.isMarker }
    log(.info, "recording", ["fence": "\(session.fence)", "bridged": "\(count)"])
    if buffer.messages.last?.isMarker == false { markSoon(session, at: .now) }
    write()
    if let completion = endsAfterAligning {
      endsAfterAligning = nil
      finish(completion)
    }
  }

  func mark(_ session: LeaseSession) -> RecorderMarker {
    nonce += 1
    let random = String(MachineRandom.number(in: UInt64.min ... .max), radix: 16)
    let marker = RecorderMarker(
      handler: options.id, fence: session.fence, nonce: "\(random)-\(nonce)", shard: options.shard)
    markedAt = .now
    forgetMark()
    if let connection = source.connection { watchdog.expect(on: connection) }
    var transaction = Transaction()
    transaction.publish(keys.recorderChannel, marker.encode())
    session.run(transaction) { [weak self, weak session] _, leftOut in
      if let session, !leftOut.isEmpty { self?.cannotMark(session) }
    }
    return marker
  }

  /// Without its marker nobody could tell what it has written: it listens on, and tries again.
  private func cannotMark(_ session: LeaseSession) {
    watchdog.rest()
    switch state {
    // What is being recorded goes on: only a successor would miss its place.
    case .recording where isMarked: break
    case .aligning(let current) where current === session, .recording(let current) where current === session:
      state = .listening
      log(.error, "may not publish its marker; acting without recording")
      endAligning()
      session.later(inMilliseconds: 10_000) { [weak self] in self?.record(in: session) }
    case .listening, .aligning, .recording, .draining: break
    }
  }
}
