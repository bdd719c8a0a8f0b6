import Logging
import Loop
import Redis

/// How it hears.
extension Recorder: ChannelListener {
  func subscribed(_ connection: Connection) {
    isSubscribed = true
    heartbeat.start(connection) { [weak self] in self?.source.ping() }
    switch state {
    case .listening, .draining: break
    case .aligning(let session), .recording(let session):
      sign = mark(session)
      gap.end(in: session)
    }
    notify(.subscribed)
  }

  func unsubscribed() {
    watchdog.rest()
    forgetMark()
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

  func hear(_ notice: RecorderNotice, _ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) {
    // What is about another shard, or names one where there are none, is about another stream.
    guard notice.shard == options.shard else { return }
    switch notice {
    case .released(let isComplete, _): notify(.released(isComplete: isComplete))
    case .marker:
      watchdog.rest()
      take(channel, payload, isMarker: true)
    }
  }

  func hear(_ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer, isOversized: Bool) {
    take(channel, payload, isMarker: false)
  }

  private func take(_ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer, isMarker: Bool) {
    let now = MonotonicTime.now
    heartbeat.heard(at: now)
    let isFree = if case .listening = state { !isWriting } else { false }
    let heardAt = BootTime.now.milliseconds
    if !buffer.append(channel, payload, at: heardAt, isMarker: isMarker, lettingGo: isFree) {
      log(.error, "cannot write as fast as it hears; messages are lost", ["lost": "\(buffer.lost)"])
    }
    switch state {
    case .listening: buffer.trim(at: heardAt)
    case .aligning: break
    case .recording(let session):
      if !isMarker { markSoon(session, at: now) }
      flushLater()
    case .draining: flushLater()
    }
  }

  /// Has a marker follow a message: at once, or when a second has gone by since the last. While nothing is heard it does
  /// nothing: others would hear a marker that is never written.
  func markSoon(_ session: LeaseSession, at now: MonotonicTime) {
    guard isSubscribed else { return }
    let rest = Self.markerMilliseconds - now.milliseconds(since: markedAt)
    guard rest > 0 else {
      _ = mark(session)
      return
    }
    guard markTimer == nil else { return }
    markTimer = session.later(inMilliseconds: Int64(rest.rounded(.up))) { [weak self, weak session] in
      guard let self, let session else { return }
      markTimer = nil
      if case .recording(let current) = state, current === session { _ = mark(session) }
    }
  }

  func forgetMark() {
    loop.cancel(markTimer)
    markTimer = nil
  }
}
