import FleetModel

/// A queue that grows by one a minute, whatever the agent does, until it restarts.
package struct GrowingQueue: Sendable {
  /// Whose queue it is, and who stands in.
  package static let agent: AgentID = "billing-de-01"
  package static let backup: AgentID = "billing-de-02"

  /// When it has come to ``atPresent``: it has grown for more than an hour by then.
  private let present: Instant
  private static let atPresent = 76.0

  package init(present: Instant) { self.present = present }

  /// How many wait in it.
  package func length(at instant: Instant) -> Double {
    max(0, Self.atPresent + Double((instant - present).milliseconds) / 60_000)
  }

  /// When it comes to a length.
  package func reaches(_ length: Double) -> Instant {
    present + TimeSpan(milliseconds: Int64((length - Self.atPresent) * 60_000))
  }
}
