import FleetModel

/// The collector of OpenTelemetry that is told what the handler does.
package struct TelemetrySettings: Equatable, Sendable {
  /// Its address, without a slash at the end and without the path of a signal.
  package var endpoint: String
  /// What its requests carry, such as an authorization: secrets.
  package var headers: [Header]
  /// The name under which a backend files the handler.
  package var service: String
  package var sendsTraces: Bool
  package var sendsLogs: Bool
  /// One attempt, from the look-up of the host's name to the last byte.
  package var timeout = TimeSpan.seconds(10)

  package struct Header: Equatable, Sendable {
    package var name: String
    package var value: String

    package init(name: String, value: String) { (self.name, self.value) = (name, value) }
  }

  package init(
    endpoint: String, headers: [Header] = [], service: String = "vigia-handler", traces: Bool = true, logs: Bool = true
  ) {
    (self.endpoint, self.headers, self.service) = (endpoint, headers, service)
    (sendsTraces, sendsLogs) = (traces, logs)
  }
}
