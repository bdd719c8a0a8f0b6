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

  /// Reads of these agents, each of its shard, one shard after the other.
  ///
  /// - Parameters:
  ///   - take: called for each agent of which something is stored.
  ///   - finish: called once, with how many values are no stored hour.
  static func read(
    _ agents: [AgentID], from start: Instant, to end: Instant, _ query: FleetQuery, take: @escaping (Found) -> Void,
    finish: @escaping (_ malformed: Int) -> Void
  ) {
    read(query.grouped(agents)[...], from: start, to: end, malformed: 0, take, finish)
  }

  private static func read(
    _ groups: ArraySlice<(part: RedisQuery, agents: [AgentID])>, from start: Instant, to end: Instant, malformed: Int,
    _ take: @escaping (Found) -> Void, _ finish: @escaping (_ malformed: Int) -> Void
  ) {
    guard let (part, agents) = groups.first else { return finish(malformed) }
    var reading: FleetHistoryReading?
    let goOn = {
      let count = malformed + (reading?.malformed ?? 0)
      reading = nil
      read(groups.dropFirst(), from: start, to: end, malformed: count, take, finish)
    }
    reading = FleetHistoryReading(part.keys, from: start, to: end) { request, completion in
      // Of a shard that is lost on the way what was read counts.
      part.send(request, completion, orElse: goOn)
    } take: {
      take($0)
    } finish: {
      goOn()
    }
    guard let reading else { return finish(malformed) }
    reading.start(agents)
  }

  /// Finds all agents that handlers know, in order of their ids.
  static func findAgents(_ query: FleetQuery, _ completion: @escaping ([AgentID]) -> Void) {
    query.send({ Request("HGETALL", $0.profiles) }) { profiles in
      query.send({ Request("ZRANGEBYSCORE", $0.insightChanged, "-inf", "+inf") }) { changed in
        let ids =
          Reply.pairs(of: profiles).map(\.name)
          + changed.flatMap { ($0.reply.elements ?? []).compactMap(\.bytes) }
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
