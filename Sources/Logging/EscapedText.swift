/// Bytes as they read once escapes in them are decoded, each with the place that it came from.
package struct EscapedText {
  package private(set) var bytes: [UInt8]
  /// Where in the original the byte at the same index begins and ends.
  private var begins: [Int]
  private var ends: [Int]

  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
    begins = Array(bytes.indices)
    ends = bytes.indices.map { $0 + 1 }
  }

  private init() { (bytes, begins, ends) = ([], [], []) }

  /// What a range of these bytes was written as in the original.
  package func origin(of range: Range<Int>) -> Range<Int> {
    range.isEmpty ? 0..<0 : begins[range.lowerBound]..<ends[range.upperBound - 1]
  }

  /// The ways in which services and programs escape what they repeat.
  package static let decoders: [@Sendable (EscapedText) -> EscapedText?] = [
    { $0.percentDecoded() }, { $0.percentDecoded(isForm: true) }, { $0.backslashDecoded() }, { $0.entityDecoded() },
  ]

  /// `%2F`, and in a form `+` for a blank; nil if there is nothing to decode.
  package func percentDecoded(isForm: Bool = false) -> EscapedText? {
    decoded { at in
      if isForm, bytes[at] == UInt8(ascii: "+") { return ([0x20], 1) }
      guard bytes[at] == UInt8(ascii: "%"), let value = hex(at + 1, count: 2) else { return nil }
      return ([UInt8(value)], 3)
    }
  }

  /// As in strings of JSON and of most languages: `\/`, `\n`, `\u002f`, `\x2f`.
  package func backslashDecoded() -> EscapedText? {
    decoded { at in
      guard bytes[at] == UInt8(ascii: "\\"), at + 1 < bytes.count else { return nil }
      switch bytes[at + 1] {
      case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"), UInt8(ascii: "/"): return ([bytes[at + 1]], 2)
      case UInt8(ascii: "n"): return ([0x0A], 2)
      case UInt8(ascii: "r"): return ([0x0D], 2)
      case UInt8(ascii: "t"): return ([0x09], 2)
      case UInt8(ascii: "b"): return ([0x08], 2)
      case UInt8(ascii: "f"): return ([0x0C], 2)
      case UInt8(ascii: "x"): return hex(at + 2, count: 2).map { ([UInt8($0)], 4) }
      case UInt8(ascii: "u"): return character(at)
      default: return nil
      }
    }
  }

  /// `\u00e9`, or two halves of one beyond the first plane.
  private func character(_ at: Int) -> (bytes: [UInt8], length: Int)? {
    guard let first = hex(at + 2, count: 4) else { return nil }
    if let scalar = Unicode.Scalar(first) { return (Array(String(scalar).utf8), 6) }
    guard at + 7 < bytes.count, bytes[at + 6] == UInt8(ascii: "\\"), bytes[at + 7] == UInt8(ascii: "u"),
      let second = hex(at + 8, count: 4), (0xDC00...0xDFFF).contains(second), (0xD800...0xDBFF).contains(first),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { return nil }
    return (Array(String(scalar).utf8), 12)
  }

  private static let entities: [String: UInt8] = [
    "amp": UInt8(ascii: "&"), "lt": UInt8(ascii: "<"), "gt": UInt8(ascii: ">"), "quot": UInt8(ascii: "\""),
    "apos": UInt8(ascii: "'"),
  ]

  /// As on a page of HTML: `&amp;`, `&#47;`, `&#x2F;`.
  package func entityDecoded() -> EscapedText? {
    decoded { at in
      guard bytes[at] == UInt8(ascii: "&"),
        let end = bytes[at...].prefix(12).firstIndex(of: UInt8(ascii: ";"))
      else { return nil }
      let name = String(decoding: bytes[(at + 1)..<end], as: UTF8.self)
      let length = end + 1 - at
      if let byte = Self.entities[name] { return ([byte], length) }
      guard name.hasPrefix("#") else { return nil }
      let number = name.dropFirst()
      let value = number.lowercased().hasPrefix("x") ? UInt32(number.dropFirst(), radix: 16) : UInt32(number)
      return value.flatMap { Unicode.Scalar($0) }.map { (Array(String($0).utf8), length) }
    }
  }

  /// - Parameter decode: what stands escaped at an index, and how long its escape is; nil if nothing is.
  private func decoded(_ decode: (Int) -> (bytes: [UInt8], length: Int)?) -> EscapedText? {
    var result = EscapedText()
    var at = 0
    while at < bytes.count {
      let (values, length) = decode(at) ?? ([bytes[at]], 1)
      for value in values {
        result.bytes.append(value)
        result.begins.append(begins[at])
        result.ends.append(ends[at + length - 1])
      }
      at += length
    }
    return result.bytes == bytes ? nil : result
  }

  private func hex(_ at: Int, count: Int) -> UInt32? {
    guard at + count <= bytes.count else { return nil }
    var value: UInt32 = 0
    for byte in bytes[at..<at + count] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }
}
