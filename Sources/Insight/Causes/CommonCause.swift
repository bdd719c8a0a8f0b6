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
  static let least = 3
  private static let share = 0.5
  /// Outside the share may be at most this part of the share inside.
  private static let outside = 0.2

  /// `11 of 12 affected; others 1 of 40`.
  package var words: String { "\(affected) of \(agents) affected; others \(othersAffected) of \(others)" }

  /// Finds the causes of some alerts. Work grows with the alerts, not with the fleet.
  ///
  /// - Parameter counts: the traits of all agents, those without an alert included.
  package static func find(_ alerts: [Member], counts: TraitCounts) -> [CommonCause] {
    var search = CauseSearch(alerts, counts)
    return search.run()
  }

  /// Nil if these alerts hold less than what a cause claims.
  init?(
    _ shared: TraitValue, _ members: [Int], since: Instant, affected: Int, othersAffected: Int, _ counts: TraitCounts
  ) {
    (self.shared, self.members, self.since, self.affected) = (shared, members, since, affected)
    agents = max(affected, counts.count(shared))
    others = max(0, counts.agents - agents)
    self.othersAffected = min(others, othersAffected)
    guard affected >= Self.least, others >= Self.least, inside >= Self.share, elsewhere <= inside * Self.outside else {
      return nil
    }
  }

  private var inside: Double { Double(affected) / Double(max(1, agents)) }
  private var elsewhere: Double { Double(othersAffected) / Double(max(1, others)) }

  /// How far affected and unaffected agents are from being spread by chance: Pearson's chi-squared of the four numbers.
  /// Of a provider with two models it is the provider that counts as soon as some agents of the second model follow, and
  /// the model as long as none do.
  private var contrast: Double {
    let (a, b) = (Double(affected), Double(agents - affected))
    let (c, d) = (Double(othersAffected), Double(others - othersAffected))
    let product = (a + b) * (c + d) * (a + c) * (b + d)
    let difference = a * d - b * c
    return product > 0 ? (a + b + c + d) * difference * difference / product : 0
  }

  /// The greater contrast is the stronger cause; of equals the one of more agents, then the earlier in the table.
  func isWeaker(than other: CommonCause) -> Bool {
    let (left, right) = (contrast, other.contrast)
    if left != right { return left < right }
    if affected != other.affected { return affected < other.affected }
    return (place, shared.value) > (other.place, other.shared.value)
  }

  private var place: Int { Trait.causes.firstIndex(of: shared.trait) ?? Trait.causes.count }
}

extension CommonCause {
  /// `11 agents on gpt-4o`.
  ///
  /// - Parameter value: the shared value as it may be shown.
  package func title(_ value: String) -> String {
    let agents = "\(affected) agent\(affected == 1 ? "" : "s")"
    switch shared.trait {
    case .llmModel: return "\(agents) on \(value)"
    case .region: return "\(agents) in region \(value)"
    case .version, .provider, .role, .tier: return "\(agents) on \(shared.trait.rawValue) \(value)"
    case .promptVersion: return "\(agents) on prompt \(value)"
    }
  }
}
