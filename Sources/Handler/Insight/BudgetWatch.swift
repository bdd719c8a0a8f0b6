import FleetModel
import Wire

/// Adds up what agents, roles and the fleet use a day, and says when a part of a budget is used.
///
/// What it knows is written in the transaction that writes the minutes; see ``Spending`` for why no minute counts twice.
struct BudgetWatch {
  /// Agents that are added up together.
  enum Group: Hashable {
    case role(String)
    case fleet

    /// The field of their hash.
    var field: [UInt8] {
      switch self {
      case .role(let name): Array("role/\(name)".utf8)
      case .fleet: Array("fleet".utf8)
      }
    }
  }

  /// Whether what is stored has been read.
  private(set) var isLoaded = false
  private var agents: [AgentID: Spending] = [:]
  private var groups: [Group: Spending] = [:]
  /// What is to be written.
  private var changed: Set<AgentID> = []
  private var changedGroups: Set<Group> = []
  /// The day under way; nil before the first minute.
  private var today: BudgetDay?
  /// In which it ends at midnight.
  private var zone = Zone.utc

  /// Takes what is stored. Sums are made anew of the agents' own; only what was told is taken from `groups`.
  ///
  /// - Returns: agents that have used nothing for two days, whose entries are to go.
  mutating func load(
    _ stored: [(agent: AgentID, spending: Spending)], groups told: [(field: [UInt8], spending: Spending)],
    at now: Instant, in zone: Zone = .utc
  ) -> [AgentID] {
    isLoaded = true
    self.zone = zone
    let minute = BudgetDay.minute(of: now)
    let today = Self.today(among: (stored.map(\.spending) + told.map(\.spending)).map(\.day), at: minute, zone)
    self.today = today
    let isOld = { (spending: Spending) in spending.day.until <= minute - 1440 }
    for (agent, spending) in stored where !isOld(spending) && spending.day.from <= minute {
      // A minute that is ahead would let nothing count until it comes.
      let spending = spending.noLater(than: now)
      agents[agent] = spending
      if spending.day.from == today.from { addToGroups(spending, 1, at: now) }
    }
    let fields = Dictionary(told.map { ($0.field, $0.spending) }) { first, _ in first }
    for group in groups.keys {
      guard let before = fields[group.field], before.day.from == today.from else { continue }
      for unit in Budget.Unit.allCases { groups[group]?[unit].told = before[unit].told }
    }
    return stored.filter { isOld($0.spending) }.map(\.agent)
  }

  /// The day under way: the one that was begun last, whichever zone it was begun in, so that nothing counts twice or is
  /// lost. It ends at the midnight that comes first, its own or that of the zone as it is now.
  private static func today(among stored: [BudgetDay], at minute: Int64, _ zone: Zone) -> BudgetDay {
    var today = zone.day(of: minute)
    today.from = max(today.from, stored.lazy.map(\.until).filter { $0 <= minute }.max() ?? today.from)
    let begun = stored.filter { $0.contains(minute) }
    if let from = begun.map(\.from).max() {
      today.from = from
      for day in begun where day.from == from { today.until = min(today.until, day.until) }
    }
    return today
  }

  /// The day that a minute counts for.
  private mutating func day(of minute: Int64, _ spending: Spending?) -> BudgetDay {
    guard let today else {
      let day = zone.day(of: minute)
      self.today = day
      return day
    }
    if today.contains(minute) { return today }
    guard minute >= today.until else {
      // It comes late, of a day that has ended.
      if let day = spending?.day, day.contains(minute) { return day }
      let day = zone.day(of: minute)
      return BudgetDay(from: day.from, until: min(day.until, today.from))
    }
    let next = zone.day(of: minute)
    let day = BudgetDay(from: max(next.from, today.until), until: next.until)
    (self.today, groups) = (day, [:])
    return day
  }

  /// Ends the day under way at the midnight that comes first if the zone is another one now.
  private mutating func take(_ zone: Zone, at minute: Int64) {
    guard zone != self.zone else { return }
    self.zone = zone
    guard let today, today.contains(minute) else { return }
    self.today?.until = min(today.until, zone.day(of: minute).until)
  }

  /// The clock was set back to before the day under way: what is known is taken as by a handler that takes over.
  private mutating func beginAgain(at now: Instant) {
    let (known, told) = (agents.map { ($0.key, $0.value) }, groups.map { ($0.key.field, $0.value) })
    (agents, groups) = ([:], [:])
    _ = load(known, groups: told, at: now, in: zone)
  }

