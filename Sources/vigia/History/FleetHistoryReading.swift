import FleetModel
import Insight
import Redis
import Wire

/// Reads what handlers have stored of all agents, a bite of agents at a time, so that a large fleet takes little memory.
///
/// A class, since the answers to its questions find their way back to it.
final class FleetHistoryReading {
  /// What is stored of one agent.
  struct Found {
    var agent: AgentID
    var hours: [RollupHour]
    var insight: AgentInsight?
  }

  /// Sends a request; the answer comes later, and never if it is of no use.
  typealias Ask = (Request, @escaping (Reply) -> Void) -> Void

  private let keys: Keys
  private let ask: Ask
  private let numbers: ClosedRange<UInt32>
  private var agents: ArraySlice<AgentID> = []
  private let take: (Found) -> Void
  private let finish: () -> Void
  /// Values that are no stored hour.
  private(set) var malformed = 0

  /// Agents of one bite.
  private static let bite = 50

  /// - Parameters:
  ///   - ask: sends its requests.
  ///   - take: called for each agent of which something is stored.
  ///   - finish: called once, after the last of them.
  init?(
    _ keys: Keys, from start: Instant, to end: Instant, ask: @escaping Ask, take: @escaping (Found) -> Void,
    finish: @escaping () -> Void
  ) {
    guard start < end, let first = RollupHour.hour(of: max(.epoch, start)), let last = RollupHour.hour(of: end),
      first <= last
    else { return nil }
    (self.keys, self.ask, self.take, self.finish) = (keys, ask, take, finish)
    numbers = first...last
  }

  /// Reads of these agents.
  func start(_ agents: [AgentID]) {
    self.agents = agents[...]
    next()
  }

  /// Finds all agents that the handler knows, in order of their ids.
  static func findAgents(_ query: RedisQuery, _ completion: @escaping ([AgentID]) -> Void) {
    query.send(Request("HGETALL", query.keys.profiles)) { profiles in
      query.send(Request("ZRANGEBYSCORE", query.keys.insightChanged, "-inf", "+inf")) { changed in
        let ids = profiles.pairs.map(\.name) + (changed.elements ?? []).compactMap(\.bytes)
        let agents = Set(ids.compactMap { AgentID(outside: $0) })
        completion(agents.sorted { $0.precedes($1) })
      }
    }
  }

  private func next() {
    let bite = Array(agents.prefix(Self.bite))
    guard !bite.isEmpty else { return finish() }
    agents = agents.dropFirst(bite.count)
    var hours = Request("MGET")
    var insights = Request("HMGET", keys.insight)
    for agent in bite {
      for number in numbers { hours.append(keys.rollup(agent, hour: number)) }
      insights.append(agent.bytes)
    }
    ask(insights) { [self] insights in
      ask(hours) { [self] hours in
        take(bite, (hours.elements ?? [])[...], insights.elements ?? [])
        next()
      }
    }
  }

  private func take(_ bite: [AgentID], _ hours: ArraySlice<Reply>, _ insights: [Reply]) {
    var hours = hours
    for (index, agent) in bite.enumerated() {
      let stored = hours.prefix(numbers.count).compactMap { $0.bytes.flatMap(decode) }
      hours = hours.dropFirst(numbers.count)
      let insight = insights.indices.contains(index) ? insights[index].bytes.flatMap { InsightCoding.decode($0) } : nil
      guard !stored.isEmpty || insight != nil else { continue }
      take(Found(agent: agent, hours: stored, insight: insight))
    }
  }

  private func decode(_ bytes: [UInt8]) -> RollupHour? {
    let hour = try? RollupHour(decoding: bytes)
    if hour == nil { malformed += 1 }
    return hour
  }
}
