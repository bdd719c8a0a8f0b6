import FleetModel

/// Bytes that one decoded event may borrow: memory that grows to the largest event and is used again for the next.
struct Scratch: ~Copyable {
  private var memory: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private(set) var count = 0

  init() {
    capacity = 4096
    memory = .allocate(capacity: capacity)
  }

  deinit { memory.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }

  mutating func replace(with bytes: [UInt8]) {
    reserve(bytes.count)
    memory.update(from: bytes, count: bytes.count)
    count = bytes.count
  }

  /// Forgets what was held and makes room for `length` bytes and sixteen more, which copies may overrun.
  private mutating func reserve(_ length: Int) {
    count = 0
    guard capacity < length + 16 else { return }
    memory.deallocate()
    capacity = max(length + 16, capacity * 2)
    memory = .allocate(capacity: capacity)
  }

  /// Reads a string at `cursor`, whose opening quote has been taken, and holds its content without escapes. A lone
  /// surrogate becomes its three-byte form, as in ``JSONText``.
  @inline(never)
  mutating func unescape(_ cursor: inout JSONCursor) throws(Unreadable) {
    // An escape is never shorter than what it stands for.
    reserve(cursor.end - cursor.at)
    var output = memory
    while true {
      Self.copyPlain(&cursor, to: &output)
      guard cursor.at < cursor.end else { throw .truncated }
      switch cursor.at.pointee {
      case UInt8(ascii: "\""):
        cursor.at += 1
        count = output - memory
        return
      case UInt8(ascii: "\\"): try Self.copyEscape(&cursor, to: &output)
      default: throw .notJSON
      }
    }
  }

  /// Copies up to the next quote, backslash or control character; see ``JSONCursor/skipPlain()``.
  @inline(__always)
  private static func copyPlain(_ cursor: inout JSONCursor, to output: inout UnsafeMutablePointer<UInt8>) {
    while cursor.end - cursor.at >= 16 {
      let bytes = UnsafeRawPointer(cursor.at).loadUnaligned(as: SIMD16<UInt8>.self)
      UnsafeMutableRawPointer(output).storeBytes(of: bytes, as: SIMD16<UInt8>.self)
      let length = JSONCursor.plainLength(bytes)
      cursor.at += length
      output += length
      if length < 16 { return }
    }
    while cursor.at < cursor.end, cursor.at.pointee >= 0x20, cursor.at.pointee != UInt8(ascii: "\""),
      cursor.at.pointee != UInt8(ascii: "\\")
    {
      output.pointee = cursor.at.pointee
      cursor.at += 1
      output += 1
    }
  }

  @inline(__always)
  private static func copyEscape(_ cursor: inout JSONCursor, to output: inout UnsafeMutablePointer<UInt8>)
    throws(Unreadable)
  {
    let isQuote = cursor.end - cursor.at >= 2 && cursor.at[1] == UInt8(ascii: "\"")
    guard isQuote else { return try copyOtherEscape(&cursor, to: &output) }
    output.pointee = UInt8(ascii: "\"")
    cursor.at += 2
    output += 1
  }

  /// Any escape, a pair of surrogates being one.
  @inline(never)
  private static func copyOtherEscape(_ cursor: inout JSONCursor, to output: inout UnsafeMutablePointer<UInt8>)
    throws(Unreadable)
  {
    let first = cursor.at
    try cursor.skipEscape()
    if isSurrogate(first, from: "8", to: "b"), cursor.end - cursor.at >= 6, isSurrogate(cursor.at, from: "c", to: "f") {
      try cursor.skipEscape()
    }
    let text = JSONText.unescape(UnsafeRawBufferPointer(start: first, count: cursor.at - first))
    output.update(from: text, count: text.count)
    output += text.count
  }

  /// Whether the six bytes there are `\uD` and a digit of that range: the higher or the lower half of a pair.
  private static func isSurrogate(_ escape: UnsafePointer<UInt8>, from low: Unicode.Scalar, to high: Unicode.Scalar)
    -> Bool
  {
    guard escape[0] == UInt8(ascii: "\\"), escape[1] == UInt8(ascii: "u"), escape[2] | 0x20 == UInt8(ascii: "d") else {
      return false
    }
    return (UInt8(ascii: low)...UInt8(ascii: high)).contains(escape[3] | 0x20)
  }
}
