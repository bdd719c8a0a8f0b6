import FleetModel

/// Command ids: UUIDs of version 7 (RFC 9562 §5.7), which sort by time.
package enum UUIDv7 {
  /// Makes an id from an instant and random bits that the caller drew.
  ///
  /// ```
  ///  48 bits        4   12       2    62 bits
  ///  milliseconds   7   random   10   random
  /// ```
  package static func make(at instant: Instant, random: (UInt64, UInt64)) -> CommandID {
    let high = UInt64(truncatingIfNeeded: instant.milliseconds) << 16 | 0x7000 | random.0 & 0x0FFF
    let low = 1 << 63 | random.1 & 0x3FFF_FFFF_FFFF_FFFF
    let digits = hexadecimal(high) + hexadecimal(low)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index == 8 || index == 12 || index == 16 || index == 20 { text.append("-") }
      text.append(digit)
    }
    return CommandID(text)
  }

  private static func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
