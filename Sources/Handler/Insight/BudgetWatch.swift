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
  private var day: Int64 = .min

  /// Takes what is stored. Sums are made anew of the agents' own; only what was told is taken from `groups`.
  ///
  /// - Returns: agents that have used nothing for two days, whose entries are to go.
  mutating func load(
    _ stored: [(agent: AgentID, spending: Spending)], groups told: [(field: [UInt8], spending: Spending)],
    at now: Instant
  ) -> [AgentID] {
    isLoaded = true
    day = Spending.day(of: now)
    let isOld = { (spending: Spending) in spending.day < Spending.day(of: now) - 1 }
    for (agent, spending) in stored where !isOld(spending) && spending.day <= day {
      agents[agent] = spending
      if spending.day == day { addToGroups(spending, 1) }
    }
    let fields = Dictionary(told.map { ($0.field, $0.spending) }) { first, _ in first }
    for group in groups.keys {
      guard let before = fields[group.field], before.day == day else { continue }
      for unit in Budget.Unit.allCases { groups[group]?[unit].told = before[unit].told }
    }
    return stored.filter { isOld($0.spending) }.map(\.agent)
  }

  /// Adds a minute of an agent; gives what is to be published by it.
  mutating func add(
    _ minute: Spending.Minute, of agent: AgentID, role: String, _ budgets: [Budget], currency: String
  ) -> [BudgetEvent] {
    let before = agents[agent] ?? Spending()
    var after = before
    guard after.add(minute) else { return [] }
    after.role = role
    if after.day > day { (day, groups) = (after.day, [:]) }
    var events: [BudgetEvent] = []
    for unit in Budget.Unit.allCases {
      let budget = budgets.first { $0.unit == unit && $0.isOf(agent) }
      after[unit].most = budget?.most
      if let budget, let event = Self.tell(&after[unit], budget, .agent, agent, minute, currency) {
        events.append(event)
      }
    }
    if after.day == day {
      if before.day == day { addToGroups(before, -1) }
      addToGroups(after, 1)
      for group in [Group.role(role), .fleet] { events += tell(group, budgets, agent, minute, currency) }
    }
    agents[agent] = after
    changed.insert(agent)
    return events
  }

  private mutating func addToGroups(_ spending: Spending, _ sign: Double) {
    for group in [Group.role(spending.role), .fleet] where group != .role("") {
      var sum = groups[group] ?? Spending(day: spending.day, minute: spending.minute)
      sum.take(spending, sign)
      groups[group] = sum
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
      return Self.tell(&use, budget, group.subject, agent, minute, currency)
    }
  }

  /// The event that a further level is reached; each is told once a day.
  private static func tell(
    _ use: inout Spending.Use, _ budget: Budget, _ subject: BudgetEvent.Subject, _ agent: AgentID,
    _ minute: Spending.Minute, _ currency: String
  ) -> BudgetEvent? {
    let level = budget.level(use.used)
    guard level > use.told else { return nil }
    use.told = level
    return BudgetEvent(
      agent: agent, subject: subject, unit: budget.unit, currency: currency, use: use, most: budget.most,
      at: minute.begin + .minutes(1))
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
