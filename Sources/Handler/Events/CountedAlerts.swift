import FleetModel
import Wire

/// Alerts that have counted events behind the cursor, each up to an entry: what is read again up to there counts for them
/// no second time.
struct CountedAlerts {
  private struct Alert: Comparable {
    var entry: StreamID
    var id: AlertID

    static func < (left: Alert, right: Alert) -> Bool { left.entry < right.entry }
  }

  private var alerts = Heap<Alert>()

  var isEmpty: Bool { alerts.count == 0 }

  mutating func add(_ id: AlertID, to entry: StreamID) { alerts.insert(Alert(entry: entry, id: id)) }

  /// Takes those that have not counted an entry.
  mutating func take(before entry: StreamID) -> [AlertID] {
    var ids: [AlertID] = []
    while let first = alerts.least, first.entry < entry {
      alerts.removeLeast()
      ids.append(first.id)
    }
    return ids
  }
}
