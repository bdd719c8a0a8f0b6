/// An IPv4 or IPv6 address: enough of one to tell it from other text and to know a loopback.
package struct IPAddress: Hashable, Sendable {
  /// 4 or 16 bytes, most significant first. An IPv4 address that is mapped into IPv6 is the same address, and has 4.
  package let bytes: [UInt8]

  package init?(_ text: String) {
    guard let bytes = text.contains(":") ? Self.parseSix(text) : Self.parseFour(text) else { return nil }
    let isMapped = bytes.count == 16 && bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 255 && bytes[11] == 255
    self.bytes = isMapped ? Array(bytes[12...]) : bytes
  }

  /// A loopback or unspecified address: this machine's own, or no machine's. Blocking it would hit everybody or nobody.
  package var isLocal: Bool {
    isLoopback || (bytes.count == 4 ? bytes[0] == 0 : bytes.allSatisfy { $0 == 0 })
  }

  /// 127.0.0.0/8 and ::1.
  package var isLoopback: Bool {
    if bytes.count == 4 { return bytes[0] == 127 }
    return bytes[..<15].allSatisfy { $0 == 0 } && bytes[15] == 1
  }

  private static func parseFour(_ text: some StringProtocol) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bytes: [UInt8] = []
    for part in parts {
      // No leading zeros: some read them as octal.
      guard part.utf8.allSatisfy({ (48...57).contains($0) }), part == "0" || part.first != "0", let byte = UInt8(part)
      else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  private static func parseSix(_ text: String) -> [UInt8]? {
    guard let gap = text.firstRange(of: "::") else {
      guard let groups = groups(text[...], mayEndInFour: true), groups.count == 16 else { return nil }
      return groups
    }
    guard let head = groups(text[..<gap.lowerBound], mayEndInFour: false),
      let tail = groups(text[gap.upperBound...], mayEndInFour: true),
      head.count + tail.count <= 14
    else { return nil }
    return head + Array(repeating: 0, count: 16 - head.count - tail.count) + tail
  }

  /// Groups between colons; the last of an address, and only that, may be an IPv4 address.
  private static func groups(_ text: Substring, mayEndInFour: Bool) -> [UInt8]? {
    if text.isEmpty { return [] }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    var bytes: [UInt8] = []
    for (index, part) in parts.enumerated() {
      if mayEndInFour, index == parts.count - 1, part.contains("."), let four = parseFour(part) {
        bytes += four
      } else if (1...4).contains(part.count), part.allSatisfy({ $0.isASCII && $0.isHexDigit }),
        let group = UInt16(part, radix: 16)
      {
        bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
      } else {
        return nil
      }
    }
    return bytes
  }
}

extension IPAddress: CustomStringConvertible {
  /// The one way of writing it that RFC 5952 prefers: lower case, no leading zeros, `::` for the longest run of zero
  /// groups, IPv4 at the end of a mapped address.
  package var description: String {
    if bytes.count == 4 { return Self.dotted(bytes[...]) }
    if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 255, bytes[11] == 255 {
      return "::ffff:" + Self.dotted(bytes[12...])
    }
    let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
    let texts = groups.map { String($0, radix: 16) }
    guard let zeros = Self.longestZeros(groups) else { return texts.joined(separator: ":") }
    return texts[..<zeros.lowerBound].joined(separator: ":") + "::" + texts[zeros.upperBound...].joined(separator: ":")
  }

  private static func dotted(_ bytes: ArraySlice<UInt8>) -> String { bytes.map { "\($0)" }.joined(separator: ".") }

  /// The first of the longest runs of two zero groups or more.
  private static func longestZeros(_ groups: [UInt16]) -> Range<Int>? {
    var longest = 0..<1
    var start = 0
    while start < groups.count {
      let end = groups[start...].firstIndex { $0 != 0 } ?? groups.count
      if end - start > longest.count { longest = start..<end }
      start = end + 1
    }
    return longest.count > 1 ? longest : nil
  }
}
