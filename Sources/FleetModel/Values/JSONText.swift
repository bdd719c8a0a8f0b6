/// Takes the text out of JSON that a scanner has already found to be well formed.
package enum JSONText {
  /// A JSON string's content without its escapes.
  ///
  /// A lone surrogate, which Python's encoder writes, becomes its three-byte generalised UTF-8 form (WTF-8), so that
  /// the same id always has the same bytes; anything else malformed stays as it is.
  ///
  /// - Parameter most: how many bytes of it are taken at the most, whole code points.
  package static func unescape(_ raw: UnsafeRawBufferPointer, most: Int = .max) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(min(raw.count, most))
    var index = 0
    while index < raw.count, result.count <= most {
      let byte = raw[index]
      guard byte == UInt8(ascii: "\\"), index + 1 < raw.count else {
        result.append(byte)
        index += 1
        continue
      }
      index += appendEscape(raw, at: index, to: &result)
    }
    return Unicode.Scalar.Cut.bytes(result, to: most)
  }

  /// The strings among an array's elements.
  ///
  /// - Parameter most: how many bytes of each are taken.
  package static func strings(inArray raw: UnsafeRawBufferPointer, limit: Int, most: Int = .max) -> [String] {
    var found: [String] = []
    var depth = 0
    var index = 0
    while index < raw.count, found.count < limit {
      switch raw[index] {
      case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      case UInt8(ascii: "\""):
        let end = endOfString(raw, from: index + 1)
        if depth == 1 {
          let content = UnsafeRawBufferPointer(rebasing: raw[index + 1..<end])
          found.append(String(decoding: unescape(content, most: most), as: UTF8.self))
        }
        index = end
      default: break
      }
      index += 1
    }
    return found
  }

  /// Hands over the members of an object, in their order: the name without its quotes and still escaped, and the value
  /// as it stands. Goes on until `body` returns false.
  package static func visitMembers(
    ofObject raw: UnsafeRawBufferPointer,
    _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool
  ) {
    var depth = 0
    var index = 0
    var name: UnsafeRawBufferPointer?
    var start: Int?
    while index < raw.count {
      switch raw[index] {
      case UInt8(ascii: "\""):
        let end = endOfString(raw, from: index + 1)
        if depth == 1, start == nil { name = UnsafeRawBufferPointer(rebasing: raw[index + 1..<end]) }
        index = end
      case UInt8(ascii: ":") where depth == 1: start = index + 1
      case UInt8(ascii: ",") where depth == 1, UInt8(ascii: "}") where depth == 1:
        if let name, let start, !body(name, UnsafeRawBufferPointer(rebasing: raw[start..<index])) { return }
        (name, start) = (nil, nil)
        if raw[index] == UInt8(ascii: "}") { return }
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      default: break
      }
      index += 1
    }
  }

  /// The number that a value is; nil if it is none, or one that is not finite.
  package static func number(_ raw: UnsafeRawBufferPointer) -> Double? {
    let isBlank = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
    guard raw.count <= 64, let first = raw.firstIndex(where: { !isBlank($0) }),
      let last = raw.lastIndex(where: { !isBlank($0) })
    else { return nil }
    return Double(String(decoding: raw[first...last], as: UTF8.self)).flatMap { $0.isFinite ? $0 : nil }
  }

  /// The index of the closing quote, or the end if there is none.
  private static func endOfString(_ raw: UnsafeRawBufferPointer, from start: Int) -> Int {
    var index = start
    while index < raw.count, raw[index] != UInt8(ascii: "\"") {
      index += raw[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    return min(index, raw.count)
  }

  /// Appends what the escape at `index` stands for; returns how many bytes it took.
  private static func appendEscape(_ raw: UnsafeRawBufferPointer, at index: Int, to result: inout [UInt8]) -> Int {
    switch raw[index + 1] {
    case UInt8(ascii: "n"): result.append(10)
    case UInt8(ascii: "t"): result.append(9)
    case UInt8(ascii: "r"): result.append(13)
    case UInt8(ascii: "b"): result.append(8)
    case UInt8(ascii: "f"): result.append(12)
    case UInt8(ascii: "u"): return appendUnicode(raw, at: index, to: &result)
    case let other: result.append(other)
    }
    return 2
  }

  private static func appendUnicode(_ raw: UnsafeRawBufferPointer, at index: Int, to result: inout [UInt8]) -> Int {
    guard let high = hexadecimal(raw, at: index + 2) else {
      result.append(raw[index])
      return 1
    }
    let isPair =
      (0xD800..<0xDC00).contains(high) && index + 7 < raw.count && raw[index + 6] == UInt8(ascii: "\\")
      && raw[index + 7] == UInt8(ascii: "u")
    if isPair, let low = hexadecimal(raw, at: index + 8), (0xDC00..<0xE000).contains(low) {
      append(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00), to: &result)
      return 12
    }
    append(high, to: &result)
    return 6
  }

  private static func hexadecimal(_ raw: UnsafeRawBufferPointer, at start: Int) -> UInt32? {
    guard start + 4 <= raw.count else { return nil }
    var value: UInt32 = 0
    for byte in raw[start..<start + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  /// Appends a code point as UTF-8, surrogates included.
  private static func append(_ value: UInt32, to result: inout [UInt8]) {
    func continuation(_ shift: UInt32) -> UInt8 { 0x80 | UInt8(value >> shift & 0x3F) }
    switch value {
    case ..<0x80: result.append(UInt8(value))
    case ..<0x800: result += [0xC0 | UInt8(value >> 6), continuation(0)]
    case ..<0x10000: result += [0xE0 | UInt8(value >> 12), continuation(6), continuation(0)]
    default: result += [0xF0 | UInt8(value >> 18), continuation(12), continuation(6), continuation(0)]
    }
  }
}
