import FleetModel

/// The key of a mark, and the key that the version before gave the same mark, if it differs.
///
/// Handlers of both versions may take turns, so a mark is written under both spellings and found under either.
package struct MarkKey: Equatable, Sendable {
  package let key: [UInt8]
  /// Nil for ordinary ids, whose keys are spelled as ever.
  package let former: [UInt8]?

  package init(_ key: [UInt8], former: [UInt8]? = nil) {
    self.key = key
    self.former = former == key ? nil : former
  }

  /// The present spelling first.
  package var spellings: [[UInt8]] { [key] + (former.map { [$0] } ?? []) }
}

extension AgentID {
  /// The id as a part of a mark's key: visible ASCII without `/`, at most 128 bytes, and no other id's.
  ///
  /// `%`, `/`, control bytes, space and non-ASCII bytes are percent-encoded; what is longer than 128 bytes then is
  /// `%sha256-` and its digest, which no encoded id begins with.
  package var keyPart: String {
    if isKeyPart { return String(decoding: bytes, as: UTF8.self) }
    let part = Self.encoded(bytes, keeping: Self.isPlain)
    return part.utf8.count <= Self.longestPart ? part : "%sha256-" + SHA256.hex(bytes)
  }

  /// Whether the id stands in keys as it is.
  package var isKeyPart: Bool { bytes.count <= Self.longestPart && bytes.allSatisfy(Self.isPlain) }

  private static let longestPart = 128

  private static func isPlain(_ byte: UInt8) -> Bool {
    (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "%") && byte != UInt8(ascii: "/")
  }

  fileprivate static func encoded(_ bytes: some Sequence<UInt8>, keeping isPlain: (UInt8) -> Bool) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    let text = bytes.flatMap { byte in
      isPlain(byte) ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The id as text that tells it from other ids: if its bytes are not UTF-8, each as `%` and two hexadecimal digits.
  /// The version before put it so into keys, besides the marks of targets.
  package var escapedText: String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    return bytes.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

/// The key by which a service or program knows an effect that it was asked for before.
package enum IdempotencyKey {
  /// The key for a command or run and one of its targets: visible ASCII, at most 255 bytes.
  package static func make(_ id: CommandID, _ target: AgentID) -> String { sendable("\(id)/\(target.keyPart)") }

  /// Visible ASCII, bounded. A run that an older version began may have an id with any bytes.
  private static func sendable(_ key: String) -> String {
    let text = AgentID.encoded(key.utf8) { (0x21...0x7E).contains($0) }
    return text.utf8.count <= longest ? text : "%sha256-" + SHA256.hex(Array(text.utf8))
  }

  /// The key as a header can hold it. One that was written before keeps its spelling, unless it holds a control character:
  /// no request with it was ever sent.
  package static func header(_ key: String) -> String {
    key.utf8.contains { $0 < 0x20 || $0 == 0x7F } ? sendable(key) : key
  }

  /// What services take; many refuse more.
  private static let longest = 255
}
