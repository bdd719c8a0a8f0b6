import FleetModel

/// The service that the leader pings while it acts and reads in time. When the pings stop, the service calls people.
package struct HeartbeatSettings: Equatable, Sendable {
  package var url: String
  /// How often.
  package var span: TimeSpan

  package init(url: String, every span: TimeSpan = .minutes(1)) {
    (self.url, self.span) = (url, span)
  }
}
