import FleetModel

/// Where a handler tells monitoring of itself and the fleet.
package struct MonitoringSettings: Equatable, Sendable {
  /// Nil: nowhere.
  package var address: ListenAddress?
  /// What has to stand behind `Authorization: Bearer`; nil if nothing has to.
  package var token: [UInt8]?
  /// How many agents have series of their own. Of more, those in the worst trouble do.
  package var agents = 1000

  package init() {}
}
