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
/// out every second, by which a successor finds its place.
///
/// Where it loses the channels, which a burst is enough for, it subscribes anew and goes on in the same term: what was
/// published meanwhile is a gap, and told as one. See ``RecordingGap``.
final class Recorder {
  private let loop: Loop
  private let endpoint: Endpoint
  private let options: HandlerOptions
  private let keys: Keys
  private let log: Log
  private let patterns: [[UInt8]]
  private let script = Script(Recorder.script)
  private lazy var link = Link(loop: loop, endpoint: endpoint) { [weak self] in self?.changed($0) }
  private var receiver: MessageReceiver?
  private var buffer = RecordingBuffer()
  private var state = State.listening
  private var isSubscribed = false
  private lazy var gap = RecordingGap(keys: keys, log: log)
  private lazy var heartbeat = Heartbeat(loop: loop)
  private var isWriting = false
  private var flushIsDue = false
  /// The pong that says that all has been heard which was published before the end; nil if none is waited for.
  private var lastPong: Int?
  /// By which it is known that it records: the last marker after a subscription.
  private var sign: RecorderMarker?
  private var nonce = 0
  /// Whether the first marker of the term stands in the stream.
  private var isMarked = false
  private var markedAt = MonotonicTime(nanoseconds: 0)
  /// A marker that was sent and is not heard means that nothing else would be.
  private lazy var watchdog = Watchdog(loop: loop, limit: 3000)

  private enum State {
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

  private let notify: (Update) -> Void
  /// How many messages one script writes at most, and how many bytes.
  private static let batchCount = 2000
  private static let batchBytes = 512 * 1024
  /// Between two markers while messages flow.
  private static let markerMilliseconds = 1000.0

  init(
    loop: Loop, endpoint: Endpoint, options: HandlerOptions, keys: Keys, log: Log,
    notify: @escaping (Update) -> Void
  ) {
    self.loop = loop
    self.endpoint = endpoint
    self.options = options
    self.keys = keys
    self.log = log
    patterns = options.recordedPatterns.map { Array($0.utf8) }
    self.notify = notify
  }

  func start() { link.start() }

  func stop() {
    watchdog.rest()
    heartbeat.stop()
    state = .listening
    link.stop()
  }

  // MARK: Listening

  private func changed(_ notice: Link.Update) {
    switch notice {
    case .up(let connection):
      let receiver = MessageReceiver { [weak self, weak connection] in
        if let connection { self?.subscribed(connection) }
      } answered: { [weak self] in
        self?.heardAll()
      } deliver: { [weak self] channel, payload in
        self?.hear(channel, payload)
      }
      self.receiver = receiver
      connection.subscribe(channels: [keys.recorderChannel], patterns: patterns, receiver)
    case .down: unsubscribed()
    }
  }

  private func subscribed(_ connection: Connection) {
    isSubscribed = true
    heartbeat.start(connection)
    switch state {
    case .listening, .draining: break
    case .aligning(let session), .recording(let session):
      sign = mark(session)
      gap.end(in: session)
    }
    notify(.subscribed)
  }

  private func unsubscribed() {
    watchdog.rest()
    let heardAt = heartbeat.stop()
    guard isSubscribed else { return }
    isSubscribed = false
    switch state {
    case .listening: break
    case .aligning, .recording: gap.begin(at: heardAt)
    case .draining:
      lastPong = nil
      write()
    }
    notify(.unsubscribed)
  }

  private func hear(_ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) {
    let isMarker = channel.isEqual(to: keys.recorderChannel)
    if isMarker, RecorderMarker.decode(payload) == nil {
      if payload.isEqual(to: LeaderElection.releaseNotice) { notify(.released(isComplete: false)) }
      if payload.isEqual(to: LeaderElection.handOverNotice) { notify(.released(isComplete: true)) }
      return
    }
    guard isMarker || receiver?.isFirstMatch(of: patterns, channel) == true else { return }
    if isMarker { watchdog.rest() }
    let now = MonotonicTime.now
    heartbeat.heard(at: now)
    let isFree = if case .listening = state { !isWriting } else { false }
    if !buffer.append(channel, payload, at: now.milliseconds, isMarker: isMarker, lettingGo: isFree) {
      log(.error, "cannot write as fast as it hears; messages are lost", ["lost": "\(buffer.lost)"])
    }
    switch state {
    case .listening: buffer.trim(at: now.milliseconds)
    case .aligning: break
    case .recording(let session):
      if !isMarker, now.milliseconds(since: markedAt) >= Self.markerMilliseconds { _ = mark(session) }
      flushLater()
    case .draining: flushLater()
    }
  }

  // MARK: Taking over

