import Loop
import Wire

/// The channels as all those in one process hear them who follow shards of one divided fleet: one subscription on each
/// server where such shards lie.
///
/// ```
/// server ─ message ─▶ node: whose agent is it about? ─┬─▶ listener of shard 00
///                                                     ├─▶ listener of shard 05
///                                                     └─  dropped: that shard lies elsewhere
/// ```
/// A shard is heard on the server that owns its slot, for only there its markers have one place among the messages for all
/// who listen. Each message is read once, and nothing of it is copied that nobody here listens for.
///
/// A class, because all listeners share it.
package final class ChannelHub {
  private let loop: Loop
  private let shards: Shards
  private let patterns: [String]
  private var nodes: [ChannelNode] = []

  /// - Parameter patterns: those of the channels besides the recorder's; a message counts for the first that matches.
  package init(loop: Loop, shards: Shards, patterns: [String]) {
    self.loop = loop
    self.shards = shards
    self.patterns = patterns
  }

  /// How many servers it listens to.
  package var nodeCount: Int { nodes.count }

  /// The channels for the listener of a shard: one a shard.
  package func source(of shard: Int, for listener: any ChannelListener) -> any ChannelSource {
    SharedSubscription(self, shard: shard, listener)
  }

  func node(at server: Endpoint) -> ChannelNode {
    if let known = nodes.first(where: { $0.server == server }) { return known }
    let fresh = ChannelNode(loop: loop, shards: shards, patterns: patterns, at: server)
    nodes.append(fresh)
    fresh.start()
    return fresh
  }

  func letGo(of node: ChannelNode) {
    node.stop()
    nodes.removeAll { $0 === node }
  }
}
