extension Fleet {
  /// Takes what the handler thinks of an agent; of one that is not known, nothing.
  package mutating func setInsight(_ insight: AgentInsight, of id: AgentID) {
    guard let position = position(of: id) else { return }
    revision &+= 1
    insights.set(insight, at: position, ofShard: shard(at: position))
    changes.touch(position)
  }

  /// What the handler thinks of all agents is going to be told, or a shard's handler of all of its agents.
  package mutating func beginInsights(ofShard shard: Int = 0) { insights.begin(shard) }

  /// All of it has been told. What was known of agents that were not named is forgotten.
  package mutating func endInsights(ofShard shard: Int = 0) {
    revision &+= 1
    insights.end(shard)
  }

  /// Whether what the handler thinks of an agent is of the present: it lives, and the agent is heard.
  package func isInsightCurrent(at position: Int) -> Bool {
    standings[shard(at: position)].handlerIsAlive && now - agents.numbers(at: position).lastEventAt <= Self.freshness
  }

  /// What an event has said lately of an agent's health, if that is worse than what the handler thinks of it.
  package func worseHealth(ofAgentAt position: Int) -> Double? {
    guard let score = insights[position]?.health,
      let told = agents.value(.healthScore, at: position, within: Self.freshness, of: now), told < score
    else { return nil }
    return told
  }

  /// When the trouble began that an agent is in: that of its oldest open alert, or else of what was found lately.
  package func troubleSince(ofAgentAt position: Int) -> Instant? {
    let alerts = alerts(ofAgentAt: position).filter { $0.id.kind.isOfAgent }.map(\.record.since)
    if let first = alerts.min() { return first }
    let recent = insights[position]?.findings.map(\.since).filter { now - $0 <= .hours(6) } ?? []
    return recent.min()
  }

  /// The forecasts that are open and not long overdue, the soonest first.
  package var coming: [(agent: AgentID, coming: AgentInsight.Coming)] {
    insights.coming.flatMap { position -> [(agent: AgentID, coming: AgentInsight.Coming)] in
      guard let id = agents.id(at: position), let insight = insights[position] else { return [] }
      return insight.forecasts.filter { now <= $0.deadline }.map { (id, $0) }
    }.sorted {
      $0.coming.crossesAt == $1.coming.crossesAt
        ? $0.agent.precedes($1.agent) : $0.coming.crossesAt < $1.coming.crossesAt
    }
  }
}

extension AgentInsight.Coming {
  /// Until when it must have come true.
  package var deadline: Instant { Self.deadline(madeAt: madeAt, eta: crossesAt - madeAt) }

  /// Until when a forecast must have come true to count as a hit: half of the time more, and five minutes.
  package static func deadline(madeAt: Instant, eta: TimeSpan) -> Instant {
    madeAt + eta + TimeSpan(milliseconds: max(0, eta.milliseconds / 2)) + .minutes(5)
  }

  /// What the metric is expected to be at an instant if it goes on as it does.
  package func expected(at instant: Instant) -> Double {
    let eta = Double((crossesAt - madeAt).milliseconds)
    guard eta > 0 else { return level }
    return value + (level - value) * Double((instant - madeAt).milliseconds) / eta
  }
}
