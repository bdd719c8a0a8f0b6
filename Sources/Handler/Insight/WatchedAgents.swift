import FleetModel

/// The agents whose minutes are taken, by their positions in the fleet.
struct WatchedAgents {
  private var agents: [WatchedAgent?] = []

  subscript(position: Int) -> WatchedAgent? {
    get { position < agents.count ? agents[position] : nil }
    set {
      if position >= agents.count { agents += repeatElement(nil, count: position + 1 - agents.count) }
      agents[position] = newValue
    }
  }

  /// Positions at which somebody stands.
  var positions: [Int] { agents.indices.filter { agents[$0] != nil } }

  /// Adds a minute of the agent that stands at its position now.
  ///
  /// - Returns: whether it is the first minute of the agent that waits.
  mutating func add(_ closed: MinuteCollector.Closed, of id: AgentID) -> Bool {
    let before = self[closed.position]?.id
    if before != id {
      // The minute in which a position passes from one agent to another belongs to none.
      let since = before == nil ? Instant.epoch : closed.begin + .minutes(1)
      self[closed.position] = WatchedAgent(id, since: since)
    }
    return agents[closed.position]?.add(closed) ?? false
  }

  /// How many there are, and how many metrics one of them reports on average.
  var reporting: (agents: Int, perAgent: Double) {
    var (count, metrics) = (0, 0)
    for case let agent? in agents {
      count += 1
      metrics += agent.reported.nonzeroBitCount
    }
    return (count, count == 0 ? 0 : Double(metrics) / Double(count))
  }
}
