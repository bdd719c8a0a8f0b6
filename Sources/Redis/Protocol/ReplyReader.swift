import CHiredis

/// The server broke the protocol; the connection is of no more use.
package struct ProtocolError: Error, Equatable, CustomStringConvertible {
  package let description: String
}

/// hiredis's reader with our own object functions: replies are seen where they lie in its buffer, and only what asks
/// for a tree gets one.
///
/// hiredis keeps a pointer to this object and to the table of functions, so it is a class, and the table lives as long
/// as the process.
package final class ReplyReader {
  /// What to make of the reply that comes next.
  package enum Expectation {
    /// A `Reply` value.
    case tree
    /// Entries, handed to an assembler as they pass.
    case entries(EntryAssembler)
    /// Published messages, handed to a receiver as they pass.
    case messages(MessageReceiver)
  }

  private let reader: UnsafeMutablePointer<redisReader>
  /// Set it before the reply's first byte is read.
  package var expectation = Expectation.tree
  private var tree = ReplyTree()
  /// An error or null in place of entries.
  private var bare: Reply?
  /// How many bytes of an oversized value are still to come, and to be let go.
  private var swallows = 0
  /// Whether the value that is read next stands for an oversized one.
  private var nextIsOversized = false

  /// hiredis keeps a whole value in its buffer. Of one that is longer than this only the beginning is kept.
  package static let longestValue = 2 << 20

  /// hiredis gives back a buffer of more than 16 KB each time that it is empty, and touches new memory for the next bytes.
  /// One of no more than this stays.
  private static let keptBuffer = 1 << 20

  package init() {
    reader = redisReaderCreateWithFunctions(Self.functions)
    reader.pointee.privdata = Unmanaged.passUnretained(self).toOpaque()
    reader.pointee.maxbuf = Self.keptBuffer
  }

  deinit { redisReaderFree(reader) }

  /// Bytes that hiredis holds and has not yet turned into replies.
  package var bufferedBytes: Int { reader.pointee.len - reader.pointee.pos }

  /// Hands over bytes as they came from the socket.
  package func feed(_ bytes: UnsafeRawBufferPointer) throws(ProtocolError) {
    let spare = min(swallows, bytes.count)
    swallows -= spare
    if spare < bytes.count { try feedReader(UnsafeRawBufferPointer(rebasing: bytes[spare...])) }
  }

  /// Where the next bytes from the socket may be put, so that they need not be handed over; nil if some of them are to be
  /// let go. They count once ``filled(_:)`` is called, and nothing else may be called before.
  package func room(for count: Int) -> UnsafeMutableRawBufferPointer? {
    guard swallows == 0, let start = vigia_reader_room(reader, count) else { return nil }
    return UnsafeMutableRawBufferPointer(start: start, count: count)
  }

  /// So many bytes have been put there.
  package func filled(_ count: Int) { vigia_reader_filled(reader, count) }

  private func feedReader(_ bytes: UnsafeRawBufferPointer) throws(ProtocolError) {
    let status = redisReaderFeed(reader, bytes.bindMemory(to: CChar.self).baseAddress, bytes.count)
    guard status == 0 else { throw failure }
  }

  /// Reads on; the reply if one is complete, nil if more bytes are needed. Entries and messages come through
  /// their receivers; what is returned for them is null, or the error that came instead.
  package func next() throws(ProtocolError) -> Reply? {
    var token: UnsafeMutableRawPointer?
    guard redisReaderGetReply(reader, &token) == 0 else { throw failure }
    guard token != nil else { return try shorten() ? next() : nil }
    switch expectation {
    case .tree: return tree.take()
    case .entries, .messages:
      defer { bare = nil }
      return bare ?? .null
    }
  }

  /// Cuts a value short that is too long to be kept: its header is rewritten to the length that has come, and the rest
  /// is let go as it comes. Whether there was one.
  ///
  /// ```
  /// before   $314572800\r\nxxxxx        the reader stands at the 3 and waits for more
  /// after    $314572805\r\nxxxxx\r\n    it stands at the last digit, 5; 314572795 + 2 bytes are still to come
  /// ```
  /// A value that is incomplete with so much of it there is the only thing that can fill the buffer like this.
  private func shorten() throws(ProtocolError) -> Bool {
    guard bufferedBytes > Self.longestValue, let buffer = reader.pointee.buf else { return false }
    let start = buffer + reader.pointee.pos
    let header = UnsafeRawBufferPointer(start: start, count: min(24, bufferedBytes))
    guard let digits = header.firstIndex(of: 13), digits > 0, let length = Self.number(header[..<digits]) else {
      return false
    }
    let here = bufferedBytes - digits - 2
    guard length > here else { return false }
    let fresh = Array(String(here).utf8)
    reader.pointee.pos += digits - fresh.count
    for (place, digit) in fresh.enumerated() { start[digits - fresh.count + place] = CChar(bitPattern: digit) }
    swallows = length - here + 2
    nextIsOversized = true
    let end: [UInt8] = [13, 10]
    let status = end.withUnsafeBytes { redisReaderFeed(reader, $0.bindMemory(to: CChar.self).baseAddress, $0.count) }
    guard status == 0 else { throw failure }
    return true
  }

  private static func number(_ digits: Slice<UnsafeRawBufferPointer>) -> Int? {
    digits.reduce(0) { value, digit in
      guard let value, (48...57).contains(digit), value < 1 << 50 else { return nil }
      return value * 10 + Int(digit - 48)
    }
  }

  private var failure: ProtocolError {
    let text = withUnsafeBytes(of: reader.pointee.errstr) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return ProtocolError(description: text)
  }

  // MARK: What hiredis meets

  /// How many arrays are around the value that hiredis is at.
  private var depth: Int { Int(reader.pointee.ridx) }

  private func array(_ task: Task, count: Int) {
    switch expectation {
    case .tree: tree.open(count)
    case .entries(let assembler): assembler.array(depth: depth, index: Int(task.pointee.idx), count: count)
    case .messages(let receiver): if depth == 0 { receiver.begin(count) }
    }
  }

  private func string(_ task: Task, _ bytes: UnsafeRawBufferPointer) {
    let isOversized = nextIsOversized || bytes.count > Self.longestValue
    nextIsOversized = false
    switch expectation {
    // Nothing that is asked for singly is that long.
    case .tree: tree.add(isOversized ? .null : Self.scalar(task, bytes))
    case .entries(let assembler):
      if depth == 0 {
        bare = Self.scalar(task, bytes)
      } else {
        assembler.string(bytes, depth: depth, index: Int(task.pointee.idx), isOversized: isOversized)
      }
    case .messages(let receiver):
      if depth == 0 {
        bare = Self.scalar(task, bytes)
      } else {
        receiver.part(bytes, index: Int(task.pointee.idx), isOversized: isOversized)
      }
    }
  }

  private func other(_ value: Reply) {
    switch expectation {
    case .tree: tree.add(value)
    case .entries, .messages: break
    }
  }

  private static func scalar(_ task: Task, _ bytes: UnsafeRawBufferPointer) -> Reply {
    switch task.pointee.type {
    case REDIS_REPLY_ERROR: .error(ServerError(String(decoding: bytes, as: UTF8.self)))
    case REDIS_REPLY_STATUS: .status(String(decoding: bytes, as: UTF8.self))
    default: .string(Array(bytes))
    }
  }

  /// What every object function returns: nil would mean "out of memory" to hiredis, and the value is never looked at.
  private static var token: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: 1) }

  private typealias Task = UnsafePointer<redisReadTask>

  /// The reader is alive for as long as hiredis reads for it.
  @inline(__always)
  private static func tell(_ task: Task?, _ body: (ReplyReader, Task) -> Void) -> UnsafeMutableRawPointer? {
    if let task, let owner = task.pointee.privdata {
      Unmanaged<ReplyReader>.fromOpaque(owner)._withUnsafeGuaranteedRef { body($0, task) }
    }
    return token
  }

  /// Never changed and never freed: hiredis reads it for as long as any reader lives.
  nonisolated(unsafe) private static let functions: UnsafeMutablePointer<redisReplyObjectFunctions> = {
    let table = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
    table.initialize(
      to: redisReplyObjectFunctions(
        createString: { task, start, length in
          tell(task) { $0.string($1, UnsafeRawBufferPointer(start: start, count: length)) }
        },
        createArray: { task, count in tell(task) { $0.array($1, count: Int(count)) } },
        createInteger: { task, value in tell(task) { owner, _ in owner.other(.integer(value)) } },
        createNil: { task in tell(task) { owner, _ in owner.other(.null) } },
        freeObject: { _ in }))
    return table
  }()
}

/// Builds a `Reply` from values in the order in which they stand in the protocol.
private struct ReplyTree {
  private var open: [(missing: Int, elements: [Reply])] = []
  private var root: Reply?

  mutating func open(_ count: Int) {
    if count > 0 { open.append((count, [])) } else { add(.array([])) }
  }

  mutating func add(_ value: Reply) {
    var value = value
    while !open.isEmpty {
      open[open.count - 1].elements.append(value)
      open[open.count - 1].missing -= 1
      guard open[open.count - 1].missing == 0 else { return }
      value = .array(open.removeLast().elements)
    }
    root = value
  }

  mutating func take() -> Reply {
    defer { root = nil }
    return root ?? .null
  }
}
