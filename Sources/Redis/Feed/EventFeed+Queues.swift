import FleetModel
import Wire

/// Following the queues of other services: what the handler says of them is read when its revision has changed, which stands
/// in the hash of the handler's cursor.
extension EventFeed {
  func followQueues(_ connection: Connection, revision: [UInt8]?) {
    guard revision != queuesRevision, !readsQueues else { return }
    guard let revision else {
      queuesRevision = nil
      return notify(.queues(nil))
    }
    readsQueues = true
    connection.send(Request("GET", options.keys.queues)) { [weak self] result in
      guard let self else { return }
      readsQueues = false
      guard case .success(let reply) = result else { return }
      // What is refused or malformed is read again once the handler has looked again.
      queuesRevision = revision
      guard isServed(.queues, reply) else { return }
      notify(.queues(reply.bytes.flatMap { QueueCoding.decode($0) }?.noLater(than: clock.latest)))
    }
    connection.flush()
  }
}
