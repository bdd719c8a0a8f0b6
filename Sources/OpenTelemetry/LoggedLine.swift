import FleetModel
import Wire

/// A line of a log.
package struct LoggedLine: Equatable, Sendable {
  /// The numbers of OTLP's `SeverityNumber`.
  package enum Severity: Int64, Sendable {
    case debug = 5, info = 9, warning = 13, error = 17

    /// As OpenTelemetry's own tools write it.
    var name: String {
      switch self {
      case .debug: "DEBUG"
      case .info: "INFO"
      case .warning: "WARN"
      case .error: "ERROR"
      }
    }
  }

  package var at: Instant
  package var severity: Severity
  package var message: String
  package var attributes: [TelemetryAttribute]

  package init(at instant: Instant, _ severity: Severity, _ message: String, _ attributes: [TelemetryAttribute] = []) {
    (at, self.severity, self.message, self.attributes) = (instant, severity, message, attributes)
  }

  package var json: JSONValue {
    [
      "timeUnixNano": OTLP.time(at), "observedTimeUnixNano": OTLP.time(at),
      "severityNumber": .integer(severity.rawValue),
      "severityText": .string(severity.name),
      "body": ["stringValue": .string(message.clipped(toBytes: TelemetryAttribute.longest))],
      "attributes": .array(attributes.map(\.json)),
    ]
  }
}
