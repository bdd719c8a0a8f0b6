import FleetModel

/// The common causes behind a fleet's open alerts. It looks for them only if alerts have opened or closed, or
/// traits have changed, and at most once a second: an event or a frame costs nothing.
///
/// While alerts still come in, the first of them may share something that the rest do not: a new cause waits until none has
/// begun for a while, or a minute is over.
package struct FleetCauses: Sendable {
  /// A cause, and the agents and alerts that stand under it.
  package struct Heading: Equatable, Sendable {
    /// The same for as long as the cause stands.
    package let number: Int
    package let cause: CommonCause
    /// The affected agents, in the order in which their alerts began.
    package let agents: [AgentID]
    package let alerts: [AlertID]
  }

  /// A heading under which an agent stood.
  private struct Told {
    let number: Int
    let shared: TraitValue
    /// The most agents that stood under it.
    var agents: Int
    /// The last look at which it stood, and something was still heard of its alerts.
    var until: Instant
  }

  package private(set) var headings: [Heading] = []
  /// Steps whenever there are other headings than before.
  package private(set) var revision = 0
  private var byAgent: [AgentID: Int] = [:]
  /// What agents said of themselves when their alerts began: a version that is rolled back was the cause all the same.
  private var traits: [AlertID: AgentTraits] = [:]
  /// The heading under which each agent with an open alert stood last.
  private var told: [AgentID: Told] = [:]
  private var lastNumber = 0
  private var lookedAt: Instant?
  /// Of the fleet's alerts and traits at the last look.
  private var revisions: (alerts: Int, traits: Int)?
  /// How long no alert may have begun before a new cause is told.
  private let settles: TimeSpan
  /// When a cause that waits is looked at again.
  private var looksAgain: Instant?
  /// Between two looks.
  private static let rest = TimeSpan.seconds(1)

  /// - Parameter settles: how long no alert may have begun before a new cause is told; none to hear of it as it stands.
  package init(settles: TimeSpan = .seconds(10)) {
    self.settles = settles
  }

  /// The heading under which an agent stands.
  package func heading(of agent: AgentID) -> Heading? { byAgent[agent].map { headings[$0] } }

  /// The heading with a number; nil once its cause stands no longer.
  package func heading(_ number: Int) -> Heading? { headings.first { $0.number == number } }

  /// Looks for causes, if alerts have changed or one waits, and the last look is a second past.
  ///
  /// - Returns: whether there are other headings than before.
  @discardableResult
  package mutating func look(at fleet: borrowing Fleet, now: Instant) -> Bool {
    let next = (alerts: fleet.alerts.openingsRevision, traits: fleet.traits.revision)
    let isDue = looksAgain.map { $0 <= now } ?? false
    if let revisions, revisions == next, !isDue { return false }
    if let lookedAt, (.zero..<Self.rest).contains(now - lookedAt) { return false }
    (revisions, lookedAt) = (next, now)
    let (ids, members, quiet) = members(fleet)
    remember(members, stillHeard: Set(ids.indices.lazy.filter { !quiet.contains($0) }.map { ids[$0] }), at: now)
    looksAgain = nil
    let causes = CommonCause.find(members, counts: fleet.traits).filter { cause in
      guard !isLeftOver(cause, members) else { return false }
      let known = headings.contains { !Set($0.alerts).isDisjoint(with: cause.members.map { ids[$0] }) }
      // What nothing is heard of any more is no news.
      return known || (!cause.members.allSatisfy { quiet.contains($0) } && isSettled(cause, members, at: now))
    }
    return set(
      causes.map { cause in (cause, cause.members.map { ids[$0] }, cause.members.allSatisfy { quiet.contains($0) }) })
  }

  /// The open alerts that tell how an agent is, and the places of those that are quiet.
  private mutating func members(
    _ fleet: borrowing Fleet
  ) -> (ids: [AlertID], members: [CommonCause.Member], quiet: Set<Int>) {
    var ids: [AlertID] = []
    var quiet: Set<Int> = []
    var members: [CommonCause.Member] = []
    var known: [AlertID: AgentTraits] = [:]
    for alert in fleet.alerts.open where alert.id.kind.isOfAgent {
      let present = fleet.agents.traits(at: alert.position)
      let own = traits[alert.id].map { $0.filled(by: present) } ?? present
      known[alert.id] = own
      if alert.isQuiet { quiet.insert(ids.count) }
      ids.append(alert.id)
      members.append(CommonCause.Member(agent: alert.id.agent, began: alert.record.since, traits: own.causes))
    }
    traits = known
    return (ids, members, quiet)
  }

  /// Whether a cause need not wait for more alerts. If it must, it is looked at again once it may be told.
  private mutating func isSettled(_ cause: CommonCause, _ members: [CommonCause.Member], at now: Instant) -> Bool {
    let last = cause.members.map { members[$0].began }.max() ?? cause.since
    let told = min(last + settles, cause.since + CommonCause.together)
    // Alerts that begin in the future are those of another clock.
    if told <= now || last > now { return true }
    looksAgain = min(looksAgain ?? told, told)
    return false
  }

  /// Takes note of the headings that stand, and forgets agents without an alert.
  private mutating func remember(_ members: [CommonCause.Member], stillHeard heard: Set<AlertID>, at now: Instant) {
    for heading in headings where !heard.isDisjoint(with: heading.alerts) {
      for agent in heading.agents {
        let before = told[agent].flatMap { $0.number == heading.number ? $0.agents : nil } ?? 0
        told[agent] = Told(
          number: heading.number, shared: heading.cause.shared, agents: max(before, heading.agents.count), until: now)
      }
    }
    let present = Set(members.lazy.map(\.agent))
    told = told.filter { present.contains($0.key) }
  }

  /// Whether a cause is what is left of another one: as agents recover, the last of them may share something else.
  private func isLeftOver(_ cause: CommonCause, _ members: [CommonCause.Member]) -> Bool {
    let agents = cause.members.map { members[$0].agent }.uniqued()
    let explained = agents.count { agent in
      guard let told = told[agent] else { return false }
      return told.shared != cause.shared && told.agents >= cause.affected && cause.since <= told.until
    }
    return explained * 2 > agents.count
  }

  private mutating func set(_ found: [(cause: CommonCause, alerts: [AlertID], isQuiet: Bool)]) -> Bool {
    let former = headings
    (headings, byAgent) = ([], [:])
    // What nothing is heard of any more hides no incident that is new.
    let sorted = found.sorted { ($0.isQuiet ? 1 : 0, $0.cause.since) < ($1.isQuiet ? 1 : 0, $1.cause.since) }
    for (cause, alerts, _) in sorted {
      let agents = alerts.map(\.agent).uniqued()
      // Further alerts of agents that stand under a heading already are no cause of their own.
      guard agents.count(where: { byAgent[$0] == nil }) * 2 > agents.count else { continue }
      for agent in agents where byAgent[agent] == nil { byAgent[agent] = headings.count }
      headings.append(
        Heading(number: number(of: cause, alerts, among: former), cause: cause, agents: agents, alerts: alerts))
    }
    if headings != former { revision += 1 }
    return headings != former
  }

  /// A cause that shares an alert with one of before is that one, which has come or gone in part.
  private mutating func number(of cause: CommonCause, _ alerts: [AlertID], among former: [Heading]) -> Int {
    let same = former.first { $0.cause.shared == cause.shared && !Set($0.alerts).isDisjoint(with: alerts) }
    if let same { return same.number }
    let before = alerts.compactMap { told[$0.agent] }.first { $0.shared == cause.shared }
    if let before, cause.since <= before.until { return before.number }
    lastNumber += 1
    return lastNumber
  }
}
