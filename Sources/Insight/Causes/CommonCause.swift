import FleetModel

/// Alerts that began together on agents that have something in common which the others have not.
///
/// ```text
///   gpt-4o       ■ ■ ■ ■ ■ ■ ■ ■ ■ ■ ■ □     11 of 12 affected
///   all others   ■ □ □ □ □ □ □ … □            1 of 40
/// ```
package struct CommonCause: Equatable, Sendable {
  /// An alert, as a cause is looked for.
  package struct Member: Equatable, Sendable {
    package var agent: AgentID
    package var began: Instant
    package var traits: Set<TraitValue>

    package init(agent: AgentID, began: Instant, traits: Set<TraitValue>) {
      (self.agent, self.began, self.traits) = (agent, began, traits)
    }
  }

  package let shared: TraitValue
  /// The first alert's beginning.
  package let since: Instant
  /// The places of its alerts in the list that was judged.
  package let members: [Int]
  /// Agents that share it, and how many of them are affected.
  package let affected: Int
  package let agents: Int
  /// The other agents, and how many of them are affected.
  package let othersAffected: Int
  package let others: Int

  /// Alerts belong together if they begin within so long of the first.
  package static let together = TimeSpan.minutes(1)
  /// So many agents must be affected, and so large a share of those that share it.
  private static let least = 3
  private static let share = 0.5
  /// Outside the share may be at most this part of the share inside.
  private static let outside = 0.2

  /// `11 of 12 affected; others 1 of 40`.
  package var words: String { "\(affected) of \(agents) affected; others \(othersAffected) of \(others)" }

  /// Finds the causes of some alerts. Work grows with the alerts, not with the fleet.
  ///
  /// - Parameter counts: the traits of all agents, those without an alert included.
  package static func find(_ alerts: [Member], counts: TraitCounts) -> [CommonCause] {
    var causes: [CommonCause] = []
    var rest = alerts.indices.sorted { alerts[$0].began < alerts[$1].began }[...]
    while let first = rest.first {
      let end = alerts[first].began + together
      let group = Array(rest.prefix { alerts[$0].began <= end })
      rest = rest.dropFirst(group.count)
      causes += explain(group, alerts, counts)
    }
    return causes
  }

  /// The best cause of a group, then the best of what that leaves.
  private static func explain(_ group: [Int], _ alerts: [Member], _ counts: TraitCounts) -> [CommonCause] {
    var causes: [CommonCause] = []
    var rest = group
    while rest.count >= least, let cause = best(rest, alerts, counts) {
      causes.append(cause)
      let explained = Set(cause.members)
      rest.removeAll { explained.contains($0) }
    }
    return causes
  }

  private static func best(_ group: [Int], _ alerts: [Member], _ counts: TraitCounts) -> CommonCause? {
    var members: [TraitValue: [Int]] = [:]
    for index in group {
      for value in alerts[index].traits { members[value, default: []].append(index) }
    }
    let affected = Set(group.map { alerts[$0].agent }).count
    let causes = members.compactMap { value, members in
      cause(value, members, alerts, counts, allAffected: affected)
    }
    return causes.max { $0.isWeaker(than: $1) }
  }

  /// Nil if the group holds less than what a cause claims.
  private static func cause(
    _ value: TraitValue, _ members: [Int], _ alerts: [Member], _ counts: TraitCounts, allAffected: Int
  ) -> CommonCause? {
    let affected = Set(members.map { alerts[$0].agent }).count
    let agents = max(affected, counts.count(value))
    let others = max(0, counts.agents - agents)
    let cause = CommonCause(
      shared: value, since: alerts[members[0]].began, members: members, affected: affected, agents: agents,
      othersAffected: min(others, allAffected - affected), others: others)
    guard affected >= least, others >= least, cause.inside >= share, cause.elsewhere <= cause.inside * outside else {
      return nil
    }
    return cause
  }

  private var inside: Double { Double(affected) / Double(max(1, agents)) }
  private var elsewhere: Double { Double(othersAffected) / Double(max(1, others)) }

  /// The clearer difference is the stronger cause; of equals the one of more agents, then the earlier in the table.
  private func isWeaker(than other: CommonCause) -> Bool {
    let (left, right) = (inside - elsewhere, other.inside - other.elsewhere)
    if left != right { return left < right }
    if affected != other.affected { return affected < other.affected }
    return (place, shared.value) > (other.place, other.shared.value)
  }

  private var place: Int { Trait.allCases.firstIndex(of: shared.trait) ?? 0 }
}
