import FleetModel
import Redis
import Wire

/// Reads what an agent, its role and the fleet have used of their budgets.
enum BudgetSearch {
  /// Calls `completion` once; not at all if the link breaks.
  static func run(
    _ agent: AgentID, role: String, on feed: EventFeed, keys: Keys, _ completion: @escaping (BudgetReading) -> Void
  ) {
    let fields = (role.isEmpty ? [] : [Array("role/\(role)".utf8)]) + [Array("fleet".utf8)]
    var groups = Request("HMGET", keys.budgetGroups)
    for field in fields { groups.append(field) }
    _ = feed.send(Request("HGET", keys.budgets, agent.bytes)) { own in
      guard case .success(let own) = own else { return }
      _ = feed.send(groups) { [weak feed] groups in
        guard case .success(let groups) = groups, let feed else { return }
        let subjects = [.agent(agent)] + fields.map { BudgetUse.Subject(groupField: $0) }
        let replies = [own] + (groups.elements ?? [groups])
        completion(reading(subjects, replies, at: feed.clock.now))
      }
    }
  }

  private static func reading(_ subjects: [BudgetUse.Subject], _ replies: [Reply], at now: Instant) -> BudgetReading {
    if let error = replies.lazy.compactMap(\.error).first { return .refused(error.advice.meaning) }
    var uses: [BudgetUse] = []
    for (subject, reply) in zip(subjects, replies) {
      guard let bytes = reply.bytes else { continue }
      guard let spending = SpendingCoding.decode(bytes) else { return .refused("a stored value is not understood") }
      uses += BudgetUse.all(of: subject, spending, at: now)
    }
    return .told(uses)
  }
}
