import Console
import FleetModel
import Loop

/// What the program reads because it is on the screen.
extension ConsoleProgram {
  /// Budgets that are on the screen are read again so often.
  private static let budgetsMilliseconds = 5000.0
  /// So is what is tried with parameters.
  private static let tuningMilliseconds = 2000.0

  /// Compares a span with the one before it.
  func compare(_ empty: SpanComparison, _ agents: [AgentID]) {
    guard let feed else { return }
    SpanSearch.run(empty, agents, on: feed) { [unowned self] in
      model.comparedSpan.map { $0 == (empty.start, empty.end) } ?? false
    } _: { [unowned self] in
      update(.compared(from: empty.start, to: empty.end, $0))
    }
  }

  /// Reads the budgets that touch the agent on the screen, if they are not known or no longer new.
  func readBudgets() {
    guard let feed, let agent = model.budgetsAgent else { return }
    let isNew = budgetsAsked.map { asked in
      asked.agent == agent && MonotonicTime.now.milliseconds(since: asked.at) < Self.budgetsMilliseconds
    }
    guard isNew != true else { return }
    budgetsAsked = (agent, .now)
    let role = model.fleet.position(of: agent).flatMap { model.fleet.agents[$0]?.role } ?? ""
    BudgetSearch.run(agent, role: role, on: feed) { [unowned self] in update(.budgets(agent, $0)) }
  }

  /// Reads what is tried with the parameters of the open agent's role, if it lets any be set.
  func readTuning() {
    guard let feed, let agent = model.tunedAgent else { return }
    let isNew = tuningAsked.map { asked in
      asked.agent == agent && MonotonicTime.now.milliseconds(since: asked.at) < Self.tuningMilliseconds
    }
    let role = model.fleet.position(of: agent).flatMap { model.fleet.agents[$0]?.role } ?? ""
    guard isNew != true, !role.isEmpty else { return }
    tuningAsked = (agent, .now)
    TuningSearch.run(agent, role: role, on: feed) { [unowned self] in update(.tuning(agent, $0)) }
  }

  /// Reads what an agent said last, and what was stored of it, from its shard.
  func readEvents(of agent: AgentID) {
    guard let feed = feed?.feed(of: agent) else { return }
    EventSearch(agent: agent, stream: feed.keys.events).run(on: feed) { [unowned self] in
      update(.latestEvents(agent, $0))
    }
    HistorySearch.run(agent, span: HistoryChart.span, on: feed, keys: feed.keys) { [unowned self] in
      update(.history(agent, $0))
    }
    readBudgets()
    readTuning()
  }

  /// Finds where the event of an incident stands.
  func trace(_ incident: Incident) {
    guard let feed = feed?.feed(of: incident.agent) else { return }
    EventTracer(incident, stream: feed.keys.events).run(on: feed) { [unowned self] in
      update(.traced(incident, $0))
    }
  }
}
