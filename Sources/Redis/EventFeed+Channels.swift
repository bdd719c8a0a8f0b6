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
        self?.askForHandler()
      } deliver: { [weak self] channel, payload in
        self?.hear(channel, payload)
      }
      receiverOfChannels = receiver
      connection.subscribe(
        channels: [options.keys.recorderChannel], patterns: allPatterns.map { Array($0.utf8) }, receiver)
    case .down:
      if channelIsUp, handover.countsLive == true { channelLostAt = clock.now }
      channelIsUp = false
      handover.channelLost()
    }
    tellLinkState()
  }

  /// The recorded patterns, then those asked for; a message counts for the first that matches its channel.
  private var allPatterns: [String] {
    Keys.recordedPatterns + options.patterns.filter { !Keys.recordedPatterns.contains($0) }
  }

  private func hear(_ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) {
    let now = MonotonicTime.now
    if channel.elementsEqual(options.keys.recorderChannel) {
      if let marker = RecorderMarker.decode(payload) { handover.heard(marker, at: now.milliseconds) }
      return
    }
    guard let pattern = receiverOfChannels?.pattern, isFirstMatch(pattern, channel) else { return }
    if Self.isRecorded(channel) {
      let isCounted = handover.heard(
        .init(channel: Array(channel), payload: Array(payload), heardAt: now.milliseconds), bytes: payload.count)
      guard isCounted else { return }
    }
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

  func judgeRecorder(_ lease: Lease?) {
    guard channelIsUp else { return }
    let now = MonotonicTime.now.milliseconds
    handover.expire(at: now)
    if lease?.isRecording == true {
      recorderSeenAt = now
      if handover.countsLive == nil {
        handover.follow()
        channelLostAt = nil
      }
    } else if handover.countsLive == nil
      || (handover.countsLive == false && now - recorderSeenAt > Self.recorderPatience)
    {
      goDirect()
    }
  }

  private func goDirect() {
    let bridge = handover.goDirect()
    for message in bridge.messages {
      let age = MonotonicTime.now.milliseconds - message.heardAt
      message.channel.withUnsafeBytes { channel in
        message.payload.withUnsafeBytes { decode(channel, $0, at: clock.now - .milliseconds(age)) }
      }
    }
    if !bridge.isExact { notify(.gap(from: clock.now - .milliseconds(Handover.keepsMilliseconds), to: clock.now)) }
    if let lost = channelLostAt { notify(.gap(from: lost, to: clock.now)) }
    channelLostAt = nil
  }
}
