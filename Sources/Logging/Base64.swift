/// Base64 (RFC 4648), as far as it takes to find in it what must not be read.
enum Base64 {
  private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  /// Fewer digits occur by themselves.
  private static let shortest = 8

  /// The digits that stand for nothing but these bytes, for each of the three places in a group at which they may begin, in
  /// both alphabets.
  static func insides(of bytes: [UInt8]) -> [[UInt8]] {
    let standard = (0..<3).map { inside(of: bytes, at: $0) }.filter { $0.count >= shortest }
    let forURLs = standard.map { text in
      text.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 }
    }
    return Array(Set(standard + forURLs))
  }

  /// - Parameter place: how many other bytes stand before them in their group.
  private static func inside(of bytes: [UInt8], at place: Int) -> [UInt8] {
    let all = [UInt8](repeating: 0, count: place) + bytes
    // Digits of six bits that lie within the bytes.
    return ((8 * place + 5) / 6..<8 * all.count / 6).map { digit in
      let bit = 6 * digit
      let next = bit / 8 + 1 < all.count ? all[bit / 8 + 1] : 0
      let pair = UInt16(all[bit / 8]) << 8 | UInt16(next)
      return digits[Int(pair >> UInt16(10 - bit % 8) & 63)]
    }
  }

  /// The whole of what is written in Base64 around a range.
  static func run(around range: Range<Int>, in bytes: [UInt8]) -> Range<Int> {
    let isDigit: (UInt8) -> Bool = { digits.contains($0) || "-_=".utf8.contains($0) }
    let start = bytes[..<range.lowerBound].lastIndex { !isDigit($0) }.map { $0 + 1 } ?? 0
    let end = bytes[range.upperBound...].firstIndex { !isDigit($0) } ?? bytes.count
    return start..<end
  }
}