  /// Begins to record in a term, once it hears; a second call in the same term does nothing.
  func record(in session: LeaseSession) {
    guard isSubscribed, case .listening = state, !session.isOver else { return }
    (state, isMarked) = (.aligning(session), false)
    sign = mark(session)
    let now = MonotonicTime.now.milliseconds
    // What is older was either written long ago or is past keeping.
    let recent = buffer.messages.firstIndex { now - $0.heardAt <= 2 * RecordingBuffer.keepsMilliseconds }
    buffer.removeFirst((recent ?? buffer.messages.endIndex) - buffer.messages.startIndex)
    guard let first = buffer.messages.first else { return begin(session, written: 0) }
    let start = session.now - .milliseconds(now - first.heardAt + 3000)
    let reader = RecordedReader(session, buffer, from: start) { [weak self] in
      self?.begin(session, written: $0)
    }
    reader.start()
  }

  private func begin(_ session: LeaseSession, written: Int) {
    guard case .aligning(let current) = state, current === session else { return }
    buffer.removeFirst(min(written, buffer.count))
    state = .recording(session)
    let count = buffer.messages.count { !$0.isMarker }
    log(.info, "recording", ["fence": "\(session.fence)", "bridged": "\(count)"])
    write()
  }

  private func mark(_ session: LeaseSession) -> RecorderMarker {
    nonce += 1
    let random = String(MachineRandom.number(in: UInt64.min ... .max), radix: 16)
    let marker = RecorderMarker(handler: options.id, fence: session.fence, nonce: "\(random)-\(nonce)")
    markedAt = .now
    if let connection = link.connection { watchdog.expect(on: connection) }
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
      session.later(inMilliseconds: 10_000) { [weak self] in self?.record(in: session) }
    case .listening, .aligning, .recording, .draining: break
    }
  }

  // MARK: Writing

  /// Writes what has gathered by the end of the turn.
  private func flushLater() {
    guard !flushIsDue else { return }
    flushIsDue = true
    loop.later { [weak self] in
      self?.flushIsDue = false
      self?.write()
    }
  }

  private var session: LeaseSession? {
    switch state {
    case .listening, .aligning: nil
    case .recording(let session), .draining(let session, _): session
    }
  }

  /// One batch at a time, so that the stream keeps the order.
  private func write() {
    guard let session, !isWriting else { return }
    guard !buffer.isEmpty else { return lastPong == nil ? drained() : () }
    guard session.mayAct else { return }
    let count = buffer.batch(count: Self.batchCount, bytes: Self.batchBytes)
    isWriting = true
    var arguments = EncodedArguments(session.fence)
    arguments.append(buffer.arguments(ofFirst: count))
    script.run(on: session.connection, keys: [keys.fence, keys.events], arguments: arguments) { [weak self] result in
      guard let self else { return }
      isWriting = false
      wrote(count, TransactionOutcome(result), session)
    }
  }

  private func wrote(_ count: Int, _ outcome: TransactionOutcome, _ session: LeaseSession) {
    switch outcome {
    case .done, .conflict:
      // In another term, or in none, the batch is found when that is aligned.
      guard self.session === session else { return write() }
      let written = buffer.messages.prefix(count)
      if case .recording = state, let sign, written.contains(where: { isMarker($0, sign) }) {
        isMarked = true
        notify(.recording)
      }
      buffer.removeFirst(count)
      write()
    case .fenced(let reason):
      // What became of the batch is found out by the next who aligns.
      if !session.isOver { session.onEnd(reason) }
    case .failed(let error):
      log(.error, "cannot record", ["error": error.text])
      session.later(inMilliseconds: 500) { [weak self] in self?.write() }
    }
  }

  private func isMarker(_ message: RecordingBuffer.Entry, _ marker: RecorderMarker) -> Bool {
    message.isMarker && RecorderMarker.decode(buffer.payload(of: message)) == marker
  }

  // MARK: Ending

  /// Writes what has been published so far, and then calls `completion`; at once where it does not record.
  func finish(_ completion: @escaping () -> Void) {
    guard case .recording(let session) = state else { return completion() }
    state = .draining(session, completion)
    lastPong = isSubscribed ? heartbeat.ping() : nil
    session.later(inMilliseconds: 1000) { [weak self] in self?.drained() }
    write()
  }

  /// All that was published before the ping has been heard.
  private func heardAll() {
    let pong = heartbeat.answered()
    guard let last = lastPong, pong >= last else { return }
    lastPong = nil
    if case .draining = state { write() }
  }

  private func drained() {
    guard case .draining(_, let completion) = state else { return }
    state = .listening
    completion()
  }

  /// The term is over: it only listens, and keeps what it could not write.
  func standBy() {
    watchdog.rest()
    gap.forget()
    let ended = state
    state = .listening
    if case .draining(_, let completion) = ended { completion() }
  }

  /// KEYS: the fence, the stream. ARGV: the fence; channel and payload of each message. `channel` stands first, so that
  /// a reader knows it when it meets the payload.
  private static let script = """
    local stored = redis.call('GET', KEYS[1])
    if stored ~= ARGV[1] then return redis.error_reply('FENCED ' .. (stored or 'no fence')) end
    for place = 2, #ARGV, 2 do
      redis.call('XADD', KEYS[2], '*', 'channel', ARGV[place], '__data__', ARGV[place + 1])
    end
    return {0}
    """
}
