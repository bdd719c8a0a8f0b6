import ArgumentParser
import FleetModel
import Redis
import RedisArguments

/// Which Redis, and which installation there.
struct RedisOptions: ParsableArguments {
  @OptionGroup var place: RedisArguments.RedisOptions
  @OptionGroup var prefixing: PrefixOptions

  /// The Redis, and the prefix of the keys there; a password may be asked for. Of a divided fleet it is all shards.
  func wholeInstallation() throws -> Installation {
    let prefix = try prefixing.chosen()
    let shards = try prefixing.division()
    return Installation(
      endpoint: try place.endpoint().holding(shards?.prefixes[0] ?? prefix), prefix: prefix, shards: shards)
  }

  /// The shard of an agent in a divided fleet, as an installation of its own; else the whole. Without an agent it is shard
  /// 0, where that is what belongs to no agent.
  func installation(of agent: AgentID) throws -> Installation { try wholeInstallation().part(of: agent) }

  /// What names the same installation to another program of ours. A password may be in it. What is empty hides what the
  /// other program would else inherit.
  func environment(for installation: Installation) -> [(name: String, value: String)] {
    place.environment(for: installation.endpoint)
      + [
        ("VIGIA_PREFIX", installation.prefix.text),
        ("VIGIA_SHARDS", installation.shards.map { "\($0.count)" } ?? ""),
      ]
  }
}
