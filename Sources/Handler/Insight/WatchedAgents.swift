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

  /// How well the agent at a position is, without a copy of what was learnt of it; nil if too little is known.
  func health(at position: Int) -> Double? {
    position < agents.count ? agents.withUnsafeBufferPointer { $0[position]?.watch?.insight.health } : nil
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

  /// Adds a change of the agent that stands at a position now.
  ///
  /// - Returns: whether it is the first thing of the agent that waits.
  mutating func add(_ change: AgentInsight.Change, of id: AgentID, at position: Int) -> Bool {
    if self[position]?.id != id { self[position] = WatchedAgent(id, since: .epoch) }
    return agents[position]?.add(change) ?? false
  }

  /// Lets agents go that are no longer where they stood.
  mutating func dropThose(where hasLeft: (_ position: Int, AgentID) -> Bool) {
    for position in agents.indices {
      if let id = agents[position]?.id, hasLeft(position, id) { agents[position] = nil }
    }
  }

  /// How many there are, how many metrics one of them reports on average, and what all that is learnt takes.
  var sums: (agents: Int, metricsOfOne: Double, bytes: Int) {
    var (count, metrics, bytes) = (0, 0, 0)
    for case let agent? in agents {
      count += 1
      metrics += agent.reported.count
      bytes += agent.watchBytes
    }
    return (count, count == 0 ? 0 : Double(metrics) / Double(count), bytes)
  }
}
