import FleetModel
import Wire

/// A key and its value, of a span, a line of a log, or whoever sends them.
package struct TelemetryAttribute: Equatable, Sendable {
  package enum Value: Equatable, Sendable {
    case text(String)
    case count(Int)
  }

  package var key: String
  package var value: Value

  package init(_ key: String, _ text: String) { (self.key, value) = (key, .text(text.clipped(toBytes: Self.longest))) }
  package init(_ key: String, _ count: Int) { (self.key, value) = (key, .count(count)) }

  /// A text is no longer than this, in bytes.
  package static let longest = 1024

  /// As OTLP writes it: whole numbers are texts, since JSON's own lose digits.
  package var json: JSONValue {
    let value: JSONValue =
      switch self.value {
      case .text(let text): ["stringValue": .string(text)]
      case .count(let count): ["intValue": .string("\(count)")]
      }
    return ["key": .string(key), "value": value]
  }

  package func mapText(_ change: (String) -> String) -> TelemetryAttribute {
    guard case .text(let text) = value else { return self }
    return TelemetryAttribute(key, change(text))
  }
}
