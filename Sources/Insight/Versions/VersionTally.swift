/// What was counted of one metric of one version lately, in all and by its agents.
///
/// Sums go back 12 to 24 hours of minutes in which another version of the role was heard too.
struct VersionTally: Sendable {
  /// Agents that are known by themselves, those that fail most; the counts of others are in the sum alone.
  static let mostAgents = 64
  private static let half = 720

  private struct Half: Sendable {
    var sum = RateCounts()
    var agents: [Int: RateCounts] = [:]
    var minutes = 0
  }

  private var before = Half()
  private var now = Half()

  mutating func add(_ counts: [(agent: Int, counts: RateCounts)]) {
    if now.minutes == Self.half { (before, now) = (now, Half()) }
    now.minutes += 1
    for (agent, counts) in counts {
      now.sum = now.sum + counts
      guard now.agents[agent] != nil || makeRoom(for: counts) else { continue }
      now.agents[agent] = (now.agents[agent] ?? RateCounts()) + counts
    }
  }

  /// Whether one more agent can be known by itself: if need be, in place of one that has failed less.
  private mutating func makeRoom(for counts: RateCounts) -> Bool {
    guard now.agents.count >= Self.mostAgents else { return true }
    guard counts.failures > 0,
      let least = now.agents.min(by: { ($0.value.failures, $0.key) < ($1.value.failures, $1.key) }),
      least.value.failures < counts.failures
    else { return false }
    now.agents[least.key] = nil
    return true
  }

  var sum: RateCounts { before.sum + now.sum }

  /// How many agents have told of it.
  var agentCount: Int { Set(before.agents.keys).union(now.agents.keys).count }

  /// The sum without the agent that failed most often; nil if there is no other.
  var sumWithoutWorst: RateCounts? {
    let agents = before.agents.merging(now.agents) { $0 + $1 }
    guard agents.count > 1, let worst = agents.max(by: { ($0.value.failures, $0.key) < ($1.value.failures, $1.key) })
    else { return nil }
    let rest = sum - worst.value
    return rest.trials > 0 ? rest : nil
  }
}
