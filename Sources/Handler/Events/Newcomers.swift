import FleetModel

/// Agents that are heard for the first time in a term. Somebody may have set them before they spoke, or before they were
/// silent for so long that nobody knew them any more: what Redis holds of them is to be read.
struct Newcomers {
  private var agents: [AgentID] = []

  /// Somebody who makes agents up makes up more: of those nobody has set anything.
  private static let most = 40_000

  var isEmpty: Bool { agents.isEmpty }

  mutating func add(_ agent: AgentID) {
    if agents.count < Self.most { agents.append(agent) }
  }

  /// Those who came first.
  mutating func take(atMost most: Int) -> [AgentID] {
    defer { agents.removeFirst(min(most, agents.count)) }
    return Array(agents.prefix(most))
  }
}
