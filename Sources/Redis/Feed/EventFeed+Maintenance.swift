import FleetModel
import Loop
import Wire

/// How far windows of maintenance have been read.
struct MaintenanceReading {
  /// When they were read in this round, and what stood as their revision then: nil if no handler wrote one.
  fileprivate var readAt: MonotonicTime?
  fileprivate var revision: [UInt8]?
  /// Whether a change would be told by the revision: not if they were refused, or one stood there without it.
  fileprivate var isTold = false
  fileprivate var isReading = false
  /// Tells answers of an earlier connection apart.
  fileprivate var round = 0

  mutating func forget() {
    (readAt, revision, isTold, isReading) = (nil, nil, false, false)
    round += 1
  }
}

/// Following windows of maintenance: they are read once a connection, and again when their revision has changed. Without a
/// revision, or if they were refused, nothing tells of a change: they are read again after a while.
extension EventFeed {
  func followMaintenance(_ connection: Connection, revision: [UInt8]?) {
    guard isDue(revision: revision), !maintenance.isReading else { return }
    maintenance.isReading = true
    let round = maintenance.round
    connection.send(Request("HGETALL", options.keys.maintenance)) { [weak self] result in
      guard let self, round == maintenance.round else { return }
      maintenance.isReading = false
      guard case .success(let reply) = result else { return }
      (maintenance.readAt, maintenance.revision) = (.now, revision)
      maintenance.isTold = false
      guard isServed(.maintenance, reply) else { return }
      let windows = MaintenanceCoding.decode(windows: reply.pairs) { _, _ in }
      maintenance.isTold = revision != nil || windows.isEmpty
      notify(.maintenance(windows.map { $0.noLater(than: clock.latest) }))
    }
    connection.flush()
  }

  private func isDue(revision: [UInt8]?) -> Bool {
    if maintenance.readAt == nil || revision != maintenance.revision { return true }
    return !maintenance.isTold && isDue(maintenance.readAt, options.patience.inspect)
  }
}
