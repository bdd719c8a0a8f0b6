import FleetModel
import Wire

/// How far windows of maintenance have been read.
struct MaintenanceReading {
  /// Whether they were read in this round, and what stood as their revision then: nil if no handler ever wrote one.
  fileprivate var isRead = false
  fileprivate var revision: [UInt8]?
  fileprivate var isOwed = false
  /// Tells answers of an earlier connection apart.
  fileprivate var round = 0

  mutating func forget() {
    (isRead, revision, isOwed) = (false, nil, false)
    round += 1
  }
}

/// Following windows of maintenance: they are read once a connection, and again when their revision has changed.
extension EventFeed {
  func followMaintenance(_ connection: Connection, revision: [UInt8]?) {
    guard !maintenance.isRead || revision != maintenance.revision, !maintenance.isOwed else { return }
    maintenance.isOwed = true
    let round = maintenance.round
    connection.send(Request("HGETALL", options.keys.maintenance)) { [weak self] result in
      guard let self, round == maintenance.round else { return }
      maintenance.isOwed = false
      guard case .success(let reply) = result else { return }
      // What is refused is read again once something has changed.
      (maintenance.isRead, maintenance.revision) = (true, revision)
      guard isServed(.maintenance, reply) else { return }
      let windows = MaintenanceCoding.decode(windows: reply.pairs) { _, _ in }
      notify(.maintenance(windows.map { $0.noLater(than: clock.latest) }))
    }
    connection.flush()
  }
}
