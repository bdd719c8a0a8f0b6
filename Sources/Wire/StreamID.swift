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
    let dash = bytes.firstIndex(of: UInt8(ascii: "-"))
    guard let milliseconds = Self.number(bytes[..<(dash ?? bytes.endIndex)]) else { return nil }
    self.init(milliseconds: milliseconds)
    guard let dash else { return }
    guard let sequence = Self.number(bytes[bytes.index(after: dash)...]) else { return nil }
    self.sequence = sequence
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

  private static func number(_ digits: some Collection<UInt8>) -> UInt64? {
    guard !digits.isEmpty else { return nil }
    var value: UInt64 = 0
    for byte in digits {
      let digit = byte &- UInt8(ascii: "0")
      guard digit <= 9 else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
      guard !overflow, !carry else { return nil }
      value = sum
    }
    return value
  }
}

extension StreamID: CustomStringConvertible {
  package var description: String { "\(milliseconds)-\(sequence)" }
}
