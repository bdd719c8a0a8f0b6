import FleetModel
import Redis
import Wire

/// What a handler keeps of the fleet for the one that takes over, and takes up from the one before: what agents say of
/// themselves, in `agentos:profiles`, and their records. Both stand in events and steps that nobody reads again.
final class FleetMemory {
  private let term: Term
  private let judge: EventJudge

  /// Records that are read at once.
  private static let most = 500

  init(term: Term, judge: EventJudge) {
    self.term = term
    self.judge = judge
  }

  /// Calls `completion` once the fleet stands as it was known.
  func restore(_ completion: @escaping () -> Void) {
    term.read([Request("HGETALL", term.keys.profiles)]) { [self] replies in
      judge.fleet.advance(to: term.now)
      for (_, event) in replies[0].pairs { judge.restore(profile: event, at: term.now) }
      restoreRecords(of: judge.fleet.agents.profiles.compactMap { $0?.id }[...], completion)
    }
  }

  private func restoreRecords(of agents: ArraySlice<AgentID>, _ completion: @escaping () -> Void) {
    guard !agents.isEmpty else { return completion() }
    let some = Array(agents.prefix(Self.most))
    term.read(some.map { Request("HGETALL", term.keys.agent($0)) }) { [self] replies in
      for (agent, reply) in zip(some, replies) {
        judge.fleet.setRecord(AgentRecordCoding.decode(fields: reply.pairs), of: agent)
      }
      restoreRecords(of: agents.dropFirst(some.count), completion)
    }
  }

  /// Puts what agents have said of themselves into a step.
  func write(_ agents: Set<AgentID>, to step: inout Step) {
    for agent in agents {
      let profile = judge.fleet.position(of: agent).flatMap { judge.fleet.agents.profiles[$0] }
      if let profile, profile.deletedAt == nil {
        step.change("HSET", term.keys.profiles, agent.bytes, AgentProfileCoding.encode(profile))
      } else {
        step.change("HDEL", term.keys.profiles, agent.bytes)
        // Nobody stands in for who is gone.
        if let backup = profile?.record.backup {
          step.change("SREM", term.keys.standIns(of: backup), agent.bytes)
          step.change("HDEL", term.keys.agent(agent), "backup")
        }
      }
    }
  }
}
