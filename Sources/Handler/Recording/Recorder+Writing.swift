import FleetModel
import Logging
import Loop
import Redis
import Wire

/// How it writes what was heard, and how it ends.
extension Recorder {
  // MARK: Writing

  /// Writes what has gathered by the end of the turn.
  func flushLater() {
    guard !flushIsDue else { return }
    flushIsDue = true
    loop.later { [weak self] in
      self?.flushIsDue = false
      self?.write()
    }
  }

  var session: LeaseSession? {
    switch state {
    case .listening, .aligning: nil
    case .recording(let session), .draining(let session, _): session
    }
  }

  /// One batch at a time, so that the stream keeps the order.
  func write() {
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
      session.counts.noteRecorded(written.count { !$0.isMarker })
      buffer.removeFirst(count)
      write()
    case .fenced(let reason):
      // What became of the batch is found out by the next who aligns.
      if !session.isOver { session.lose(reason) }
    case .failed(let error):
      log(.error, "cannot record", ["error": error.text])
      session.later(inMilliseconds: 500) { [weak self] in self?.write() }
    }
  }

  func isMarker(_ message: RecordingBuffer.Entry, _ marker: RecorderMarker) -> Bool {
    message.isMarker && RecorderMarker.decode(buffer.payload(of: message)) == marker
  }

  // MARK: Ending

  /// Writes what has been published so far, and then calls `completion`; at once where it does not record.
  func finish(_ completion: @escaping () -> Void) {
    if case .aligning = state {
      endsAfterAligning = completion
      return
    }
    guard case .recording(let session) = state else { return completion() }
    state = .draining(session, completion)
    lastPong = isSubscribed ? heartbeat.ping() : nil
    session.later(inMilliseconds: 1000) { [weak self] in self?.drained() }
    write()
  }

  /// All that was published before the ping has been heard.
  func heardAll() {
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

  /// It aligns no more, and does not record: who waits for that waits no longer.
  func endAligning() {
    let completion = endsAfterAligning
    endsAfterAligning = nil
    completion?()
  }

  /// The term is over: it only listens, and keeps what it could not write.
  func standBy() {
    watchdog.rest()
    forgetMark()
    gap.forget()
    let ended = state
    state = .listening
    if case .draining(_, let completion) = ended { completion() }
    endAligning()
  }

  /// KEYS: the fence, the stream. ARGV: the fence; channel and payload of each message. `channel` stands first, so that
  /// a reader knows it when it meets the payload.
  static let script = """
    local stored = redis.call('GET', KEYS[1])
    if stored ~= ARGV[1] then return redis.error_reply('FENCED ' .. (stored or 'no fence')) end
    for place = 2, #ARGV, 2 do
      redis.call('XADD', KEYS[2], '*', 'channel', ARGV[place], '__data__', ARGV[place + 1])
    end
    return {0}
    """
}
