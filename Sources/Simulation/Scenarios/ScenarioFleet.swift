import FleetModel

/// A fleet that lives through scenarios: a pure function of seed, settings and time, so that hours can be had in seconds.
///
/// It confirms what it is told to do, but its troubles go on as planned: else the truth would not be true.
package struct ScenarioFleet: Sendable {
  /// What an agent published.
  package struct Published: Sendable {
    package var at: Instant
    package var event: SimulatedEvent
  }

  private let plan: ScenarioPlan
  /// How far apart an agent reports.
  package let interval: TimeSpan

  /// - Parameter interval: how far apart an agent reports.
  package init(_ settings: ScenarioPlan.Settings, interval: TimeSpan = .seconds(30)) {
    plan = ScenarioPlan(settings)
    self.interval = max(.milliseconds(100), interval)
  }

  package var count: Int { plan.cast.count }

  package var agents: [AgentID] { plan.cast.map(\.id) }

  // MARK: The truth

  /// The troubles that begin from one moment on and before another.
  package func troubles(from start: Instant, to end: Instant) -> [PlannedTrouble] {
    guard end > start, let last = plan.slot(at: end) else { return [] }
    // One begins within its own slot.
    return (max(0, plan.slot(at: start) ?? 0)...last).compactMap { plan.trouble($0) }
      .filter { $0.begins >= start && $0.begins < end }
  }

  /// When the metric that says a trouble crosses its level on an agent, were there no noise; nil if it does not.
  package func crossing(of trouble: PlannedTrouble, _ agent: AgentID, level: Double) -> Instant? {
    guard let metric = trouble.metric, let agent = plan.cast.first(where: { $0.id == agent }) else { return nil }
    var instant = trouble.begins
    while instant < trouble.ends {
      let value = agent.values(at: instant, pressure(on: agent, [trouble], at: instant), isNoisy: false).value(metric)
      if let value, value >= level { return instant }
      instant = instant + .seconds(5)
    }
    return nil
  }

  // MARK: Events

  /// What agents publish from one moment on and before another, in order.
  package func events(from start: Instant, to end: Instant) -> [Published] {
    guard end > start else { return [] }
    let troubles = [plan.slot(at: start), plan.slot(at: end)].compactMap(\.self).uniqued()
      .flatMap { max(0, $0 - 1)...$0 }.uniqued().compactMap { plan.trouble($0) }
    var events: [Published] = []
    for agent in plan.cast { append(agent, troubles, from: start, to: end, &events) }
    // Events of one moment stay in the order of their agents.
    return events.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
  }

  private func append(
    _ agent: ScenarioAgent, _ troubles: [PlannedTrouble], from start: Instant, to end: Instant,
    _ events: inout [Published]
  ) {
    let first = plan.settings.start
    if start <= first, first < end {
      events.append(Published(at: first, event: agent.described(.created, version: ScenarioPlan.usualVersion)))
    }
    for trouble in troubles where trouble.scenario == .badDeploy && trouble.agents.contains(agent.id) {
      for instant in [trouble.begins, trouble.ends] where start <= instant && instant < end {
        let version = version(of: agent, troubles, at: instant)
        events.append(Published(at: instant, event: agent.described(.updated, version: version)))
      }
    }
    // Its own beat: no two agents report at the same moment.
    let step = interval.milliseconds
    let phase = (first.milliseconds + Int64(agent.number) * step / Int64(max(1, plan.cast.count))) % step
    var time = start.milliseconds + (phase - start.milliseconds % step + step) % step
    while time < end.milliseconds {
      let instant = Instant(milliseconds: time)
      time += step
      guard !troubles.contains(where: { $0.agents.contains(agent.id) && $0.silences(instant) }) else { continue }
      let values = agent.values(at: instant, pressure(on: agent, troubles, at: instant))
      events.append(
        Published(at: instant, event: agent.metrics(values, version: version(of: agent, troubles, at: instant))))
    }
  }

  private func version(of agent: ScenarioAgent, _ troubles: [PlannedTrouble], at instant: Instant) -> String {
    let deploy = troubles.first {
      $0.scenario == .badDeploy && $0.begins <= instant && instant < $0.ends && $0.agents.contains(agent.id)
    }
    return deploy.map { ScenarioPlan.version($0.number) } ?? ScenarioPlan.usualVersion
  }

  private func pressure(
    on agent: ScenarioAgent, _ troubles: [PlannedTrouble], at instant: Instant
  ) -> ScenarioAgent.Pressure {
    var pressure = ScenarioAgent.Pressure()
    if plan.settings.scenarios.contains(.seasonalLoad) { pressure.season = 0.6 }
    for trouble in troubles {
      if trouble.scenario == .correlatedRoles, isLoaded(agent, trouble) {
        pressure.load *= 1 + trouble.level(0, at: instant)
      }
      guard let place = trouble.agents.firstIndex(of: agent.id) else { continue }
      let level = trouble.level(place, at: instant)
      switch trouble.scenario {
      case .slowLeak: pressure.leaking = max(pressure.leaking, level)
      case .cascade, .providerOutage:
        pressure.failing = max(pressure.failing, level)
        pressure.slow = max(pressure.slow, level)
      case .badDeploy: pressure.failing = max(pressure.failing, level)
      case .correlatedRoles: pressure.slow = max(pressure.slow, level)
      case .runaway: pressure.looping = max(pressure.looping, level)
      case .seasonalLoad, .silentAgents: break
      }
    }
    return pressure
  }

  /// Whether an agent is of the role that has twice as much to do: the one after that of the agent that is ill.
  private func isLoaded(_ agent: ScenarioAgent, _ trouble: PlannedTrouble) -> Bool {
    let roles = plan.cast.map(\.profile.role).uniqued()
    guard let ill = plan.cast.first(where: { $0.id == trouble.agents.first }),
      let place = roles.firstIndex(of: ill.profile.role), roles.count > 1
    else { return false }
    return agent.profile.role == roles[(place + 1) % roles.count]
  }
}
