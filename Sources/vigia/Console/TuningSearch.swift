import FleetModel
import Redis
import Wire

/// Reads what is tried with the parameters of an agent's role, from the shard of the agent.
enum TuningSearch {
  /// Calls `completion` once, with nil for nothing that is understood; not at all if the link breaks.
  static func run(_ agent: AgentID, role: String, on feed: FleetFeed, _ completion: @escaping (TuningReport?) -> Void) {
    let home = feed.feed(of: agent)
    _ = home.send(Request("HGET", home.keys.tuning, role)) { result in
      guard case .success(let reply) = result else { return }
      completion(reply.bytes.flatMap { TuningCoding.decode($0)?.report })
    }
  }
}
