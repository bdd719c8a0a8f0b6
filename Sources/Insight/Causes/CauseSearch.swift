import FleetModel

/// One search for common causes among alerts.
///
/// For each value of a trait a window slides over the alerts of the agents that have it, as long as
/// ``CommonCause/together``, and stops where it holds the most agents:
/// ```text
///   gpt-4o         ■  ■■■■■■■■ ■          ■
///                     └─ one minute ─┘
///   all others  ■            ■                  ■
///            └── near: a minute before the last to a minute after the first ──┘
/// ```
/// The strongest causes that share no alert are taken, and what they do not explain is searched again.
struct CauseSearch {
  private let alerts: [CommonCause.Member]
  private let counts: TraitCounts
  /// A number for each agent, by alert: an agent may have several alerts.
  private var agents: [Int] = []
  /// Alerts that no cause explains yet, in the order in which they began.
  private var rest: [Int]
  /// Whoever sends arbitrary values is not searched for ever.
  private static let mostPasses = 8

  init(_ alerts: [CommonCause.Member], _ counts: TraitCounts) {
    (self.alerts, self.counts) = (alerts, counts)
    rest = alerts.indices.sorted { (alerts[$0].began, $0) < (alerts[$1].began, $1) }
    var numbers: [AgentID: Int] = [:]
    for alert in alerts {
      let number = numbers[alert.agent] ?? numbers.count
      numbers[alert.agent] = number
      agents.append(number)
    }
  }

  mutating func run() -> [CommonCause] {
    var causes: [CommonCause] = []
    for _ in 0..<Self.mostPasses where rest.count >= CommonCause.least {
      let found = pass()
      if found.isEmpty { break }
      causes += found
    }
    return causes
  }

  /// The strongest causes that share no alert. What they explain is searched no more.
  private mutating func pass() -> [CommonCause] {
    var members: [TraitValue: [Int]] = [:]
    for alert in rest {
      for value in alerts[alert].traits { members[value, default: []].append(alert) }
    }
    let candidates = members.compactMap { cause($0.key, $0.value) }.sorted { $1.isWeaker(than: $0) }
    var explained: Set<Int> = []
    let taken = candidates.filter { cause in
      guard explained.isDisjoint(with: cause.members) else { return false }
      explained.formUnion(cause.members)
      return true
    }
    rest.removeAll { explained.contains($0) }
    return taken
  }

  private func cause(_ value: TraitValue, _ all: [Int]) -> CommonCause? {
    guard all.count >= CommonCause.least else { return nil }
    let (window, affected) = widest(all)
    let members = Array(all[window])
    guard let first = members.first, let last = members.last else { return nil }
    let since = alerts[first].began
    let cause = CommonCause(value, members, since: since, affected: affected, othersAffected: 0, counts)
    // Most values fail already by their own share: others are counted only for those that do not.
    guard cause != nil else { return nil }
    let near = (alerts[last].began - CommonCause.together)...(since + CommonCause.together)
    let inside = Set(members.map { agents[$0] })
    let affectedNear = Set(rest[places(near)].map { agents[$0] })
    return CommonCause(
      value, members, since: since, affected: affected, othersAffected: affectedNear.subtracting(inside).count, counts)
  }

  /// The part of a value's alerts within a minute that has the most agents, and how many.
  private func widest(_ all: [Int]) -> (window: Range<Int>, agents: Int) {
    var alertsOfAgent: [Int: Int] = [:]
    var best = (window: 0..<0, agents: 0)
    var start = 0
    for end in all.indices {
      alertsOfAgent[agents[all[end]], default: 0] += 1
      while alerts[all[end]].began - alerts[all[start]].began > CommonCause.together {
        let agent = agents[all[start]]
        alertsOfAgent[agent] = alertsOfAgent[agent].flatMap { $0 > 1 ? $0 - 1 : nil }
        start += 1
      }
      // Of equals the longer one: a second alert of an agent belongs to it too.
      if alertsOfAgent.count > best.agents || (alertsOfAgent.count == best.agents && start == best.window.lowerBound) {
        best = (start..<end + 1, alertsOfAgent.count)
      }
    }
    return best
  }

  /// Where the alerts stand among the rest that began within a span.
  private func places(_ span: ClosedRange<Instant>) -> Range<Int> {
    func first(_ isPast: (Instant) -> Bool) -> Int {
      var (low, high) = (0, rest.count)
      while low < high {
        let middle = (low + high) / 2
        if isPast(alerts[rest[middle]].began) { high = middle } else { low = middle + 1 }
      }
      return low
    }
    let start = first { $0 >= span.lowerBound }
    return start..<max(start, first { $0 > span.upperBound })
  }
}
