/// A key, field, member or value as Redis holds it.
package typealias Bytes = [UInt8]

extension Array where Element == UInt8 {
  /// For people and for comparisons with names of commands.
  var text: String { String(decoding: self, as: UTF8.self) }

  /// Bytes in the order in which Redis compares members.
  func precedes(_ other: Bytes) -> Bool { lexicographicallyPrecedes(other) }

  /// A whole number as Redis reads one: decimal, without spaces or plus.
  var wholeNumber: Int64? {
    guard let first, first != UInt8(ascii: "+") else { return nil }
    guard let number = Int64(text), "\(number)" == text else { return nil }
    return number
  }
}

extension [[UInt8]] {
  /// What a request asks for, in capitals.
  var commandName: String {
    guard let first else { return "" }
    return first.allSatisfy { (65...90).contains($0) } ? first.text : first.text.uppercased()
  }
}

/// Bytes as the key of a dictionary: hashed at once. An array hashes its bytes one by one.
struct Name: Hashable {
  let bytes: Bytes

  init(_ bytes: Bytes) { self.bytes = bytes }

  func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
}

extension String {
  var bytes: Bytes { Array(utf8) }
}
