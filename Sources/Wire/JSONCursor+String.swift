import FleetModel

extension JSONCursor {
  /// Reads a string whose opening quote has been taken, up to and with its closing quote.
  @inline(__always)
  mutating func string() throws(Unreadable) -> JSONToken {
    let first = at
    skipPlain()
    guard at < end, at.pointee == UInt8(ascii: "\"") else {
      // The work is handed to a copy, here and below: the cursor itself can then stay in registers.
      var other = self
      let found = try other.escapedString(from: first)
      at = other.at
      return found
    }
    let found = token(from: first, form: .plain)
    at += 1
    return found
  }

  /// The rest of a string that is not as simple as most: it holds an escape, or it is none.
  @inline(never)
  private mutating func escapedString(from first: UnsafePointer<UInt8>) throws(Unreadable) -> JSONToken {
    while true {
      guard at < end else { throw .truncated }
      switch at.pointee {
      case UInt8(ascii: "\""):
        let found = token(from: first, form: .escaped)
        at += 1
        return found
      case UInt8(ascii: "\\"): try skipEscape()
      default: throw .notJSON
      }
      skipPlain()
    }
  }

  /// Goes to the next quote, backslash or control character, sixteen bytes at a time.
  @inline(__always)
  mutating func skipPlain() {
    while end - at >= 16 {
      let length = Self.plainLength(UnsafeRawPointer(at).loadUnaligned(as: SIMD16<UInt8>.self))
      at += length
      if length < 16 { return }
    }
    var other = self
    other.skipLastPlain()
    at = other.at
  }

  /// The same near the end.
  @inline(never)
  private mutating func skipLastPlain() {
    while at < end, at.pointee >= 0x20, at.pointee != UInt8(ascii: "\""), at.pointee != UInt8(ascii: "\\") { at += 1 }
  }

  /// How many of sixteen bytes stand before the first quote, backslash or control character.
  @inline(__always)
  static func plainLength(_ bytes: SIMD16<UInt8>) -> Int {
    let words = specialWords(bytes)
    if words.0 != 0 { return UInt64(littleEndian: words.0).trailingZeroBitCount &>> 3 }
    return words.1 != 0 ? 8 &+ (UInt64(littleEndian: words.1).trailingZeroBitCount &>> 3) : 16
  }

  /// A bit, from the lowest on, for each of sixteen bytes that is a quote, a backslash or a control character.
  @inline(__always)
  static func specialBits(_ bytes: SIMD16<UInt8>) -> UInt32 {
    func bits(_ word: UInt64) -> UInt32 {
      // Each byte leaves its own bit, and the product gathers the eight in the highest byte.
      let single = UInt64(littleEndian: word) & 0x8040_2010_0804_0201
      return UInt32(truncatingIfNeeded: (single &* 0x0101_0101_0101_0101) &>> 56)
    }
    let words = specialWords(bytes)
    return bits(words.0) | bits(words.1) &<< 8
  }

  /// The same as bytes of ones and zeros, in two words.
  @inline(__always)
  private static func specialWords(_ bytes: SIMD16<UInt8>) -> (UInt64, UInt64) {
    // Each step with its type spelled out: the compiler otherwise takes the generic operators, lane by lane.
    let quotes: SIMDMask<SIMD16<Int8>> = bytes .== SIMD16<UInt8>(repeating: UInt8(ascii: "\""))
    let backslashes: SIMDMask<SIMD16<Int8>> = bytes .== SIMD16<UInt8>(repeating: UInt8(ascii: "\\"))
    let controls: SIMDMask<SIMD16<Int8>> = bytes .< SIMD16<UInt8>(repeating: 0x20)
    let special: SIMDMask<SIMD16<Int8>> = quotes .| backslashes .| controls
    // Whose lowest set bits tell the first place.
    return unsafeBitCast(special, to: (UInt64, UInt64).self)
  }

  /// Passes over an escape, checking that it is one.
  mutating func skipEscape() throws(Unreadable) {
    guard end - at >= 2 else { throw .truncated }
    let letter = at[1]
    at += 2
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return
    case UInt8(ascii: "u"):
      for _ in 0..<4 {
        guard at < end, Self.isHexadecimal(at.pointee) else { throw failure }
        at += 1
      }
    default: throw .notJSON
    }
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }
}
