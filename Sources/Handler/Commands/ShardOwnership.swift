import Execution
import FleetModel
import Wire

/// Which shard's agents a command may be for.
enum ShardOwnership {
  /// Why a command is not this shard's; nil if it is, or the fleet is not divided.
  ///
  /// Whoever was told another number of shards sends it elsewhere: done here it would change a record that nobody reads.
  static func fault(of command: Command, _ options: HandlerOptions) -> String? {
    guard let shards = options.shards, let own = options.shard else { return nil }
    switch command.action.scope {
    // What it acts on stands in its arguments.
    case .object, .fleet: return nil
    case .agents, .fleetOrAgents: break
    }
    guard let stranger = command.targets.first(where: { shards.shard(of: $0) != own }) else { return nil }
    let other = ShardNames.number(shards.shard(of: stranger))
    return
      "\(stranger) is in shard \(other) of \(shards.count), and this is shard \(ShardNames.number(own)): send it to "
      + "\(shards.prefixes[shards.shard(of: stranger)]):commands"
  }
}
