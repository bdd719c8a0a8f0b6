/// Which agents have had a conversation lately: one that is passed on again and again comes to a person.
///
/// It is of one handler, and not stored: whoever takes over counts anew.
package struct HandoffTrail: Equatable, Sendable {
  private struct Passed: Equatable, Sendable {
    var agents: [AgentID]
    /// Who has taken it last.
    var holder: AgentID
    /// How many have taken it.
    var count: Int
    var at: Instant
  }

  private var passed: [Handoff.ID: Passed] = [:]
  /// What agents have asked before it was said that they have the conversation.
  package var early = EarlyRequests()
  /// Conversations for which an agent was proposed to a person.
  package var proposed = ProposedHandoffs()

  package init() {}

  /// What was longer ago does not count.
  package static let span = TimeSpan.minutes(10)
  /// No conversation is taken more often within that.
  package static let mostTimes = 3
  /// Of more conversations than this those are forgotten that moved longest ago.
  private static let most = 1024

  /// Whether news of a conversation may matter though it is not in the book.
  package func concerns(_ id: Handoff.ID) -> Bool { early.holds(id) || proposed.holds(id) }

  /// An agent has taken a conversation of another one.
  package mutating func note(_ id: Handoff.ID, of holder: AgentID, takenBy agent: AgentID, at now: Instant) {
    var known = lately(id, now) ?? Passed(agents: [], holder: agent, count: 0, at: now)
    // Who comes after so many changes nothing: it is worn out by then.
    for one in [holder, agent] where !known.agents.contains(one) && known.agents.count <= Self.mostTimes {
      known.agents.append(one)
    }
    (known.holder, known.count, known.at) = (agent, min(known.count, Self.mostTimes) + 1, now)
    if passed.count >= Self.most, passed[id] == nil,
      let oldest = passed.min(by: { $0.value.at < $1.value.at })?.key
    {
      passed[oldest] = nil
    }
    passed[id] = known
  }

  package mutating func note(_ handoff: Handoff, takenBy agent: AgentID, at now: Instant) {
    note(handoff.id, of: handoff.agent, takenBy: agent, at: now)
  }

  /// Who has had it: nobody of them is chosen again.
  package func agents(of id: Handoff.ID, at now: Instant) -> [AgentID] { lately(id, now)?.agents ?? [] }

  /// Who has taken it last; nil if nobody has lately.
  package func holder(of id: Handoff.ID, at now: Instant) -> AgentID? { lately(id, now)?.holder }

  /// Whether it was taken so often that a person is to have it.
  package func isWornOut(_ id: Handoff.ID, at now: Instant) -> Bool {
    lately(id, now).map { $0.count >= Self.mostTimes } ?? false
  }

  private func lately(_ id: Handoff.ID, _ now: Instant) -> Passed? {
    // A moment of the future is from before the clock was set back.
    passed[id].flatMap { now - $0.at < Self.span && $0.at - now < Self.span ? $0 : nil }
  }
}
