import FleetModel
import Insight
import Redis
import Wire

/// What is read of Redis for a bite of agents: the hours that their minutes fall into; of an agent that is new to this
/// handler its last hours and what is known of it.
struct HistoryReading {
  /// What was found of one agent.
  struct Found {
    var hours = StoredHours()
    var insight: AgentInsight?
    /// Whether the agent is new to this handler.
    var isNew: Bool
    /// Up to when it has a history.
    var end: Instant { hours.end }
  }

  private struct Wanted {
    var position: Int
    var id: AgentID
    var hours: [UInt32]
    var isNew: Bool
  }

  private let wanted: [Wanted]

  /// - Parameter recalled: how many hours are read of an agent that is new.
  init(_ positions: [Int], _ agents: WatchedAgents, at now: Instant, recalled: UInt32) {
    wanted = positions.compactMap { position in
      guard let agent = agents[position] else { return nil }
      let isNew = agent.watch == nil
      var hours = agent.pending.compactMap { RollupHour.hour(of: $0.begin) } + agent.heldHours
      if isNew || hours.isEmpty { hours += [RollupHour.hour(of: now)].compactMap(\.self) }
      guard let last = hours.max(), let first = hours.min() else { return nil }
      let from = isNew ? min(first, last - min(last, recalled)) : first
      // A clock that leapt by years does not make it read them.
      let wanted = last - from <= 2 * recalled ? Array(from...last) : hours.uniqued()
      return Wanted(position: position, id: agent.id, hours: wanted, isNew: isNew)
    }
  }

  var isEmpty: Bool { wanted.isEmpty }

  func requests(_ keys: Keys) -> [Request] {
    var hours = Request("MGET")
    for agent in wanted { for hour in agent.hours { hours.append(keys.rollup(agent.id, hour: hour)) } }
    var insights = Request("HMGET", keys.insight)
    let new = wanted.filter(\.isNew)
    for agent in new { insights.append(agent.id.bytes) }
    return new.isEmpty ? [hours] : [hours, insights]
  }

  /// Takes the answers, in the order of the agents. What is not understood is passed over, and said.
  func take(_ replies: [Reply], _ session: LeaseSession) -> [(position: Int, found: Found)] {
    var packed = (replies[0].elements ?? [])[...]
    var insights = (replies.count > 1 ? replies[1].elements ?? [] : [])[...]
    return wanted.map { agent in
      var found = Found(isNew: agent.isNew)
      for hour in agent.hours {
        guard let bytes = packed.popFirst()?.bytes else { continue }
        guard let stored = try? RollupHour(decoding: bytes), stored.hour == hour else {
          session.passOver("an hour of history", session.keys.rollup(agent.id, hour: hour), bytes)
          continue
        }
        found.hours.read(stored)
      }
      if agent.isNew, let bytes = insights.popFirst()?.bytes {
        found.insight = InsightCoding.decode(bytes)?.noLater(than: session.now)
        if found.insight == nil { session.passOver("what is known of an agent", session.keys.insight, bytes) }
      }
      return (agent.position, found)
    }
  }
}

extension AgentInsight {
  /// Without what claims to be of the future.
  func noLater(than now: Instant) -> AgentInsight {
    var past = self
    past.at = min(at, now)
    past.findings.removeAll { $0.at > now }
    past.forecasts.removeAll { $0.madeAt > now }
    past.changes.removeAll { $0.at > now }
    return past
  }
}
