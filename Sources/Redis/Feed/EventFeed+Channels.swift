import FleetModel
import Loop
import Wire

/// Listening to channels. What is recorded too counts where it comes first: see `Handover`.
extension EventFeed: ChannelListener {
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

  func makeChannels() -> any ChannelSource {
    if let shards = options.shards, let shard = options.keys.prefix.shard {
      let hub = hub ?? ChannelHub(loop: loop, shards: shards, patterns: options.heardPatterns)
      return hub.source(of: shard, for: self)
    }
    return OwnSubscription(
      loop: loop, endpoint: endpoint, recorderChannel: options.keys.recorderChannel,
      patterns: options.heardPatterns.map { Array($0.utf8) }, listener: self)
  }

  package func subscribes(since moment: MonotonicTime) {
    heardSince = moment
    tellLinkState()
  }

  package func subscribed(_ connection: Connection) {
    channelIsUp = true
    serve(.channels)
    askForHandler()
  }

  package func unsubscribed() {
    channelLost()
    tellLinkState()
  }

  /// Streams go on without channels; what is recorded of them counts.
  package func refused(_ error: ServerError) -> Bool {
    channelLost()
    refuse(.channels, error)
    return true
  }

  package func heardAll() { take(.pong) }

  private func channelLost() {
    if channelIsUp, channelLoss == nil { channelLoss = (clock.now, lease?.isRecording == true) }
    channelIsUp = false
    heardSince = nil
    releaseHeld()
    handover.lostHearing(at: MonotonicTime.now.milliseconds)
    pings.removeAll()
  }

  package func hear(_ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer, isOversized: Bool) {
    let now = MonotonicTime.now
    cameAt = now
    guard isHolding else { return count(channel, payload, isOversized: isOversized, at: now) }
    take(.message(.init(channel: Array(channel), payload: Array(payload), isOversized: isOversized, at: now)))
  }

  package func hear(
    _ notice: RecorderNotice, _ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer
  ) {
    let now = MonotonicTime.now
    cameAt = now
    if case .marker(let marker) = notice, isOwn(marker) { take(.marker(marker, now)) }
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
    guard channelIsUp, channels.connection != nil else { return }
    if isCalm, !isDue(pingedAt, options.patience.calmBlock) { return }
    pingedAt = now
    pings.append(moment)
    channels.ping()
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
