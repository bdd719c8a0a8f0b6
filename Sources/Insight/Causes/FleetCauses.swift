import FleetModel

/// The common causes behind a fleet's open alerts. It looks for them only if alerts have opened or closed, or
/// traits have changed, and at most once a second: an event or a frame costs nothing.
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

  package private(set) var headings: [Heading] = []
  /// Steps whenever there are other headings than before.
  package private(set) var revision = 0
  private var byAgent: [AgentID: Int] = [:]
  private var lastNumber = 0
  private var lookedAt: Instant?
  /// Of the fleet's alerts and traits at the last look.
  private var revisions: (alerts: Int, traits: Int)?
  /// Between two looks.
  private static let rest = TimeSpan.seconds(1)

  package init() {}

  /// The heading under which an agent stands.
  package func heading(of agent: AgentID) -> Heading? { byAgent[agent].map { headings[$0] } }

  /// The heading with a number; nil once its cause stands no longer.
  package func heading(_ number: Int) -> Heading? { headings.first { $0.number == number } }

  /// Looks for causes, if alerts have changed and the last look is a second past.
  ///
  /// - Returns: whether there are other headings than before.
  @discardableResult
  package mutating func look(at fleet: borrowing Fleet, now: Instant) -> Bool {
    let next = (alerts: fleet.alerts.openingsRevision, traits: fleet.traits.revision)
    if let revisions, revisions == next { return false }
    if let lookedAt, (.zero..<Self.rest).contains(now - lookedAt) { return false }
    (revisions, lookedAt) = (next, now)
    var ids: [AlertID] = []
    var members: [CommonCause.Member] = []
    for alert in fleet.alerts.open where alert.id.kind.isOfAgent {
      ids.append(alert.id)
      let traits = fleet.agents.traits(at: alert.position).causes
      members.append(CommonCause.Member(agent: alert.id.agent, began: alert.record.since, traits: traits))
    }
    let causes = CommonCause.find(members, counts: fleet.traits)
    return set(causes.map { cause in (cause, cause.members.map { ids[$0] }) })
  }

  private mutating func set(_ found: [(cause: CommonCause, alerts: [AlertID])]) -> Bool {
    let former = headings
    headings = found.map { cause, alerts in
      Heading(
        number: number(of: cause, alerts, among: former), cause: cause, agents: alerts.map(\.agent).uniqued(),
        alerts: alerts)
    }
    byAgent = [:]
    for (index, heading) in headings.enumerated() {
      for agent in heading.agents where byAgent[agent] == nil { byAgent[agent] = index }
    }
    if headings != former { revision += 1 }
    return headings != former
  }

  /// A cause that shares an alert with one of before is that one, which has come or gone in part.
  private mutating func number(of cause: CommonCause, _ alerts: [AlertID], among former: [Heading]) -> Int {
    let same = former.first { $0.cause.shared == cause.shared && !Set($0.alerts).isDisjoint(with: alerts) }
    if let same { return same.number }
    lastNumber += 1
    return lastNumber
  }
}
