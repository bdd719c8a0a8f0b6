extension JSONValue {
  /// Reads one JSON document; see ``JSONCursor`` for what counts as JSON.
  package static func parse(_ bytes: UnsafeRawBufferPointer) throws(Unreadable) -> JSONValue {
    var cursor = try JSONCursor(bytes)
    _ = try cursor.next()
    let value = try read(&cursor, depth: 0)
    try cursor.finish()
    return value
  }

  /// Reads one JSON document.
  package static func parse(_ bytes: [UInt8]) throws(Unreadable) -> JSONValue {
    let result: Result<JSONValue, Unreadable> = bytes.withUnsafeBytes { buffer in
      do throws(Unreadable) { return .success(try parse(buffer)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  private static func read(_ cursor: inout JSONCursor, depth: Int) throws(Unreadable) -> JSONValue {
    switch cursor.at.pointee {
    case UInt8(ascii: "{"): return try readObject(&cursor, depth: depth + 1)
    case UInt8(ascii: "["): return try readArray(&cursor, depth: depth + 1)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      let number = try cursor.number()
      return number.int.map { .integer($0) } ?? .number(number.double)
    case UInt8(ascii: "\""):
      cursor.at += 1
      return .string(try cursor.string().content)
    default:
      let word = try cursor.value(depth: depth).bytes
      switch word.first {
      case UInt8(ascii: "t"): return .bool(true)
      case UInt8(ascii: "f"): return .bool(false)
      case UInt8(ascii: "N"): return .number(.nan)
      case UInt8(ascii: "I"): return .number(.infinity)
      default: return .null
      }
    }
  }

  private static func readObject(_ cursor: inout JSONCursor, depth: Int) throws(Unreadable) -> JSONValue {
    guard depth <= JSONCursor.depthLimit else { throw .nestedTooDeep }
    var object = JSONObject()
    cursor.at += 1
    if try cursor.next() == UInt8(ascii: "}") {
      cursor.at += 1
      return .object(object)
    }
    repeat {
      let key = try cursor.key().content
      object.append(key, try read(&cursor, depth: depth))
    } while try cursor.another(closing: UInt8(ascii: "}"))
    return .object(object)
  }

  private static func readArray(_ cursor: inout JSONCursor, depth: Int) throws(Unreadable) -> JSONValue {
    guard depth <= JSONCursor.depthLimit else { throw .nestedTooDeep }
    var elements: [JSONValue] = []
    cursor.at += 1
    if try cursor.next() == UInt8(ascii: "]") {
      cursor.at += 1
      return .array(elements)
    }
    repeat {
      _ = try cursor.next()
      elements.append(try read(&cursor, depth: depth))
    } while try cursor.another(closing: UInt8(ascii: "]"))
    return .array(elements)
  }
}
