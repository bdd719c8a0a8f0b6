import Redis

/// What was heard on the recorded channels and on the recorder's own, in the order in which Redis delivered it, and has
/// not been written to the stream.
///
/// A handler that stands by keeps the last five seconds, and from before them the last marker with what follows it: by
/// that marker it finds its place in the stream when it takes over.
///
/// Bytes are kept as the request that writes them needs them, one message after the other:
/// ```
/// $13\r\nagent.metrics\r\n $264\r\n{"entity_id": …}\r\n $12\r\nagent.status\r\n …
/// ```
struct RecordingBuffer {
  /// A message, and where its bytes are among all that were ever heard.
  struct Entry {
    /// Milliseconds of ``BootTime``: what was heard before the machine was suspended is as old as the server has it.
    let heardAt: Int64
    let isMarker: Bool
    fileprivate let channel: Range<Int>
    fileprivate let payload: Range<Int>

    fileprivate var size: Int { channel.count + payload.count }
    /// Behind its last byte stands a line's end.
    fileprivate var end: Int { payload.upperBound + 2 }
  }

  static let keepsMilliseconds = HandlerOptions.listeningMilliseconds
  static let keepsBytes = 24 << 20
  /// So many bytes of messages that have left may stay; and as many as are still needed.
  private static let spareBytes = 256 * 1024

  private var storage: [Entry] = []
  private var start = 0
  private var arguments: [UInt8] = []
  /// How many bytes are no longer there, and how many of those there are of messages that have left.
  private var passed = 0
  private var spare = 0
  private var bytes = 0
  private var trimmedAt: Int64 = 0
  /// Messages for which there was no room.
  private(set) var lost = 0

  var messages: ArraySlice<Entry> { storage[start...] }
  var isEmpty: Bool { start == storage.count }
  var count: Int { storage.count - start }

  /// Adds a message.
  ///
  /// - Parameters:
  ///   - now: milliseconds of ``BootTime``.
  ///   - lettingGo: whether the oldest may leave if there is no room; otherwise the new one does.
  /// - Returns: false if the new one was lost.
  mutating func append(
    _ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer, at now: Int64, isMarker: Bool,
    lettingGo: Bool
  ) -> Bool {
    let size = payload.count + channel.count
    while lettingGo, bytes + size > Self.keepsBytes, !isEmpty { removeFirst(1) }
    guard isEmpty || bytes + size <= Self.keepsBytes else {
      lost += 1
      return false
    }
    storage.append(Entry(heardAt: now, isMarker: isMarker, channel: keep(channel), payload: keep(payload)))
    bytes += size
    return true
  }

  private mutating func keep(_ bytes: UnsafeRawBufferPointer) -> Range<Int> {
    EncodedArguments.append(bytes, to: &arguments)
    let end = passed + arguments.count - 2
    return end - bytes.count..<end
  }

  mutating func removeFirst(_ number: Int) {
    guard number > 0 else { return }
    for message in storage[start..<start + number] { bytes -= message.size }
    start += number
    spare = storage[start - 1].end - passed
    if isEmpty || (spare > Self.spareBytes && spare * 2 > arguments.count) { close() }
  }

  /// Closes the gap that messages have left; after a flood the memory goes too.
  private mutating func close() {
    storage.removeFirst(start)
    arguments.removeFirst(spare)
    passed += spare
    (start, spare) = (0, 0)
    if isEmpty, arguments.capacity > 1 << 20 { (storage, arguments) = ([], []) }
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

  /// How many of the first messages make a batch of up to a number of bytes, but at least one.
  func batch(count limit: Int, bytes limitBytes: Int) -> Int {
    var size = 0
    let end = messages.prefix(limit).firstIndex { message in
      size += message.size
      return size > limitBytes
    }
    return max(1, (end ?? min(storage.count, start + limit)) - start)
  }

  /// Channel and payload of each of the first messages, as arguments of a request.
  func arguments(ofFirst number: Int) -> EncodedArguments {
    EncodedArguments(bytes: Array(arguments[spare..<storage[start + number - 1].end - passed]), count: 2 * number)
  }

  /// What tells a message from others.
  func digest(of message: Entry) -> Int {
    arguments.withUnsafeBytes { all in
      func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: all[range.lowerBound - passed..<range.upperBound - passed])
      }
      return Handover.digest(slice(message.channel), slice(message.payload))
    }
  }

  func payload(of message: Entry) -> [UInt8] {
    Array(arguments[message.payload.lowerBound - passed..<message.payload.upperBound - passed])
  }
}
