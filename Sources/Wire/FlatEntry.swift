import FleetModel

/// A stream entry that some other client wrote with a field for each value, put together as the JSON it stands for.
enum FlatEntry {
  /// The event's own fields stay outside, all others are its data's. Text that JSON would take for a number becomes
  /// one there and in `timestamp`; ids and names of the event stay text.
  static func json(_ fields: [(name: [UInt8], value: [UInt8])]) -> [UInt8] {
    var result: [UInt8] = [UInt8(ascii: "{")]
    var data: [UInt8] = []
    for field in fields {
      switch OuterKey(rawValue: String(decoding: field.name, as: UTF8.self)) {
      case .entityID, .eventType, .eventID, .source, .severity:
        JSONValue.append(string: field.name, to: &result)
        result.append(UInt8(ascii: ":"))
        JSONValue.append(string: field.value, to: &result)
        result.append(UInt8(ascii: ","))
      case .timestamp:
        append(field, to: &result)
        result.append(UInt8(ascii: ","))
      case .data, .headers, nil:
        if !data.isEmpty { data.append(UInt8(ascii: ",")) }
        append(field, to: &data)
      }
    }
    result += #""data":{"#.utf8
    result += data
    result += "}}".utf8
    return result
  }

  private static func append(_ field: (name: [UInt8], value: [UInt8]), to result: inout [UInt8]) {
    JSONValue.append(string: field.name, to: &result)
    result.append(UInt8(ascii: ":"))
    if isNumber(field.value) { result += field.value } else { JSONValue.append(string: field.value, to: &result) }
  }

  private static func isNumber(_ bytes: [UInt8]) -> Bool {
    guard let first = bytes.first, first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") <= 9 else { return false }
    return bytes.withUnsafeBytes { buffer in
      guard var cursor = try? JSONCursor(buffer), let number = try? cursor.number() else { return false }
      return cursor.at == cursor.end && number.double.isFinite
    }
  }
}
