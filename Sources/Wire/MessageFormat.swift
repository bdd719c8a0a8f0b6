import FleetModel

/// The three ways in which a message's body is wrapped; told apart by its first bytes.
///
/// FastStream from 0.6 on writes, all big-endian:
/// ```
///  0        8     10       14       18
/// ├ magic ──┼ u16 ┼ u32 ───┼ u32 ───┼ u16 n ┬ n × (u16 length, key, u16 length, value) ┬ body …
/// │ 89 BIN… │  1  │ headers│ data   │       │                                          │
///                  start    start ──────────────────────────────────────────────────────┘
/// ```
/// Its lengths count characters where the bytes are UTF-8, so that one non-ASCII header misaligns those after it: the
/// body is found by *data start* alone. FastStream 0.5 writes `{"data": "<body>", "headers": {…}}`.
package enum MessageFormat: Sendable, CaseIterable {
  case binary, envelope, plain

  /// What a binary message begins with.
  static let magic: [UInt8] = [0x89, 0x42, 0x49, 0x4E, 0x0D, 0x0A, 0x1A, 0x0A]
  /// The same as one little-endian word.
  static let magicWord: UInt64 = 0x0A1A_0A0D_4E49_4289
  static let headerLength = 18

  /// The body of a binary message; nil if the payload is none.
  @inline(__always)
  static func binaryBody(_ payload: UnsafeRawBufferPointer) throws(Unreadable) -> UnsafeRawBufferPointer? {
    guard let base = payload.baseAddress, payload[0] == 0x89 else { return nil }
    guard payload.count >= headerLength else { throw magic.starts(with: payload.prefix(8)) ? .truncated : .notJSON }
    guard UInt64(littleEndian: base.loadUnaligned(as: UInt64.self)) == magicWord else { throw .notJSON }
    guard UInt16(bigEndian: base.loadUnaligned(fromByteOffset: 8, as: UInt16.self)) == 1 else {
      throw .badBinaryHeader
    }
    let start = Int(UInt32(bigEndian: base.loadUnaligned(fromByteOffset: 14, as: UInt32.self)))
    guard start >= headerLength else { throw .badBinaryHeader }
    guard start <= payload.count else { throw .truncated }
    guard start < payload.count else { throw .empty }
    return UnsafeRawBufferPointer(rebasing: payload[start...])
  }

  /// Reads the JSON that a message of any format carries.
  package static func document(_ payload: UnsafeRawBufferPointer) throws(Unreadable) -> JSONValue {
    guard payload.count > 0 else { throw .empty }
    if let body = try binaryBody(payload) { return try JSONValue.parse(body) }
    let value = try JSONValue.parse(payload)
    guard let body = value["data"]?.bytes, value["headers"]?.object != nil else { return value }
    return try JSONValue.parse(body)
  }
}
