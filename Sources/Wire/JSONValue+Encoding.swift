extension JSONValue {
  /// The document's bytes, without white space. Numbers that JSON cannot write become null.
  package var encoded: [UInt8] {
    var result: [UInt8] = []
    append(to: &result)
    return result
  }

  /// Appends the document's bytes.
  package func append(to result: inout [UInt8]) {
    switch self {
    case .null: result += "null".utf8
    case .bool(let value): result += (value ? "true" : "false").utf8
    case .integer(let value): result += "\(value)".utf8
    case .number(let value): result += (value.isFinite ? "\(value)" : "null").utf8
    case .string(let bytes): Self.append(string: bytes, to: &result)
    case .array(let elements):
      result.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { result.append(UInt8(ascii: ",")) }
        element.append(to: &result)
      }
      result.append(UInt8(ascii: "]"))
    case .object(let object):
      result.append(UInt8(ascii: "{"))
      for (index, member) in object.members.enumerated() {
        if index > 0 { result.append(UInt8(ascii: ",")) }
        Self.append(string: member.key, to: &result)
        result.append(UInt8(ascii: ":"))
        member.value.append(to: &result)
      }
      result.append(UInt8(ascii: "}"))
    }
  }

  /// Appends a string with its quotes. The three-byte form of a lone surrogate goes back to the escape it came from;
  /// other bytes that are not UTF-8 stay as they are.
  package static func append(string bytes: some Collection<UInt8>, to result: inout [UInt8]) {
    result.append(UInt8(ascii: "\""))
    // Most strings hold nothing that needs an escape.
    let isPlain = bytes.withContiguousStorageIfAvailable {
      guard !$0.contains(where: needsCare) else { return false }
      result.append(contentsOf: $0)
      result.append(UInt8(ascii: "\""))
      return true
    }
    if isPlain == true { return }
    var rest = bytes[...]
    while let byte = rest.first {
      if let surrogate = surrogate(at: rest) {
        appendUnicode(surrogate, to: &result)
        rest = rest.dropFirst(3)
      } else {
        append(byte, to: &result)
        rest = rest.dropFirst()
      }
    }
    result.append(UInt8(ascii: "\""))
  }

  /// Whether a byte is, or may begin, something that cannot stand as it is.
  private static func needsCare(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0xED
  }

  private static func append(_ byte: UInt8, to result: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "\""): result += #"\""#.utf8
    case UInt8(ascii: "\\"): result += #"\\"#.utf8
    case 0x08: result += #"\b"#.utf8
    case 0x09: result += #"\t"#.utf8
    case 0x0A: result += #"\n"#.utf8
    case 0x0C: result += #"\f"#.utf8
    case 0x0D: result += #"\r"#.utf8
    case ..<0x20: appendUnicode(UInt16(byte), to: &result)
    default: result.append(byte)
    }
  }

  /// `ED A0…BF 80…BF`: a surrogate on its own.
  private static func surrogate(at rest: some Collection<UInt8>) -> UInt16? {
    guard rest.first == 0xED else { return nil }
    let bytes = Array(rest.prefix(3))
    guard bytes.count == 3, (0xA0...0xBF).contains(bytes[1]), (0x80...0xBF).contains(bytes[2]) else { return nil }
    return 0xD000 | UInt16(bytes[1] & 0x3F) << 6 | UInt16(bytes[2] & 0x3F)
  }

  private static func appendUnicode(_ value: UInt16, to result: inout [UInt8]) {
    let digits = Array("0123456789abcdef".utf8)
    result += #"\u"#.utf8
    for shift in [12, 8, 4, 0] { result.append(digits[Int(value >> UInt16(shift) & 0xF)]) }
  }
}
