/// Which agents have had a conversation lately: one that is passed on again and again comes to a person.
///
/// It is of one handler, and not stored: whoever takes over counts anew.
package struct HandoffTrail: Equatable, Sendable {
  private struct Passed: Equatable, Sendable {
    var agents: [AgentID]
    /// How many have taken it.
    var count: Int
    var at: Instant
  }

  private var passed: [Handoff.ID: Passed] = [:]

  package init() {}

  /// What was longer ago does not count.
  package static let span = TimeSpan.minutes(10)
  /// No conversation is taken more often within that.
  package static let mostTimes = 3
  /// With more conversations than this all are forgotten.
  private static let most = 1024

  /// An agent has taken a conversation of another one.
  package mutating func note(_ handoff: Handoff, takenBy agent: AgentID, at now: Instant) {
    var known = lately(handoff.id, now) ?? Passed(agents: [], count: 0, at: now)
    for one in [handoff.agent, agent] where !known.agents.contains(one) { known.agents.append(one) }
    (known.count, known.at) = (known.count + 1, now)
    if passed.count >= Self.most, passed[handoff.id] == nil { passed = passed.filter { now - $0.value.at < Self.span } }
    if passed.count >= Self.most { passed = [:] }
    passed[handoff.id] = known
  }

  /// Who has had it: nobody of them is chosen again.
  package func agents(of id: Handoff.ID, at now: Instant) -> [AgentID] { lately(id, now)?.agents ?? [] }

  /// Whether it was taken so often that a person is to have it.
  package func isWornOut(_ id: Handoff.ID, at now: Instant) -> Bool {
    lately(id, now).map { $0.count >= Self.mostTimes } ?? false
  }

  private func lately(_ id: Handoff.ID, _ now: Instant) -> Passed? {
    passed[id].flatMap { now - $0.at < Self.span ? $0 : nil }
  }
}
