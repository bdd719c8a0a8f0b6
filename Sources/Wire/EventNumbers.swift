import FleetModel

/// Reads some numbers of an event's `data` without building anything else: for what is asked of every event of a flood.
package struct EventNumbers {
  /// What stands in a field.
  package enum Value: Equatable, Sendable {
    /// Nothing, or null.
    case missing
    case number(Double)
    /// Something that is no number.
    case other
  }

  private let names: [[UInt8]]
  /// By the order of the names, as the last event had them.
  package private(set) var values: [Value]

  private static let dataName = Array("data".utf8)

  package init(_ names: [String]) {
    self.names = names.map { Array($0.utf8) }
    values = Array(repeating: .missing, count: names.count)
  }

  /// Reads them out of an event's JSON. An event without `data` has its fields beside its id.
  ///
  /// - Returns: whether they could be read; otherwise the event must be looked at in full.
  package mutating func read(_ body: UnsafeRawBufferPointer) -> Bool {
    do throws(Unreadable) {
      var cursor = try JSONCursor(body)
      var whole = cursor
      guard try isSimple(&cursor, depth: 0, findsData: true) else { return false }
      guard !hasData else { return true }
      return try isSimple(&whole, depth: 0, findsData: false)
    } catch {
      return false
    }
  }

  private var hasData = false

  /// Reads an object's members: those of `data` in it, or its own.
  ///
  /// - Returns: false if a key has escapes, or `data` is no object: both are rare.
  private mutating func isSimple(_ cursor: inout JSONCursor, depth: Int, findsData: Bool) throws(Unreadable) -> Bool {
    if findsData { hasData = false }
    for place in values.indices where !findsData { values[place] = .missing }
    try cursor.take(UInt8(ascii: "{"))
    if try cursor.next() == UInt8(ascii: "}") {
      cursor.at += 1
      return true
    }
    repeat {
      let key = try cursor.key()
      if case .escaped = key.form { return false }
      if findsData {
        guard key.bytes.elementsEqual(Self.dataName) else {
          _ = try cursor.value(depth: depth + 1)
          continue
        }
        guard try cursor.next() == UInt8(ascii: "{") else { return false }
        guard try isSimple(&cursor, depth: depth + 1, findsData: false) else { return false }
        hasData = true
      } else {
        try take(key, &cursor, depth)
      }
    } while try cursor.another(closing: UInt8(ascii: "}"))
    return true
  }

  private mutating func take(_ key: JSONToken, _ cursor: inout JSONCursor, _ depth: Int) throws(Unreadable) {
    for place in names.indices where key.bytes.isEqual(to: names[place]) {
      let first = try cursor.next()
      switch first {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): values[place] = .number(try cursor.double())
      case UInt8(ascii: "-") where cursor.end - cursor.at > 1 && (0x30...0x39).contains(cursor.at[1]):
        values[place] = .number(try cursor.double())
      case UInt8(ascii: "n"):
        _ = try cursor.value(depth: depth + 1)
        values[place] = .missing
      default:
        _ = try cursor.value(depth: depth + 1)
        values[place] = .other
      }
      return
    }
    _ = try cursor.value(depth: depth + 1)
  }
}

extension UnsafeRawBufferPointer {
  fileprivate func isEqual(to name: [UInt8]) -> Bool { count == name.count && elementsEqual(name) }
}
