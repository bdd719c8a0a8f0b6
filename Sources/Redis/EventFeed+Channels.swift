import FleetModel
import Loop
import Wire

/// Listening to channels, and who counts what is heard: see `Handover`.
extension EventFeed {
  func listeningChanged(_ notice: Link.Notice) {
    switch notice {
    case .up(let connection):
      let receiver = MessageReceiver { [weak self] in
        self?.channelIsUp = true
        self?.serve(.channels)
        self?.askForHandler()
      } refused: { [weak self] error in
        self?.channelsRefused(error)
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
    connection.subscribe(
      channels: [options.keys.recorderChannel], patterns: allPatterns.map { Array($0.utf8) }, receiverOfChannels)
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
    if channelIsUp, channelLoss == nil { channelLoss = (clock.now, handover.countsLive != false) }
    channelIsUp = false
    directAfter = nil
    handover.channelLost()
  }

  /// The recorded patterns, then those asked for; a message counts for the first that matches its channel.
  private var allPatterns: [String] {
    Keys.recordedPatterns + options.patterns.filter { !Keys.recordedPatterns.contains($0) }
  }

  private func hear(_ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) {
    let now = MonotonicTime.now
    if channel.elementsEqual(options.keys.recorderChannel) {
      if let marker = RecorderMarker.decode(payload) { count(handover.heard(marker, at: now.milliseconds)) }
      return
    }
    guard let pattern = receiverOfChannels?.pattern, isFirstMatch(pattern, channel) else { return }
    if Self.isRecorded(channel) {
      let isCounted = handover.heard(
        .init(channel: Array(channel), payload: Array(payload), heardAt: now.milliseconds), bytes: payload.count)
      guard isCounted else { return }
    }
    if receiverOfChannels?.isOversized == true { return notify(.unreadable(.tooLong, .channel)) }
    decode(channel, payload, at: clock.instant(at: now))
  }

  func decode(_ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer, at instant: Instant) {
    do throws(Unreadable) {
      notify(.event(try decoder.decode(payload, channel: channel, receivedAt: instant), .channel))
    } catch {
      notify(.unreadable(error, .channel))
    }
  }

  /// Redis sends a message once for each pattern that matches.
  private func isFirstMatch(_ pattern: [UInt8], _ channel: UnsafeRawBufferPointer) -> Bool {
    if Self.isRecorded(channel) { return Keys.recordedPatterns.contains { pattern.elementsEqual($0.utf8) } }
    guard options.patterns.count > 1 else { return true }
    return options.patterns.first { Glob.matches(Array($0.utf8), channel) }.map { pattern.elementsEqual($0.utf8) }
      ?? true
  }

  private static func isRecorded(_ channel: UnsafeRawBufferPointer) -> Bool {
    channel.starts(with: "agent.".utf8) || channel.starts(with: "agents.".utf8)
  }

  // MARK: Who records

  /// A recorder's lease lasts three seconds: gone for this long, it is not about to be renewed, and what it missed is
  /// still within what is kept.
  private static let recorderPatience: Int64 = 1500

  /// - Parameter end: the recorded stream's last id, asked for after the lease; nil where it was not.
  func judgeRecorder(_ lease: Lease?, end: StreamID?) {
    guard channelIsUp else { return }
    let now = MonotonicTime.now.milliseconds
    handover.expire(at: now)
    if let lease, lease.isRecording {
      recorderSeenAt = now
      directAfter = nil
      if handover.countsLive == nil { follow(lease) }
    } else if handover.countsLive == nil
      || (handover.countsLive == false && now - recorderSeenAt > Self.recorderPatience)
    {
      directAfter = end
      goDirectIfRead()
    }
  }

  /// The stream holds what was recorded; what nobody recorded before is lost.
  private func follow(_ lease: Lease) {
    handover.follow()
    guard let loss = channelLoss else { return }
    channelLoss = nil
    guard loss.wasDirect else { return }
    let end = max(loss.at, min(lease.since, clock.now))
    notify(.gap(Gap(cause: .notHeard, from: loss.at, to: end)))
  }

  /// Live messages count from where the recorded ones end: those are read first.
  func goDirectIfRead() {
    guard let end = directAfter, let place = places.first, place.last >= end || place.refusal != nil else { return }
    directAfter = nil
    goDirect()
  }

  private func goDirect() {
    count(handover.goDirect())
    guard let loss = channelLoss else { return }
    channelLoss = nil
    // What was recorded while nothing was heard has been read.
    let start = loss.wasDirect ? loss.at : max(loss.at, lastRecordedAt ?? loss.at)
    notify(.gap(Gap(cause: .notHeard, from: start, to: clock.now)))
  }

  /// Counts what was heard, and not recorded.
  func count(_ bridge: Handover.Bridge?) {
    guard let bridge else { return }
    for message in bridge.messages {
      let age = MonotonicTime.now.milliseconds - message.heardAt
      message.channel.withUnsafeBytes { channel in
        message.payload.withUnsafeBytes { decode(channel, $0, at: clock.now - .milliseconds(age)) }
      }
    }
    if !bridge.isExact {
      let start = clock.now - .milliseconds(Handover.keepsMilliseconds)
      notify(.gap(Gap(cause: .notRecorded, from: start, to: clock.now)))
    }
  }
}
