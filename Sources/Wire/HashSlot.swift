/// Which of the 16,384 slots of a Redis cluster a key lies in: CRC-16 (XMODEM) of the key or of its hash tag.
///
/// Source: the Redis cluster specification, "Key distribution model" and "Hash tags".
package enum HashSlot {
  package static let count = 16_384

  /// The slot of a key, 0..<16384.
  package static func of(_ key: [UInt8]) -> Int { Int(crc(hashTag(key) ?? key[...])) % count }

  /// What stands between the first `{` and the next `}`; nil if that is nothing, or there are none.
  package static func hashTag(_ key: [UInt8]) -> ArraySlice<UInt8>? {
    guard let open = key.firstIndex(of: UInt8(ascii: "{")) else { return nil }
    let rest = key[(open + 1)...]
    guard let close = rest.firstIndex(of: UInt8(ascii: "}")), close > rest.startIndex else { return nil }
    return rest[..<close]
  }

  private static func crc(_ bytes: ArraySlice<UInt8>) -> UInt16 {
    var crc: UInt16 = 0
    for byte in bytes {
      crc ^= UInt16(byte) << 8
      for _ in 0..<8 { crc = crc & 0x8000 != 0 ? crc << 1 ^ 0x1021 : crc << 1 }
    }
    return crc
  }
}
