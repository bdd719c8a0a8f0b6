import FleetModel
import Loop
import Wire

/// Following the alerts: they are read whole once a connection, and again with every change of their revision, which
/// stands in the hash of the handler's cursor.
extension EventFeed {
  /// How many alerts are read a second, about: if there are more, changes are told less often.
  private static let alertsPerMillisecond = 2

  /// Asks how far the handler has come, and for its alerts if they have changed.
  func askForCursor(_ connection: Connection) {
    guard options.followsHandler, refusals[.alerts] == nil || isDue(alertsReadAt, options.patience.inspect) else {
      return
    }
    connection.send(Request("HGETALL", options.keys.cursor)) { [weak self, weak connection] result in
      guard let self, let connection, case .success(let reply) = result else { return }
      if let error = reply.error {
        // Without it nobody can tell what has changed: all is read each time.
        if error.concernsOneThing { readAlerts(connection, revision: nil, judgedUpTo: nil) }
        return
      }
      let pairs = reply.pairs
      followQueues(connection, revision: pairs.first { $0.name == Keys.queuesRevision }?.value)
      followWaiting(connection, revision: pairs.first { $0.name == Keys.waitingRevision }?.value)
      followMaintenance(connection, revision: pairs.first { $0.name == Keys.maintenanceRevision }?.value)
      let revision = pairs.first { $0.name == Keys.alertsRevision }?.value
      let cursor = pairs.first { $0.name == options.keys.events }.flatMap { StreamID($0.value) }
      // Who hears more than the handler does knows alerts that it does not.
      let hearsMore =
        options.hearsBesides || streams.count > (options.followsHandler ? 2 : 1)
        || options.heardPatterns.count > Keys.recordedPatterns.count
      let judgedUpTo = hearsMore ? nil : cursor.map { $0.instant.noLater(than: clock.latest) }
      // What was there is gone: so may be all else.
      if alertsRevision != nil, revision == nil { return readStateAnew() }
      let isKnown = alertsReadAt != nil && alertsRevision == revision && (revision != nil || lease == nil)
      guard !isKnown else { return notify(.judged(upTo: judgedUpTo)) }
      readAlerts(connection, revision: revision, judgedUpTo: judgedUpTo)
    }
  }

  private func readAlerts(_ connection: Connection, revision: [UInt8]?, judgedUpTo: Instant?) {
    guard isDue(alertsReadAt, Int64(alertCount / Self.alertsPerMillisecond)), !readsAlerts else { return }
    readsAlerts = true
    let asked = clock.latest
    connection.send(Request("HGETALL", options.keys.alerts)) { [weak self] result in
      guard let self else { return }
      readsAlerts = false
      alertsReadAt = .now
      guard case .success(let reply) = result, isServed(.alerts, reply) else { return }
      let records = reply.pairs.compactMap {
        AlertCoding.decode(id: $0.name, payload: $0.value)?.noLater(than: clock.latest)
      }
      (alertsRevision, alertCount) = (revision, records.count)
      notify(.alerts(records, judgedUpTo: judgedUpTo, at: asked))
    }
    connection.flush()
  }

  /// Whatever was known of the handler's state is to be read anew.
  func forgetState() {
    (alertsRevision, alertsReadAt, readsAlerts, alertCount) = (nil, nil, false, 0)
    (insightChanges, insightReadAt, readsInsight) = (InsightChanges(), nil, false)
    insightRound += 1
    (queuesRevision, readsQueues) = (nil, false)
    (waitingRevision, readsWaiting) = (nil, false)
    waitingRound += 1
    maintenance.forget()
  }
}
