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
    let round = waitingRound
    var conversations: Reply?
    // Both at once, before anything that is asked for later is answered.
    connection.send(Request("HGETALL", options.keys.waiting)) { result in
      if case .success(let reply) = result { conversations = reply }
    }
    connection.send(Request("GET", options.keys.waitingState)) { [weak self] result in
      guard let self, round == waitingRound else { return }
      readsWaiting = false
      guard let conversations, case .success(let state) = result else { return }
      // What is refused is read again once something has changed.
      waitingRevision = revision
      guard isServed(.waiting, conversations), isServed(.waiting, state) else { return }
      notify(.waiting(WaitingCoding.decode(conversations: conversations.pairs, state: state.bytes)))
    }
    connection.flush()
  }
}
