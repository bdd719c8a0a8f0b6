import Wire

/// Who counts what, when the same message comes both live and recorded.
///
/// A recorder writes what it hears on channels into the stream. Pub/sub carries no ids, so the two are aligned by the
/// recorder's markers, which stand at the same place in both orders:
///
/// ```
/// live      a b c M d e f …        counted live: a b c      (until M is heard)
/// stream            M d e f …      counted from the stream: d e f …   (after M is read)
/// ```
///
/// The two sides switch apart from each other, since either may run ahead. What is heard after the last marker that
/// the stream has shown is kept for ten seconds, so that what a dead recorder did not write can still be counted.
package struct Handover: Sendable {
  /// A message as it was heard.
  package struct Message: Equatable, Sendable {
    package var channel: [UInt8]
    package var payload: [UInt8]
    /// When it was heard; milliseconds of the caller's clock.
    package var heardAt: Int64

    package init(channel: [UInt8], payload: [UInt8], heardAt: Int64) {
      self.channel = channel
      self.payload = payload
      self.heardAt = heardAt
    }
  }

  private enum Heard: Sendable {
    case message(Message)
    case marker(RecorderMarker)
  }

  /// How long what was heard is kept, and how much of it. A dead recorder's lease stands for three seconds, and may be
  /// missed a second late: five would just not do.
  package static let keepsMilliseconds: Int64 = 10_000
  package static let keepsBytes = 32 << 20

  /// Whether messages on recorded channels count as they are heard; nil until it is known who records.
  package private(set) var countsLive: Bool?
  /// Whether recorded entries of the stream count.
  package private(set) var countsRecorded = true

  private var kept: [Heard] = []
  private var keptStart = 0
  private var keptBytes = 0
  /// Whether something that might be needed was let go.
  private var hasOverflowed = false
  private var lastMarkerRead: RecorderMarker?
  /// The marker that what is kept begins after, less `recordedSinceMarker` messages of it that were let go.
  private var keptSince: RecorderMarker?
  private var recordedSinceMarker = 0

  package init() {}

  /// What was found when it had to be counted without a recorder.
  package struct Bridge: Equatable, Sendable {
    /// Count these now.
    package var messages: [Message]
    /// Whether everything that was published is among them.
    package var isExact: Bool
  }

  // MARK: What is heard

  /// A message on a recorded channel. Whether to count it now.
  package mutating func heard(_ message: @autoclosure () -> Message, bytes: Int) -> Bool {
    if countsLive == true { return true }
    keep(.message(message()), bytes: bytes)
    return false
  }

  package mutating func heard(_ marker: RecorderMarker, at now: Int64) {
    if countsLive == true {
      countsLive = false
      forget()
    }
    keep(.marker(marker), bytes: 0)
    // The stream may already have shown it.
    if marker == lastMarkerRead { drop(through: marker) }
    expire(at: now)
  }

  /// Lets go of what is older than it is kept for.
  package mutating func expire(at now: Int64) {
    while keptStart < kept.count, isSpare(kept[keptStart], at: now) {
      if case .message(let message) = kept[keptStart] { letGo(message) }
      keptStart += 1
    }
    compact()
  }

  private func isSpare(_ heard: Heard, at now: Int64) -> Bool {
    switch heard {
    case .message(let message): now - message.heardAt > Self.keepsMilliseconds || keptBytes > Self.keepsBytes
    case .marker: kept.count - keptStart > 1
    }
  }

  private mutating func letGo(_ message: Message) {
    keptBytes -= message.payload.count
    if keptSince == lastMarkerRead, recordedSinceMarker > 0 {
      recordedSinceMarker -= 1
    } else {
      hasOverflowed = true
    }
  }

  // MARK: What the stream shows

  /// A recorded entry. Whether to count it.
  package mutating func readRecorded() -> Bool {
    recordedSinceMarker += 1
    return countsRecorded
  }

  package mutating func read(_ marker: RecorderMarker) {
    countsRecorded = true
    lastMarkerRead = marker
    recordedSinceMarker = 0
    drop(through: marker)
  }

  // MARK: Who records

  /// Somebody records: the stream counts, live messages do not.
  package mutating func follow() {
    guard countsLive == nil else { return }
    countsLive = false
    countsRecorded = true
  }

  /// Nobody records: from here on live messages count, until a marker is heard.
  ///
  /// - Returns: messages that were heard and not recorded, to be counted now.
  package mutating func goDirect() -> Bridge {
    guard countsLive != true else { return Bridge(messages: [], isExact: true) }
    var messages: [Message] = []
    // Where the recorded side has not switched, none of what is kept has counted yet.
    let isFollowing = countsLive == false && countsRecorded
    let isPlaceKnown = keptSince == lastMarkerRead
    var skip = isFollowing && isPlaceKnown ? recordedSinceMarker : 0
    let isExact = !hasOverflowed && (!isFollowing || isPlaceKnown)
    for case .message(let message) in kept[keptStart...] {
      if skip > 0 { skip -= 1 } else { messages.append(message) }
    }
    countsLive = true
    countsRecorded = false
    forget()
    return Bridge(messages: messages, isExact: isExact)
  }

  /// The live channel was lost: until it is back, recorded entries are all there is.
  package mutating func channelLost() {
    countsLive = nil
    countsRecorded = true
    forget()
  }

  // MARK: What is kept

  private mutating func keep(_ heard: Heard, bytes: Int) {
    kept.append(heard)
    keptBytes += bytes
    if keptBytes > Self.keepsBytes, case .message(let message) = heard { expire(at: message.heardAt) }
  }

  /// Drops what stands before a marker, where it was heard.
  private mutating func drop(through marker: RecorderMarker) {
    let place = kept[keptStart...].lastIndex { if case .marker(marker) = $0 { true } else { false } }
    guard let place else { return }
    for case .message(let message) in kept[keptStart..<place] { keptBytes -= message.payload.count }
    keptStart = place + 1
    keptSince = marker
    hasOverflowed = false
    compact()
  }

  private mutating func forget() {
    kept.removeAll()
    keptStart = 0
    keptBytes = 0
    keptSince = nil
    hasOverflowed = false
  }

  private mutating func compact() {
    guard keptStart > 64, keptStart * 2 > kept.count else { return }
    kept.removeFirst(keptStart)
    keptStart = 0
  }
}
