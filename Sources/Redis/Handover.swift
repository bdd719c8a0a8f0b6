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
/// The two sides switch apart from each other, since either may run ahead. What is heard is kept until the stream has
/// shown a marker after it. So what a dead recorder did not write is found by comparing both sides: when the next one's
/// marker has come on both, or when for some time no recorder is there.
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

    var digest: Int {
      channel.withUnsafeBytes { channel in payload.withUnsafeBytes { Self.digest(channel, $0) } }
    }

    /// Two messages with the same digest are taken for the same.
    package static func digest(_ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) -> Int {
      var hasher = Hasher()
      hasher.combine(channel.count)
      hasher.combine(bytes: channel)
      hasher.combine(bytes: payload)
      return hasher.finalize()
    }
  }

  private enum Heard: Sendable {
    case message(Message)
    case marker(RecorderMarker)

    var message: Message? { if case .message(let message) = self { message } else { nil } }
    var marker: RecorderMarker? { if case .marker(let marker) = self { marker } else { nil } }
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
  /// Digests of the recorded entries that counted, up to each marker that was read and not heard yet, and since the
  /// last one.
  private var segments: [(digests: [Int], marker: RecorderMarker)] = []
  private var open: [Int] = []
  /// Whether what is kept and those digests begin at the same place.
  private var isPlaceKnown = false
  /// Without markers nothing is compared, and digests are of no use.
  private static let mostDigests = 1 << 18

  package init() {}

  /// What was heard and never recorded.
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

  /// A marker on the recorder's channel: what is to be counted that the recorder before it did not write.
  @discardableResult
  package mutating func heard(_ marker: RecorderMarker, at now: Int64) -> Bridge? {
    if countsLive == true {
      countsLive = false
      forget()
      // Nothing counts from the stream before it shows a marker.
      isPlaceKnown = !countsRecorded
    }
    keep(.marker(marker), bytes: 0)
    defer { expire(at: now) }
    return compare(through: marker)
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
    let digest = message.digest
    if isPlaceKnown, let place = segments.firstIndex(where: { !$0.digests.isEmpty }) {
      if segments[place].digests[0] == digest { segments[place].digests.removeFirst() } else { hasOverflowed = true }
    } else if isPlaceKnown, open.first == digest {
      open.removeFirst()
    } else {
      hasOverflowed = true
    }
  }

  // MARK: What the stream shows

  /// A recorded entry. Whether to count it.
  package mutating func readRecorded(_ digest: @autoclosure () -> Int) -> Bool {
    if countsRecorded, countsLive != true || !segments.isEmpty, open.count < Self.mostDigests { open.append(digest()) }
    return countsRecorded
  }

  /// A marker in the stream: what is to be counted that the recorder before it did not write.
  @discardableResult
  package mutating func read(_ marker: RecorderMarker) -> Bridge? {
    countsRecorded = true
    segments.append((open, marker))
    open = []
    return compare(through: marker)
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
    let messages = kept[keptStart...].compactMap(\.message)
    let bridge: Bridge
    if countsLive == nil {
      bridge = Bridge(messages: messages, isExact: !hasOverflowed)
    } else if isPlaceKnown {
      let missing = Self.missing(messages, in: segments.flatMap(\.digests) + open)
      bridge = Bridge(messages: missing, isExact: !hasOverflowed)
    } else {
      // The best guess: what follows the last of them that was recorded.
      let recorded = Set(segments.flatMap(\.digests) + open)
      let last = messages.lastIndex { recorded.contains($0.digest) }
      bridge = Bridge(messages: Array(messages[(last.map { $0 + 1 } ?? 0)...]), isExact: false)
    }
    countsLive = true
    countsRecorded = false
    segments = []
    open = []
    forget()
    return bridge
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

  /// Compares what was heard before a marker with what was read before it, once it has come on both sides, and lets go
  /// of both.
  private mutating func compare(through marker: RecorderMarker) -> Bridge? {
    guard let read = segments.lastIndex(where: { $0.marker == marker }),
      let heard = kept[keptStart...].lastIndex(where: { $0.marker == marker })
    else { return nil }
    let messages = kept[keptStart..<heard].compactMap(\.message)
    let digests = segments[...read].flatMap(\.digests)
    let (wasKnown, isExact) = (isPlaceKnown, !hasOverflowed)
    keptStart = heard + 1
    for message in messages { keptBytes -= message.payload.count }
    segments.removeFirst(read + 1)
    isPlaceKnown = true
    hasOverflowed = false
    compact()
    guard wasKnown else { return nil }
    let missing = Self.missing(messages, in: digests)
    return missing.isEmpty && isExact ? nil : Bridge(messages: missing, isExact: isExact)
  }

  /// What was heard and is not among what was recorded, which stands in the same order.
  private static func missing(_ messages: [Message], in digests: [Int]) -> [Message] {
    var rest = digests[...]
    return messages.filter { message in
      guard rest.first == message.digest else { return true }
      rest.removeFirst()
      return false
    }
  }

  private mutating func forget() {
    kept.removeAll()
    keptStart = 0
    keptBytes = 0
    isPlaceKnown = false
    hasOverflowed = false
  }

  private mutating func compact() {
    guard keptStart > 64, keptStart * 2 > kept.count else { return }
    kept.removeFirst(keptStart)
    keptStart = 0
  }
}
