import FleetModel
import Screen

/// What is used of budgets, in words.
package enum BudgetWords {
  /// `this agent: 1.63 M of 2 M tokens (81%), 60 k an hour, 2.4 M by midnight`.
  static func text(_ use: BudgetUse, currency: String, at now: Instant) -> String {
    let name = unit(use.unit, currency)
    let amount =
      use.use.most.map { "\(use.use.used.short) of \($0.short) \(name) (\(percent(use.use.share ?? 0)))" }
      ?? "\(use.use.used.short) \(name) today"
    let rate = "\(use.use.rate.short) an hour, \(use.projected(at: now).short) by \(midnight(use.day))"
    let isOld = now - use.countedTo > old
    return "\(who(use.subject)): \(amount), \(rate)"
      + (isOld ? "; counted up to \(Format.clock(use.countedTo).prefix(5))Z" : "")
  }

  /// Minutes come soon after their end.
  private static let old = TimeSpan.minutes(5)

  private static func who(_ subject: BudgetUse.Subject) -> String {
    switch subject {
    case .agent: "this agent"
    case .role(let name): "role \(Scrubber.display(name))"
    case .fleet: "all agents"
    }
  }

  private static func unit(_ unit: Budget.Unit, _ currency: String) -> String {
    unit == .cost && !currency.isEmpty ? Scrubber.display(currency) : unit.rawValue
  }

  /// A share, no more than is used: `99%` up to the last.
  package static func percent(_ share: Double) -> String { "\(Int((min(max(share, 0), 1e6) * 100).rounded(.down)))%" }

  /// When a day ends: `midnight`, or `midnight, 23:00Z` in another zone.
  package static func midnight(_ day: BudgetDay) -> String {
    day.until % 1440 == 0 ? "midnight" : "midnight, \(Format.clock(day.end).prefix(5))Z"
  }

  static func role(_ use: BudgetUse, at now: Instant) -> Role {
    guard let most = use.use.most, let share = use.use.share else { return .text }
    return share >= 1 ? .bad : share >= Budget.levels[0] || use.projected(at: now) >= most ? .warning : .text
  }
}

extension Model {
  /// The agent whose budgets are on the screen; nil while the display stands still.
  package var budgetsAgent: AgentID? {
    guard !isFrozen else { return nil }
    switch explained {
    case .agent(let id), .forecast(let id, _), .maintenance(let id): return id
    case .incident, .command, .cause, .queue, .conversation: return nil
    case nil: return opened
    }
  }

  /// What is used of each budget that touches the agent; no line if nobody counts.
  func budgetLines(of id: AgentID, _ columns: Int) -> [DetailPane.Line] {
    guard let budgets, budgets.agent == id else { return [] }
    switch budgets.reading {
    case .refused(let why):
      return [.heading("Budgets")]
        + DetailPane.Line.wrapped("could not be read: \(why)", indent: 2, columns: columns, .dim) + [.blank]
    case .told(let uses):
      guard !uses.isEmpty else { return [] }
      let lines = uses.flatMap { use in
        DetailPane.Line.wrapped(
          BudgetWords.text(use, currency: displayed.metrics.currency, at: displayedNow), indent: 2, columns: columns,
          BudgetWords.role(use, at: displayedNow))
      }
      return [.heading("Budgets")] + lines + [.blank]
    }
  }
}
