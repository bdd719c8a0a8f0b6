import FleetModel
import Loop
import Wire

/// Listening to channels. What is recorded too counts where it comes first: see `Handover`.
extension EventFeed {
  /// What was heard while the stream was still being read to its end.
  enum Heard {
    struct Message {
      let channel: [UInt8]
      let payload: [UInt8]
      let isOversized: Bool
      let at: MonotonicTime
    }

    case message(Message)
    case marker(RecorderMarker, MonotonicTime)
    case pong
  }

  private static let mostHeldBytes = 16 << 20
  private static let standbyKeeps = TimeSpan.seconds(5)

  func listeningChanged(_ notice: Link.Update) {
    switch notice {
    case .up(let connection):
      let receiver = MessageReceiver { [weak self] in
        self?.channelIsUp = true
        self?.serve(.channels)
        self?.askForHandler()
      } refused: { [weak self] error in
        self?.channelsRefused(error)
      } answered: { [weak self] in
        self?.take(.pong)
      } deliver: { [weak self] channel, payload in
        self?.hear(channel, payload)
      }
      receiverOfChannels = receiver
      subscribe(connection)
    case .down: channelLost()
    }
    tellLinkState()
  }

  private func subscribe(_ connection: Connection) {
    guard let receiverOfChannels else { return }
    heardSince = .now
    connection.subscribe(
      channels: [options.keys.recorderChannel], patterns: patterns, receiverOfChannels)
  }

  /// Streams go on without channels; what is recorded of them counts.
  private func channelsRefused(_ error: ServerError) {
    guard error.concernsOneThing else { return listening.restart(.refused(error)) }
    channelLost()
    refuse(.channels, error)
    loop.schedule(inMilliseconds: error.advice.pause) { [weak self] in
      guard let self, !channelIsUp, let connection = listening.connection else { return }
      subscribe(connection)
    }
  }

  private func channelLost() {
    if channelIsUp, channelLoss == nil { channelLoss = (clock.now, lease?.isRecording == true) }
    channelIsUp = false
    heardSince = nil
    releaseHeld()
    handover.lostHearing(at: MonotonicTime.now.milliseconds)
    pings.removeAll()
  }

  private func hear(_ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) {
    let now = MonotonicTime.now
    cameAt = now
    if channel.isEqual(to: options.keys.recorderChannel) {
      if let marker = RecorderMarker.decode(payload), isOwn(marker) { take(.marker(marker, now)) }
      return
    }
    guard let receiver = receiverOfChannels, receiver.isFirstMatch(of: patterns, channel) else { return }
    if let filter, !filter.passes(payload) { return }
    guard isHolding else { return count(channel, payload, isOversized: receiver.isOversized, at: now) }
    take(.message(.init(channel: Array(channel), payload: Array(payload), isOversized: receiver.isOversized, at: now)))
  }

  /// Whether a marker stands in the stream that is read here.
  private func isOwn(_ marker: RecorderMarker) -> Bool {
    marker.shard == nil || marker.shard == options.keys.prefix.shard
  }

  private func count(
    _ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer, isOversized: Bool, at time: MonotonicTime
  ) {
    guard handover.hear(Handover.digest(channel, payload, isOversized: isOversized)) else { return }
    if isOversized { return notify(.unreadable(.tooLong, .channel)) }
    do throws(Unreadable) {
      try reader.read(payload, channel: channel, receivedAt: clock.instant(at: time)) { takeEvent($0, .channel) }
    } catch {
      notify(.unreadable(error, .channel))
    }
  }

  // MARK: What waits for the stream

  /// Asks the server to say that all it published up to now has been delivered.
  func ping(at now: MonotonicTime) {
    let moment = handover.pass(
      now.milliseconds, readToEndAt: readToEndAt.milliseconds, hasRecorder: lease?.isRecording == true)
    guard channelIsUp, let connection = listening.connection else { return }
    if isCalm, !isDue(pingedAt, options.patience.calmBlock) { return }
    pingedAt = now
    pings.append(moment)
    connection.ping()
  }

  private func take(_ item: Heard) {
    guard isHolding else { return apply(item) }
    held.append(item)
    if case .message(let message) = item { heldBytes += message.payload.count + message.channel.count + 64 }
    if heldBytes > Self.mostHeldBytes { releaseHeld() }
  }

  private func apply(_ item: Heard) {
    switch item {
    case .message(let message):
      message.channel.withUnsafeBytes { channel in
        message.payload.withUnsafeBytes {
          count(channel, $0, isOversized: message.isOversized, at: message.at)
        }
      }
    case .marker(let marker, let time): handover.hear(marker, at: time.milliseconds)
    case .pong: if !pings.isEmpty { handover.heardAll(readBefore: pings.removeFirst()) }
    }
  }

  /// What was heard while older events were still to be read follows them.
  func releaseHeld() {
    isHolding = false
    let items = held
    held = []
    heldBytes = 0
    for item in items { apply(item) }
  }

  // MARK: What was not heard

  /// Settles what the loss of the channels meant, once it is known who records.
  func judgeLoss() {
    guard channelIsUp, let loss = channelLoss else { return }
    channelLoss = nil
    var (start, end) = (loss.at, clock.now)
    if loss.wasRecorded { start = max(start, lastRecordedAt ?? start) }
    if let lease, lease.isRecording {
      // The stream holds what was recorded; what nobody recorded before is lost.
      end = max(loss.at, min(lease.since, end))
      if loss.wasRecorded {
        start = max(loss.at, terms.end(before: lease.fence) ?? loss.at)
        // A standby writes what it kept of what its predecessor missed.
        guard end - start > Self.standbyKeeps else { return }
      }
    }
    notify(.missed(Missed(cause: .notHeard, gap: Gap(from: start, to: end, count: nil))))
  }
}
