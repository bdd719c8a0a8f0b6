import FleetModel
import Redis
import Wire

/// What a command works on: a Redis, and the prefix of its keys there.
struct Installation: CustomStringConvertible {
  var endpoint: Endpoint
  var prefix = KeyPrefix.default
  /// How it is divided; nil if it is one. Then ``endpoint`` and ``keys`` are those of shard 0.
  var shards: Shards?

  var keys: Keys { Keys(shards?.prefixes[0] ?? prefix) }

  /// Each shard as an installation of its own, in their order; itself if it is not divided.
  var parts: [Installation] {
    guard let shards else { return [self] }
    return shards.prefixes.map { Installation(endpoint: endpoint.holding($0), prefix: $0) }
  }

  /// The shard of an agent as an installation of its own; itself if it is not divided.
  func part(of agent: AgentID) -> Installation { parts[shards?.shard(of: agent) ?? 0] }

  /// The place without the password, and which shard is meant if it is one.
  var shardPlace: String { "\(endpoint)" + (prefix.shard.map { " (\(ShardNames.words([$0])))" } ?? "") }

  /// The place without the password, and the prefix if it is not the usual one.
  var place: String { prefix == .default ? "\(endpoint)" : "\(endpoint) \(prefix)" }

  /// The same, and into how many shards it is divided.
  var description: String {
    shards.map { "\(place), \($0.count) shards" } ?? place
  }
}
