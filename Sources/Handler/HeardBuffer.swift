import Redis

/// What was heard on the recorded channels and on the recorder's own, in the order in which Redis delivered it, and has
/// not been written to the stream.
///
/// A handler that stands by keeps the last five seconds, and from before them the last marker with what follows it: by
/// that marker it finds its place in the stream when it takes over.
struct HeardBuffer {
  struct Message: Equatable {
    var channel: [UInt8]
    var payload: [UInt8]
    /// Monotonic milliseconds.
    var heardAt: Int64
    var isMarker: Bool

    var digest: Int {
      channel.withUnsafeBytes { channel in payload.withUnsafeBytes { Handover.digest(channel, $0) } }
    }
  }

  static let keepsMilliseconds: Int64 = 5000
  static let keepsBytes = 64 << 20

  private var storage: [Message] = []
  private var start = 0
  private var bytes = 0
  private var trimmedAt: Int64 = 0
  /// Messages for which there was no room.
  private(set) var lost = 0

  var messages: ArraySlice<Message> { storage[start...] }
  var isEmpty: Bool { start == storage.count }
  var count: Int { storage.count - start }

  /// Adds a message.
  ///
  /// - Parameter lettingGo: whether the oldest may leave where there is no room; otherwise the new one does.
  /// - Returns: false where the new one was lost.
  mutating func append(_ message: Message, lettingGo: Bool) -> Bool {
    let size = message.payload.count + message.channel.count
    while lettingGo, bytes + size > Self.keepsBytes, !isEmpty { removeFirst(1) }
    guard isEmpty || bytes + size <= Self.keepsBytes else {
      lost += 1
      return false
    }
    storage.append(message)
    bytes += size
    return true
  }

  mutating func removeFirst(_ number: Int) {
    for message in storage[start..<start + number] { bytes -= message.payload.count + message.channel.count }
    start += number
    guard start > 1024, start * 2 > storage.count else { return }
    storage.removeFirst(start)
    start = 0
  }

  /// Lets go of what a handler that stands by need not keep; looks at most twice a second.
  mutating func trim(at now: Int64) {
    guard now - trimmedAt >= 500 else { return }
    trimmedAt = now
    let limit = now - Self.keepsMilliseconds
    let anchor = messages.lastIndex { $0.isMarker && $0.heardAt <= limit }
    let end = anchor ?? messages.firstIndex { $0.heardAt > limit } ?? storage.count
    removeFirst(end - start)
  }

  /// The first messages, up to a number of bytes, but at least one.
  func batch(count limit: Int, bytes limitBytes: Int) -> ArraySlice<Message> {
    var size = 0
    let end = messages.firstIndex { message in
      size += message.payload.count + message.channel.count
      return size > limitBytes
    }
    return messages.prefix(min(limit, max(1, (end ?? storage.count) - start)))
  }
}
