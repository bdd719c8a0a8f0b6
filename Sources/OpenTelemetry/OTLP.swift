import FleetModel
import Wire

/// Requests of the OpenTelemetry protocol over HTTP, in its JSON mapping.
package enum OTLP {
  /// What is told, each to a path of its own.
  package enum Signal: String, CaseIterable, Sendable {
    case traces, logs

    /// Behind the collector's address.
    package var path: String { "/v1/\(rawValue)" }

    fileprivate var keys: (resources: String, scopes: String, records: String) {
      switch self {
      case .traces: ("resourceSpans", "scopeSpans", "spans")
      case .logs: ("resourceLogs", "scopeLogs", "logRecords")
      }
    }

    /// What an answer counts what it did not take by.
    fileprivate var rejected: String {
      switch self {
      case .traces: "rejectedSpans"
      case .logs: "rejectedLogRecords"
      }
    }
  }

  /// Who tells it.
  package struct Source: Equatable, Sendable {
    package var attributes: [TelemetryAttribute]
    package var version: String

    /// - Parameters:
    ///   - service: the name under which a backend files it.
    ///   - instance: which of them it is.
    package init(service: String, instance: String, version: String) {
      attributes = [
        TelemetryAttribute("service.name", service), TelemetryAttribute("service.instance.id", instance),
        TelemetryAttribute("service.version", version),
      ]
      self.version = version
    }
  }

  /// The body of a request.
  package static func body(_ signal: Signal, _ records: [JSONValue], from source: Source) -> [UInt8] {
    let keys = signal.keys
    var scope: JSONObject = ["scope": ["name": "vigia", "version": .string(source.version)]]
    scope[keys.records] = .array(records)
    var resource: JSONObject = ["resource": ["attributes": .array(source.attributes.map(\.json))]]
    resource[keys.scopes] = [.object(scope)]
    return JSONValue.object([keys.resources: [.object(resource)]]).encoded
  }

  /// How many of the records a collector did not take though it answered 200, and why.
  package static func rejected(_ signal: Signal, in answer: [UInt8]) -> (count: Int, reason: String) {
    let json = answer.withUnsafeBytes { try? JSONValue.parse($0) }
    let partial = json?["partialSuccess"]
    // A whole number is a text there, and may be a number.
    let count = partial?[signal.rejected]
    let number = count?.int ?? count?.text.flatMap { Int($0) } ?? 0
    return (max(0, number), partial?["errorMessage"]?.text ?? "")
  }

  /// Nanoseconds since the epoch, as a text.
  static func time(_ instant: Instant) -> JSONValue {
    instant > .epoch ? .string("\(instant.milliseconds)000000") : .string("0")
  }
}
