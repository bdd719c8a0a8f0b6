import FleetModel

/// That a person did something about an alert in a service, such as PagerDuty: where, and by which key the service knows the
/// alert.
///
/// The command that follows from it names both in its reason. So whoever carries it out does not tell that service of that
/// key again, and tells all others.
package struct ServiceAct: Equatable, Sendable {
  /// The channel by which the service is told.
  package var channel: String
  /// The key of the notice that the service was told.
  package var key: String

  package init(channel: String, key: String) { (self.channel, self.key) = (channel, key) }

  private static let prefix = "done in "
  private static let colon = ": "

  /// `done in pager: group/latency/high`
  package var reason: String { Self.prefix + channel + Self.colon + key }

  /// Reads what ``reason`` wrote; nil if it says nothing of a service, or if who ordered it did nothing there.
  package init?(reason: String, by who: String) {
    guard who.hasPrefix(Channel.pagerDutyOperator), reason.hasPrefix(Self.prefix) else { return nil }
    let rest = reason.dropFirst(Self.prefix.count)
    guard let colon = rest.firstRange(of: Self.colon) else { return nil }
    self.init(channel: String(rest[..<colon.lowerBound]), key: String(rest[colon.upperBound...]))
  }

  package func isAbout(_ key: String, on name: String) -> Bool { channel == name && self.key.isExactly(key) }
}
