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
    Self.copyBlocks(&cursor, to: &output)
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

  /// Copies a body of JSON that stands in a string: hardly anything in it is escaped but its quotes. Sixteen bytes are
  /// looked at once for all the escapes among them, so that the next sixteen need not wait for these. It ends at whatever
  /// else there is, and near the end.
  @inline(__always)
  private static func copyBlocks(_ cursor: inout JSONCursor, to output: inout UnsafeMutablePointer<UInt8>) {
    // What is copied behind an escape may begin at the seventeenth byte.
    while cursor.end - cursor.at >= 33 {
      var special = JSONCursor.specialBits(UnsafeRawPointer(cursor.at).loadUnaligned(as: SIMD16<UInt8>.self))
      var place = 0
      while true {
        let bytes = UnsafeRawPointer(cursor.at + place).loadUnaligned(as: SIMD16<UInt8>.self)
        UnsafeMutableRawPointer(output).storeBytes(of: bytes, as: SIMD16<UInt8>.self)
        let next = special.trailingZeroBitCount
        guard next < 16 else {
          output += max(0, 16 &- place)
          break
        }
        output += next &- place
        guard cursor.at[next] == UInt8(ascii: "\\"), cursor.at[next &+ 1] == UInt8(ascii: "\"") else {
          cursor.at += next
          return
        }
        output.pointee = UInt8(ascii: "\"")
        output += 1
        place = next &+ 2
        special &= ~0 << UInt32(place)
      }
      cursor.at += max(16, place)
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