  /// Adds a minute of an agent; gives what is to be published by it.
  ///
  /// If the clock was set back, minutes that it has passed once count when it passes them again.
  mutating func add(
    _ minute: Spending.Minute, of agent: AgentID, role: String, _ budgets: [Budget], currency: String,
    in zone: Zone = .utc, at now: Instant
  ) -> [BudgetEvent] {
    let present = BudgetDay.minute(of: now)
    // One that is ahead is from before the clock was set back: if it counted, no other one would until then.
    guard minute.number <= present else { return [] }
    if let today, today.from > present { beginAgain(at: now) }
    take(zone, at: minute.number)
    var before = agents[agent] ?? Spending()
    if before.minute > present { before = before.noLater(than: minute.begin - .minutes(1)) }
    var after = before
    guard minute.number > before.minute, after.add(minute, in: day(of: minute.number, agents[agent])) else { return [] }
    after.role = role
    var events: [BudgetEvent] = []
    for unit in Budget.Unit.allCases {
      let budget = budgets.first { $0.unit == unit && $0.isOf(agent) }
      after[unit].most = budget?.most
      if let budget, let event = tell(&after[unit], budget, .agent, agent, minute, after.day, currency) {
        events.append(event)
      }
    }
    if let today, after.day.from == today.from {
      if before.day.from == today.from { addToGroups(before, -1, at: now) }
      addToGroups(after, 1, at: now)
      for group in [Group.role(role), .fleet] { events += tell(group, budgets, agent, minute, currency) }
    }
    agents[agent] = after
    changed.insert(agent)
    return events
  }

  private mutating func addToGroups(_ spending: Spending, _ sign: Double, at now: Instant) {
    for group in [Group.role(spending.role), .fleet] where group != .role("") {
      var sum = groups[group] ?? Spending(day: spending.day, minute: spending.minute)
      sum.take(spending, sign, in: today ?? spending.day)
      groups[group] = sum.noLater(than: now)
      changedGroups.insert(group)
    }
  }

  private mutating func tell(
    _ group: Group, _ budgets: [Budget], _ agent: AgentID, _ minute: Spending.Minute, _ currency: String
  ) -> [BudgetEvent] {
    guard groups[group] != nil else { return [] }
    return Budget.Unit.allCases.compactMap { unit in
      let budget = budgets.first { $0.unit == unit && $0.isOf(group) }
      groups[group]?[unit].most = budget?.most
      guard let budget, var use = groups[group]?[unit] else { return nil }
      defer { groups[group]?[unit] = use }
      return tell(&use, budget, group.subject, agent, minute, groups[group]?.day ?? .none, currency)
    }
  }

  /// The event that a further level is reached; each is told once a day.
  private func tell(
    _ use: inout Spending.Use, _ budget: Budget, _ subject: BudgetEvent.Subject, _ agent: AgentID,
    _ minute: Spending.Minute, _ day: BudgetDay, _ currency: String
  ) -> BudgetEvent? {
    let level = budget.level(use.used)
    guard level > use.told else { return nil }
    use.told = level
    return BudgetEvent(
      agent: agent, subject: subject, unit: budget.unit, currency: currency, use: use, most: budget.most,
      at: minute.begin + .minutes(1), day: day, zone: zone.name)
  }

  /// What has changed since the last call, as fields of their hashes.
  mutating func takeChanged() -> (agents: [(AgentID, [UInt8])], groups: [([UInt8], [UInt8])]) {
    defer { (changed, changedGroups) = ([], []) }
    return (
      changed.compactMap { id in agents[id].map { (id, SpendingCoding.encode($0)) } },
      changedGroups.compactMap { group in groups[group].map { (group.field, SpendingCoding.encode($0)) } }
    )
  }
}

extension BudgetWatch.Group {
  fileprivate var subject: BudgetEvent.Subject {
    switch self {
    case .role(let name): .role(name)
    case .fleet: .fleet
    }
  }
}

extension Budget {
  /// Whether it is what this agent may use for itself.
  fileprivate func isOf(_ agent: AgentID) -> Bool {
    switch scope {
    case .agent(let pattern): pattern.matches(agent.bytes)
    case .role, .fleet: false
    }
  }

  fileprivate func isOf(_ group: BudgetWatch.Group) -> Bool {
    switch (scope, group) {
    case (.role(let pattern), .role(let name)): pattern.matches(name)
    case (.fleet, .fleet): true
    case (.role, .fleet), (.fleet, .role), (.agent, _): false
    }
  }
}
