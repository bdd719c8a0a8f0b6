import FleetModel

/// Writes one JSON object straight into bytes, for what is written often; ``JSONValue`` is for the rest.
///
/// Members whose value is nil are left out. Names are written as they are: they must need no escape.
package struct JSONWriter {
  private var bytes: [UInt8] = []

  package init() {
    bytes.reserveCapacity(512)
    bytes.append(UInt8(ascii: "{"))
  }

  /// The object's bytes, which closes it.
  package consuming func finish() -> [UInt8] {
    bytes.append(UInt8(ascii: "}"))
    return bytes
  }

  package mutating func add(_ name: StaticString, _ text: String?) {
    guard let text else { return }
    begin(name)
    JSONValue.append(string: text.utf8, to: &bytes)
  }

  package mutating func add(_ name: StaticString, _ id: AgentID?) {
    guard let id else { return }
    begin(name)
    JSONValue.append(string: id.bytes, to: &bytes)
  }

  package mutating func add(_ name: StaticString, _ number: Int?) {
    guard let number else { return }
    begin(name)
    bytes += String(number).utf8
  }

  package mutating func add(_ name: StaticString, _ value: JSONValue?) {
    guard let value else { return }
    begin(name)
    value.append(to: &bytes)
  }

  /// ISO 8601.
  package mutating func add(_ name: StaticString, _ instant: Instant?) {
    guard let instant else { return }
    begin(name)
    bytes.append(UInt8(ascii: "\""))
    ISO8601.append(instant, to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// An object.
  package mutating func add(_ name: StaticString, _ write: (inout JSONWriter) -> Void) {
    begin(name)
    bytes.append(UInt8(ascii: "{"))
    write(&self)
    bytes.append(UInt8(ascii: "}"))
  }

  private mutating func begin(_ name: StaticString) {
    if bytes.last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
    bytes.append(UInt8(ascii: "\""))
    name.withUTF8Buffer { bytes.append(contentsOf: $0) }
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }
}
