import FleetModel
import Insight
import Redis
import Wire

/// What agents use a day.
extension FleetWatch {
  /// Reads what has been used today, before anything is added to it.
  func readSpending(_ completion: @escaping (ServerError?) -> Void) {
    let keys = session.keys
    session.read([Request("HGETALL", keys.budgets), Request("HGETALL", keys.budgetGroups)]) { [weak self] replies in
      guard let self else { return }
      if let error = replies.lazy.compactMap(\.error).first { return completion(error) }
      let agents = replies[0].pairs.compactMap { field, value -> (agent: AgentID, spending: Spending)? in
        guard let agent = AgentID(outside: field), let spending = decode(value, keys.budgets) else { return nil }
        return (agent, spending)
      }
      let groups = replies[1].pairs.compactMap { field, value in
        decode(value, keys.budgetGroups).map { (field: field, spending: $0) }
      }
      spentLongAgo += budgetWatch.load(agents, groups: groups, at: session.now, in: session.options.zone)
      completion(nil)
    }
  }

  private func decode(_ value: [UInt8], _ key: [UInt8]) -> Spending? {
    let spending = SpendingCoding.decode(value)
    if spending == nil { session.passOver("what was used of a budget", key, value) }
    return spending
  }

  /// Adds what an agent used in its minutes.
  func spend(_ minutes: [AgentWatch.Minute], of agent: AgentID, role: String, _ transaction: inout Transaction) {
    let budgets = session.options.budgets
    guard !budgets.isEmpty, budgetWatch.isLoaded else { return }
    for minute in minutes {
      let spent = Spending.Minute(minute, collector.metrics)
      let events = budgetWatch.add(
        spent, of: agent, role: role, budgets, currency: collector.metrics.currency, in: session.options.zone,
        at: session.now)
      for event in events { transaction.add(to: session.keys.events, event.payload) }
    }
  }

  /// Writes what has changed of what was used.
  func writeSpending(_ transaction: inout Transaction) {
    let (agents, groups) = budgetWatch.takeChanged()
    for (agent, value) in agents { transaction.change("HSET", session.keys.budgets, agent.bytes, value) }
    for (field, value) in groups { transaction.change("HSET", session.keys.budgetGroups, field, value) }
    for agent in spentLongAgo.prefix(Self.mostForgotten) {
      transaction.change("HDEL", session.keys.budgets, agent.bytes)
    }
    spentLongAgo.removeFirst(min(spentLongAgo.count, Self.mostForgotten))
  }

  /// Entries that leave in one transaction.
  private static let mostForgotten = 100
}

extension Spending.Minute {
  init(_ minute: AgentWatch.Minute, _ metrics: MetricTable) {
    func rollup(_ metric: BuiltInMetric) -> Rollup? {
      let id = MetricID(rawValue: metrics.number(of: metric.place))
      return minute.rollups.first { $0.metric == id }?.rollup
    }
    let parts = [rollup(.tokensIn), rollup(.tokensOut)].compactMap(\.self)
    self.init(
      minute.begin, costAnHour: rollup(.costPerHour)?.mean,
      tokens: parts.isEmpty ? nil : parts.reduce(0) { $0 + $1.sum },
      tokensAMinute: rollup(.tokensPerMinute)?.mean)
  }
}
