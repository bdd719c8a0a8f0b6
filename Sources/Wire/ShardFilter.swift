import FleetModel

/// Tells what of the messages on channels, which all shards share, is one shard's.
///
/// A class, since its decoder has memory of its own that is used again and again.
package final class ShardFilter {
  package let shards: Shards
  /// The shard whose messages pass.
  package let index: Int
  private let decoder = EventDecoder()
  private var event = Event(bytes: UnsafeRawBufferPointer(start: nil, count: 0), receivedAt: .epoch)

  package init(_ shards: Shards, index: Int) {
    self.shards = shards
    self.index = index
  }

  /// Whether a message is for the shard. The same answer wherever it is asked: of an unreadable one, which names no
  /// agent, it is shard 0's.
  package func passes(_ payload: UnsafeRawBufferPointer) -> Bool { shard(of: payload) == index }

  /// The shard that a message belongs to.
  package func shard(of payload: UnsafeRawBufferPointer) -> Int {
    do throws(Unreadable) {
      try decoder.decode(payload, channel: nil, receivedAt: .epoch, into: &event)
    } catch {
      return 0
    }
    if event.agent.form != .escaped, let raw = event.raw(event.agent) { return shards.shard(ofBytes: raw) }
    return shards.shard(of: event.agentID)
  }
}
