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

  /// Whether it is time to look who goes back next. Before events were read to their end nobody knows who runs what.
  var isRollbackDue: Bool {
    asksForRollbacks && rollbacks.isDue(at: session.now) && session.knowsFleet && session.hasReadEvents
  }

  /// A turn of its own: looks who goes back next, publishes that, and stores it in the same transaction.
  func lookForRollbacks() {
    session.read([Request("GET", session.keys.automation)]) { [weak self] replies in
      guard let self else { return }
      if let error = replies[0].error { return stand(error) }
      // While automation is off no rule says a word: who is named then would be named for nothing.
      let isOff = replies[0].text == AutomationMode.off.rawValue
      let events = rollbacks.take(
        at: session.now, isOff ? .off : session.options.insight.rollback,
        share: session.options.runbook.guards.pausedShare, in: fleet)
      var transaction = Transaction()
      for event in events { transaction.add(to: session.keys.events, event.payload) }
      writeRollbacks(&transaction)
      finish(transaction)
    }
  }

  /// Stores what has changed of versions that were named.
  func writeRollbacks(_ transaction: inout Transaction) {
    guard let versions = rollbacks.takeChanged() else { return }
    transaction.change(
      "HSET", session.keys.insightRecord, WorseVersionCoding.field, WorseVersionCoding.encode(versions))
  }
}
