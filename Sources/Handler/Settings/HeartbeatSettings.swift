import FleetModel

/// Whom the leader tells that it acts and reads in time: a service that calls people once it is told no more.
package struct HeartbeatSettings: Equatable, Sendable {
  package var url: String
  /// How often.
  package var span: TimeSpan

  package init(url: String, every span: TimeSpan = .minutes(1)) {
    (self.url, self.span) = (url, span)
  }
}
