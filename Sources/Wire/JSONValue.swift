import FleetModel

/// A JSON document as a value: for commands, audit lines and the like, of which there are few. Events go through
/// ``EventDecoder`` instead.
///
/// Strings are bytes, so that an id keeps exactly those that its publisher wrote: bytes that are not UTF-8 stay as they
/// are, and a lone surrogate becomes its three-byte form (WTF-8).
package enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  /// A number written as a whole one that fits 64 bits.
  case integer(Int64)
  case number(Double)
  case string([UInt8])
  case array([JSONValue])
  case object(JSONObject)

  /// A string of text.
  package static func string(_ text: String) -> JSONValue { .string(Array(text.utf8)) }

  /// The member of that name of an object; nil if there is none, or if this is no object.
  package subscript(key: String) -> JSONValue? {
    guard case .object(let object) = self else { return nil }
    return object[key]
  }

  /// A string's bytes.
  package var bytes: [UInt8]? {
    guard case .string(let bytes) = self else { return nil }
    return bytes
  }

  /// A string as text, with invalid bytes replaced.
  package var text: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

  /// A whole number, however it is written.
  /// A whole number; one that is beyond the bounds of ``Bounded`` counts as the bound.
  package var int: Int? {
    switch self {
    case .integer(let value): Bounded.int(value)
    case .number(let value): Int64(exactly: value).map { Bounded.int($0) }
    case .null, .bool, .string, .array, .object: nil
    }
  }

  package var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .null, .bool, .string, .array, .object: nil
    }
  }

  package var bool: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  /// An array's elements.
  package var list: [JSONValue]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }

  package var object: JSONObject? {
    guard case .object(let object) = self else { return nil }
    return object
  }

  package var isNull: Bool { self == .null }

  /// How much memory it takes, about, in bytes: of many small parts several times as much as their text.
  package var weight: Int {
    switch self {
    case .null, .bool, .integer, .number: 24
    case .string(let bytes): 24 + (bytes.isEmpty ? 0 : 32 + bytes.count)
    case .array(let elements): elements.reduce(56) { $0 + $1.weight }
    case .object(let object): object.members.reduce(56) { $0 + 40 + $1.key.count + $1.value.weight }
    }
  }
}

/// An object's members in the order in which they were written; of a key that was written twice the last is found.
package struct JSONObject: Equatable, Sendable {
  /// One key and its value.
  package struct Member: Equatable, Sendable {
    package var key: [UInt8]
    package var value: JSONValue
  }

  package private(set) var members: [Member] = []

  package init() {}

  /// Takes members as they are; a look-up of a key that is there twice finds the last.
  package init(members: some Sequence<(key: [UInt8], value: JSONValue)>) {
    for (key, value) in members { append(key, value) }
  }

  /// Names and texts, by name: as arguments of actions are written.
  package init(texts: [String: String]) {
    for (name, text) in texts.sorted(by: { $0.key < $1.key }) { append(Array(name.utf8), .string(text)) }
  }

  /// The members that are texts, as text.
  package var texts: [String: String] {
    var texts: [String: String] = [:]
    for member in members { texts[String(decoding: member.key, as: UTF8.self)] = member.value.text }
    return texts
  }

  package subscript(key: String) -> JSONValue? {
    get { self[Array(key.utf8)] }
    set { self[Array(key.utf8)] = newValue }
  }

  package subscript(key: [UInt8]) -> JSONValue? {
    get { members.last { $0.key == key }?.value }
    set {
      let place = members.firstIndex { $0.key == key }
      switch (place, newValue) {
      case (let place?, let value?): members[place].value = value
      case (let place?, nil): members.remove(at: place)
      case (nil, let value?): members.append(Member(key: key, value: value))
      case (nil, nil): break
      }
    }
  }

  /// Adds a member without looking for an earlier one of that name; a look-up finds the last.
  mutating func append(_ key: [UInt8], _ value: JSONValue) {
    members.append(Member(key: key, value: value))
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// Members whose value is nil are left out.
  package init(dictionaryLiteral elements: (String, JSONValue?)...) {
    for (key, value) in elements {
      if let value { append(Array(key.utf8), value) }
    }
  }
}

extension JSONValue: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, JSONValue?)...) {
    var object = JSONObject()
    for (key, value) in elements {
      if let value { object.append(Array(key.utf8), value) }
    }
    self = .object(object)
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(floatLiteral value: Double) { self = .number(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
}
