/// A text's place in the order that people expect: a run of digits counts as a number, so that `agent-2` comes before
/// `agent-10`. Two texts have the same place only if their bytes are the same.
package struct NaturalOrder: Comparable, Sendable {
  /// Digits without leading zeros, each run behind its length.
  private let key: [UInt8]
  private let text: [UInt8]

  package init(_ text: String) { self.init(Array(text.utf8)) }

  package init(_ bytes: [UInt8]) {
    text = bytes
    var key: [UInt8] = []
    key.reserveCapacity(bytes.count + 4)
    var index = 0
    while index < bytes.count {
      guard Self.isDigit(bytes[index]) else {
        key.append(bytes[index])
        index += 1
        continue
      }
      let end = bytes[index...].firstIndex { !Self.isDigit($0) } ?? bytes.count
      let digits = bytes[index..<end].drop { $0 == UInt8(ascii: "0") }
      // Digits keep their place among other characters. A run of more than 255 is compared by its first ones.
      key += [UInt8(ascii: "0"), UInt8(clamping: digits.count)]
      key += digits
      index = end
    }
    self.key = key
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") <= 9 }

  package static func == (left: NaturalOrder, right: NaturalOrder) -> Bool { left.text == right.text }

  package static func < (left: NaturalOrder, right: NaturalOrder) -> Bool {
    if left.key != right.key { return left.key.lexicographicallyPrecedes(right.key) }
    return left.text.lexicographicallyPrecedes(right.text)
  }
}
