/// An agent's identity: the exact bytes that its publishers use.
///
/// Ids are valid UTF-8 of at most ``mostBytes`` bytes, and may be empty. They are compared by their bytes, and never
/// changed for keys and commands; only what is displayed of them is scrubbed.
package struct AgentID: Hashable, Sendable {
  /// A longer id is none.
  package static let mostBytes = 512

  /// Why bytes are no agent's id.
  package enum Fault: Error, Hashable, Sendable {
    /// More than ``AgentID/mostBytes``.
    case tooLong
    /// No valid UTF-8; a lone surrogate is none either.
    case notText
  }

  package let bytes: [UInt8]

  /// Takes bytes that are known to be an id: of one that was checked before. What comes from outside goes through
  /// ``init(outside:)``.
  package init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  package init(_ text: String) {
    bytes = Array(text.utf8)
  }

  /// Takes an id from outside; nil if its bytes are none.
  package init?(outside bytes: [UInt8]) {
    guard bytes.withUnsafeBytes({ Self.fault(in: $0) }) == nil else { return nil }
    self.bytes = bytes
  }

  /// What keeps bytes from being an id; nil if nothing does. Whoever takes an id from outside asks here.
  @inlinable
  package static func fault(in bytes: UnsafeRawBufferPointer) -> Fault? {
    guard bytes.count <= mostBytes else { return .tooLong }
    return isASCII(bytes) || isValidUTF8(bytes) ? nil : .notText
  }

  /// Nearly all ids are: eight bytes a step.
  @inlinable
  package static func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var all: UInt64 = 0
    var index = 0
    while bytes.count - index >= 8 {
      all |= bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      index += 8
    }
    while index < bytes.count {
      all |= UInt64(bytes[index])
      index += 1
    }
    return all & 0x8080_8080_8080_8080 == 0
  }

  @usableFromInline
  static func isValidUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
    String(validating: bytes, as: UTF8.self) != nil
  }

  /// Eight bytes at once: an array takes them one by one, here as in its hash.
  package static func == (left: AgentID, right: AgentID) -> Bool {
    left.bytes.withUnsafeBytes { left in right.bytes.withUnsafeBytes { isEqual(left, $0) } }
  }

  private static func isEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard left.count == right.count else { return false }
    var index = 0
    while left.count - index >= 8 {
      let words = (
        left.loadUnaligned(fromByteOffset: index, as: UInt64.self),
        right.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      )
      guard words.0 == words.1 else { return false }
      index += 8
    }
    return left[index...].elementsEqual(right[index...])
  }

  /// Whether it stands before another in the order of their bytes.
  package func precedes(_ other: AgentID) -> Bool {
    bytes.withUnsafeBytes { left in
      other.bytes.withUnsafeBytes { right in
        let count = min(left.count, right.count)
        var index = 0
        while index < count, left[index] == right[index] { index += 1 }
        return index < count ? left[index] < right[index] : left.count < right.count
      }
    }
  }

  /// All bytes at once: an array's own hash takes them one by one.
  package func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }

  /// No agent at all: the target of a command's closing line, or of a fleet-wide command.
  package static let none = AgentID(bytes: [])
}

extension AgentID.Fault: CustomStringConvertible {
  /// In words that follow "the id is".
  package var description: String {
    switch self {
    case .tooLong: "longer than \(AgentID.mostBytes) bytes"
    case .notText: "not valid UTF-8"
    }
  }
}

extension AgentID: CustomStringConvertible {
  /// The id as text with invalid bytes replaced: for logs and tests; a screen scrubs it further.
  package var description: String { String(decoding: bytes, as: UTF8.self) }
}

extension AgentID: ExpressibleByStringLiteral {
  package init(stringLiteral value: String) { self.init(value) }
}
