/// What an agent, a role or the fleet has used of one unit today, beside its budget if it has one.
package struct BudgetUse: Equatable, Sendable {
  package enum Subject: Hashable, Sendable {
    case agent(AgentID)
    case role(String)
    case fleet

    /// What stands under a field of the hash of groups.
    package init(groupField: [UInt8]) {
      let text = String(decoding: groupField, as: UTF8.self)
      self = text.hasPrefix("role/") ? .role(String(text.dropFirst(5))) : .fleet
    }
  }

  package var subject: Subject
  package var unit: Budget.Unit
  package var use: Spending.Use
  package var day: BudgetDay
  /// Up to when it is counted.
  package var countedTo: Instant

  package init(subject: Subject, unit: Budget.Unit, use: Spending.Use, day: BudgetDay, countedTo: Instant) {
    (self.subject, self.unit, self.use, self.day, self.countedTo) = (subject, unit, use, day, countedTo)
  }

  /// What has been used today: nothing if what is counted is of another day.
  package static func all(of subject: Subject, _ spending: Spending, at now: Instant) -> [BudgetUse] {
    guard spending.day.contains(now) else { return [] }
    let end = Instant(milliseconds: (spending.minute + 1) * 60_000)
    return Budget.Unit.allCases.filter { spending[$0].used > 0 }.map {
      BudgetUse(subject: subject, unit: $0, use: spending[$0], day: spending.day, countedTo: end)
    }
  }

  package func projected(at now: Instant) -> Double { use.projected(at: now, in: day) }
}

/// What budgets touch an agent, as far as it could be read.
package enum BudgetReading: Equatable, Sendable {
  /// Of the agent, its role and the fleet.
  case told([BudgetUse])
  /// Why it could not be read.
  case refused(String)
}
