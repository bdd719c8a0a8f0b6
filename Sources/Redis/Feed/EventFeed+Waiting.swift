import FleetModel
import Wire

/// Following the conversations that wait for a person: they are read when their revision has changed, which stands in the
/// hash of the handler's cursor.
extension EventFeed {
  func followWaiting(_ connection: Connection, revision: [UInt8]?) {
    guard revision != waitingRevision, !readsWaiting else { return }
    guard let revision else {
      waitingRevision = nil
      return notify(.waiting(nil))
    }
    readsWaiting = true
    let (keys, round) = (options.keys, waitingRound)
    connection.send(Request("HGETALL", keys.waiting)) { [weak self, weak connection] result in
      guard let self, round == waitingRound else { return }
      guard let connection, case .success(let conversations) = result else {
        readsWaiting = false
        return
      }
      connection.send(Request("GET", keys.waitingState)) { [weak self] result in
        guard let self, round == waitingRound else { return }
        readsWaiting = false
        guard case .success(let state) = result else { return }
        // What is refused is read again once something has changed.
        waitingRevision = revision
        guard isServed(.waiting, conversations), isServed(.waiting, state) else { return }
        notify(.waiting(WaitingCoding.decode(conversations: conversations.pairs, state: state.bytes)))
      }
      connection.flush()
    }
    connection.flush()
  }
}
