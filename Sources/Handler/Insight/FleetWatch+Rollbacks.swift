import FleetModel
import Insight
import Redis
import Wire

/// Agents whose version was named worse, and that are to go back to the other one.
extension FleetWatch {
  var asksForRollbacks: Bool {
    session.options.insight.comparesVersions && session.options.insight.rollback != .off
  }

  /// Reads which versions were named, before any is named anew.
  func readRollbacks(_ completion: @escaping (ServerError?) -> Void) {
    let key = session.keys.insightRecord
    session.read([Request("HGET", key, WorseVersionCoding.field)]) { [weak self] replies in
      guard let self else { return }
      if let error = replies[0].error { return completion(error) }
      let stored = replies[0].bytes.map { (bytes: $0, versions: WorseVersionCoding.decode($0)) }
      if let stored, stored.versions == nil {
        session.passOver("which versions were named worse", key, stored.bytes)
      }
      rollbacks.load(stored?.versions ?? [])
      completion(nil)
    }
  }

  /// Publishes who is to go back, and stores that in the same transaction.
  func writeRollbacks(_ transaction: inout Transaction) {
    // Before events were read to their end nobody knows who runs what.
    guard asksForRollbacks, rollbacks.isLoaded, session.knowsFleet, session.hasReadEvents else { return }
    let events = rollbacks.take(
      at: session.now, session.options.insight.rollback, share: session.options.runbook.guards.pausedShare
    ) { fleet.runners(ofRole: $0, version: $1) }
    for event in events { transaction.add(to: session.keys.events, event.payload) }
    guard let versions = rollbacks.takeChanged() else { return }
    transaction.change(
      "HSET", session.keys.insightRecord, WorseVersionCoding.field, WorseVersionCoding.encode(versions))
  }
}
