import FleetModel

/// Agents that are heard for the first time in a term. Somebody may have set them before they spoke, or before they were
/// silent for so long that nobody knew them any more: what Redis holds of them is to be read.
struct Newcomers {
  private var agents: [AgentID] = []
  /// Whether some found no room: nobody knows who they are.
  private var isCut = false

  /// More come at once only if somebody makes agents up.
  private static let most = 10_000

  var isEmpty: Bool { agents.isEmpty && !isCut }
  var count: Int { agents.count }

  mutating func add(_ agent: AgentID) {
    if agents.count < Self.most { agents.append(agent) } else { isCut = true }
  }

  /// Those who came first.
  ///
  /// - Parameter all: all who are present, asked for if some have found no room before.
  mutating func take(atMost most: Int, _ all: () -> [AgentID]) -> [AgentID] {
    if agents.isEmpty, isCut { (agents, isCut) = (all(), false) }
    defer { agents.removeFirst(min(most, agents.count)) }
    return Array(agents.prefix(most))
  }
}
