import FleetModel

/// A stream entry's id: the server's milliseconds and a counter within them, written `1795334137846-0`.
package struct StreamID: Hashable, Comparable, Sendable {
  package var milliseconds: UInt64
  package var sequence: UInt64

  package init(milliseconds: UInt64, sequence: UInt64 = 0) {
    self.milliseconds = milliseconds
    self.sequence = sequence
  }

  /// Reads `ms-seq`, or `ms` alone; nil for anything else.
  package init?(_ bytes: some Collection<UInt8>) {
    guard let id = Array(bytes).withUnsafeBytes({ StreamID($0) }) else { return nil }
    self = id
  }

  /// Reads it where it lies; see above.
  package init?(_ bytes: UnsafeRawBufferPointer) {
    guard let id = Self.short(bytes) ?? Self.long(bytes) else { return nil }
    self = id
  }

  /// Reads an id of up to eighteen digits on each side, as all are that servers make: nothing can overflow.
  @inline(__always)
  private static func short(_ bytes: UnsafeRawBufferPointer) -> StreamID? {
    var at = 0
    func digits() -> UInt64? {
      let start = at
      var value: UInt64 = 0
      while at < bytes.count, bytes[at] &- UInt8(ascii: "0") <= 9 {
        value = value &* 10 &+ UInt64(bytes[at] &- UInt8(ascii: "0"))
        at += 1
      }
      return at > start && at - start <= 18 ? value : nil
    }
    guard let milliseconds = digits(), at < bytes.count, bytes[at] == UInt8(ascii: "-") else { return nil }
    at += 1
    guard let sequence = digits(), at == bytes.count else { return nil }
    return StreamID(milliseconds: milliseconds, sequence: sequence)
  }

  private static func long(_ bytes: UnsafeRawBufferPointer) -> StreamID? {
    var parts: (UInt64, UInt64) = (0, 0)
    var digits = 0
    var isSequence = false
    for byte in bytes {
      let digit = byte &- UInt8(ascii: "0")
      if digit <= 9 {
        let value = isSequence ? parts.1 : parts.0
        let (product, overflow) = value.multipliedReportingOverflow(by: 10)
        let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
        guard !overflow, !carry else { return nil }
        if isSequence { parts.1 = sum } else { parts.0 = sum }
        digits += 1
      } else {
        guard byte == UInt8(ascii: "-"), !isSequence, digits > 0 else { return nil }
        isSequence = true
        digits = 0
      }
    }
    guard digits > 0 else { return nil }
    return StreamID(milliseconds: parts.0, sequence: parts.1)
  }

  /// Before every entry.
  package static let zero = StreamID(milliseconds: 0)

  package static func < (left: StreamID, right: StreamID) -> Bool {
    (left.milliseconds, left.sequence) < (right.milliseconds, right.sequence)
  }

  /// When the server took the entry.
  package var instant: Instant { Instant(milliseconds: Int64(clamping: milliseconds)) }

  /// The smallest id after this one; the last of all stays.
  package func next() -> StreamID {
    if sequence < .max { return StreamID(milliseconds: milliseconds, sequence: sequence + 1) }
    return milliseconds < .max ? StreamID(milliseconds: milliseconds + 1) : self
  }
}

extension StreamID: CustomStringConvertible {
  package var description: String { "\(milliseconds)-\(sequence)" }
}
