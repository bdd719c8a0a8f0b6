import FleetModel
import Redis
import Wire

/// Reads what an agent, its role and the fleet have used of their budgets: of role and fleet what each shard counts, added
/// up.
enum BudgetSearch {
  /// Calls `completion` once; not at all if the link breaks.
  static func run(
    _ agent: AgentID, role: String, on feed: FleetFeed, _ completion: @escaping (BudgetReading) -> Void
  ) {
    let fields = (role.isEmpty ? [] : [Array("role/\(role)".utf8)]) + [Array("fleet".utf8)]
    let home = feed.feed(of: agent)
    _ = home.send(Request("HGET", home.keys.budgets, agent.bytes)) { [weak feed] own in
      guard case .success(let own) = own, let feed else { return }
      readGroups(fields, feed.feeds[...], []) { [weak home] groups in
        guard let home else { return }
        guard let groups else { return completion(.refused("not every shard can be reached")) }
        let subjects = [.agent(agent)] + fields.map { BudgetUse.Subject(groupField: $0) }
        completion(reading(subjects, [[own]] + groups, at: home.clock.now))
      }
    }
  }

  /// Reads what each shard has counted under some fields.
  ///
  /// - Parameter completion: gets the answers field by field; nil if a shard cannot be asked.
  private static func readGroups(
    _ fields: [[UInt8]], _ feeds: ArraySlice<EventFeed>, _ found: [[Reply]],
    _ completion: @escaping ([[Reply]]?) -> Void
  ) {
    guard let feed = feeds.first else {
      return completion(fields.indices.map { index in found.map { $0.indices.contains(index) ? $0[index] : $0[0] } })
    }
    var request = Request("HMGET", feed.keys.budgetGroups)
    for field in fields { request.append(field) }
    let isSent = feed.send(request) { result in
      guard case .success(let reply) = result else { return }
      readGroups(fields, feeds.dropFirst(), found + [reply.elements ?? [reply]], completion)
    }
    if !isSent { completion(nil) }
  }

  private static func reading(
    _ subjects: [BudgetUse.Subject], _ replies: [[Reply]], at now: Instant
  ) -> BudgetReading {
    if let error = replies.joined().lazy.compactMap(\.error).first { return .refused(error.advice.meaning) }
    var uses: [BudgetUse] = []
    for (subject, shards) in zip(subjects, replies) {
      let stored = shards.compactMap(\.bytes)
      let read = stored.compactMap { SpendingCoding.decode($0) }
      guard read.count == stored.count else { return .refused("a stored value is not understood") }
      uses += Spending.sum(read, at: now).map { BudgetUse.all(of: subject, $0, at: now) } ?? []
    }
    return .told(uses)
  }
}
