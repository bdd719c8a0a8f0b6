import Automation
import FleetModel

extension FleetHealth {
  /// Agents that have been heard for long enough to count since the last call.
  func takeSettled() -> [AgentID] {
    defer { settledIDs.removeAll(keepingCapacity: true) }
    return settledIDs
  }

  /// All agents of the fleet; of a divided one those of the other shards too, as far as these are known.
  var whole: Counts {
    guard let elsewhere else { return counts }
    var whole = counts
    whole.add(elsewhere.counts.all)
    return whole
  }

  /// All agents that are not stopped, newcomers too.
  var size: Int {
    let whole = whole
    return whole.settled.size + whole.new.size
  }

  /// Those of them that are in trouble, or silent.
  var unhealthy: Int {
    let whole = whole
    return whole.settled.unhealthy + whole.new.unhealthy
  }

  /// What is counted here, for the other shards.
  var shardCounts: ShardCounts {
    ShardCounts(all: counts, heldStrangers: heldStrangers, roles: roles.mapValues(\.counts))
  }

  /// An agent that shows that the fleet is ill.
  var firstInTrouble: AgentID? {
    troubled.filter { members[$0]?.standing.isSettled == true }.min().flatMap { members[$0]?.id }
  }

  func isSettled(_ agent: AgentID) -> Bool { member(agent)?.standing.isSettled ?? false }

  func role(of agent: AgentID) -> String { exactRole(of: agent).text }

  private func exactRole(of agent: AgentID) -> ExactText { member(agent)?.role ?? ExactText("") }

  /// Counts of the agent's role at present, in the whole fleet.
  func roleCounts(of agent: AgentID) -> Counts {
    let role = exactRole(of: agent)
    var counts = roles[role]?.counts ?? Counts()
    if let others = elsewhere?.counts.roles[role] { counts.add(others) }
    return counts
  }

  func roleSize(of agent: AgentID) -> Int {
    let counts = roleCounts(of: agent)
    return counts.settled.all + counts.new.all
  }

  /// How many others of its role are healthy: of those who have been heard for a while only such.
  func healthyPeers(of agent: AgentID, settledOnly: Bool = false) -> Int {
    let counts = roleCounts(of: agent)
    let standing = member(agent)?.standing
    let isCounted = standing?.isHealthy == true && (!settledOnly || standing?.isSettled == true)
    return counts.settled.healthy + (settledOnly ? 0 : counts.new.healthy) - (isCounted ? 1 : 0)
  }

  /// Some healthy others of its role.
  func peers(of agent: AgentID, most: Int = RuleAction.mostOfEach) -> [AgentID] {
    let own = positions[agent]
    let some = (roles[exactRole(of: agent)]?.healthy ?? []).prefix(most + 1).filter { $0 != own }.prefix(most)
    return some.sorted().compactMap { members[$0]?.id }
  }

  /// The agent that says it stands in for another: the first of them.
  func backup(of agent: AgentID) -> AgentID? { backups[agent]?.min().flatMap { members[$0]?.id } }
}
