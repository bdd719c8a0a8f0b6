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

  /// Goes to the next quote, backslash or control character, eight bytes at a time.
  ///
  /// `(x − 0x01…) & ~x & 0x80…` sets the high bit of each zero byte of x. A borrow can set one too many, but only above
  /// a true one, and only the lowest is used. With 0x20 in place of 0x01 it finds the bytes below 0x20.
  @inline(__always)
  mutating func skipPlain() {
    while end - at >= 8 {
      let found = Self.special(UnsafeRawPointer(at).loadUnaligned(as: UInt64.self))
      guard found == 0 else {
        at += found.trailingZeroBitCount &>> 3
        return
      }
      at += 8
    }
    while at < end, at.pointee >= 0x20, at.pointee != UInt8(ascii: "\""), at.pointee != UInt8(ascii: "\\") { at += 1 }
  }

  /// The high bit of each quote, backslash and control character in eight bytes; see ``skipPlain()``.
  @inline(__always)
  static func special(_ raw: UInt64) -> UInt64 {
    let word = UInt64(littleEndian: raw)
    let quotes = word ^ 0x2222_2222_2222_2222
    let backslashes = word ^ 0x5C5C_5C5C_5C5C_5C5C
    return
      ((quotes &- 0x0101_0101_0101_0101) & ~quotes | (backslashes &- 0x0101_0101_0101_0101) & ~backslashes
      | (word &- 0x2020_2020_2020_2020) & ~word) & 0x8080_8080_8080_8080
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
