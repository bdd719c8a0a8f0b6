import FleetModel
import Insight
import Redis
import Wire

/// Nothing is said of an agent that did not run, for so long after it runs again.
private let settles = TimeSpan.minutes(5)
/// What ended longer ago is learnt, and nothing is said of it.
private let late = TimeSpan.minutes(3)

/// What is learnt of one agent.
extension FleetWatch {
  func learn(_ position: Int, _ found: HistoryReading.Found, _ transaction: inout Transaction) {
    guard var agent = agents[position], let profile = fleet.profile(at: position), profile.id == agent.id else {
      agents[position] = nil
      return
    }
    var hours = found.hours
    let minutes = agent.takePending()
    if agent.watch == nil {
      let watch = watch(position, found)
      (agent.watch, agent.watchBytes) = (watch.value, watch.bytes)
      learntBytes += watch.bytes
    }
    for minute in minutes { follow(minute, of: &agent, at: position) }
    let before = agent.watch?.insight
    agent.role = profile.role
    for change in agent.takeChanges() { agent.watch?.note(change) }
    for minute in minutes {
      // It stands in history already: another handler has learnt it, and said what was to be said.
      if found.isNew, minute.begin < found.end { continue }
      let outcomes = outcomes(of: minute, at: position, profile, &agent)
      publish(outcomes, of: agent, at: minute.begin + .minutes(1), &transaction)
    }
    spend(minutes, of: agent.id, role: profile.role, &transaction)
    for minute in minutes { store(minute, &agent, &hours) }
    write(hours, of: agent.id, &transaction)
    if let insight = agent.watch?.insight, insight != before { write(insight, of: agent.id, &transaction) }
    if let last = minutes.last, let watch = agent.watch { outlook(agent.id, last.begin, watch) }
    agents[position] = agent
  }

  /// A new watch that has learnt what history says, as far as there is room for it, and what it takes.
  private func watch(_ position: Int, _ found: HistoryReading.Found) -> (value: AgentWatch, bytes: Int) {
    let open = found.hours.minutes.flatMap { $0.rollups.lazy.map(\.metric) }.uniqued()
      .compactMap { openMetric($0, at: position) }
    let metrics = WatchedMetric.all(of: session.options.insight) { fleet.level(of: $0, at: position) } + open
    let choice = LeftOut.choose(metrics, learntBytes: learntBytes, bound: session.options.insight.processBytes)
    if choice.leftOut != .nothing {
      leftOut = choice.leftOut
      say()
    }
    let watched = choice.leftOut == .detectors ? [] : metrics
    var watch = AgentWatch(watched, stored: found.insight, forecasts: choice.leftOut == .nothing)
    for minute in found.hours.minutes { watch.recall(minute) }
    return (watch, choice.bytes)
  }

  /// Watches the open metrics that an agent reports for the first time, as far as there is room for them.
  private func follow(_ minute: AgentWatch.Minute, of agent: inout WatchedAgent, at position: Int) {
    guard agent.watch?.isIdle == false else { return }
    for (id, _) in minute.rollups where agent.watch?.watches(id) == false {
      guard let metric = openMetric(id, at: position) else { continue }
      let bound = session.options.insight.processBytes
      let choice = LeftOut.choose(more: metric, learntBytes: learntBytes, bound: bound)
      guard choice.leftOut != .detectors else { continue }
      agent.watch?.follow(metric, forecasts: choice.leftOut == .nothing)
      agent.watchBytes += choice.bytes
      learntBytes += choice.bytes
    }
  }

  private func openMetric(_ id: MetricID, at position: Int) -> WatchedMetric? {
    WatchedMetric.open(id, of: collector.metrics, session.options.insight) { fleet.level(of: $0, at: position) }
  }

  private func outcomes(
    of minute: AgentWatch.Minute, at position: Int, _ profile: AgentProfile, _ agent: inout WatchedAgent
  ) -> [AgentWatch.Outcome] {
    let end = minute.begin + .minutes(1)
    guard profile.state == .running else {
      // What it does now is not its own way.
      agent.mutedUntil = end + settles
      return []
    }
    let isLate = fleet.present - end > late
    if end >= agent.mutedUntil { noteVersion(minute, at: position, profile, agent, isLate: isLate) }
    guard end >= agent.mutedUntil, !isLate else {
      agent.watch?.recall(minute)
      if end < agent.mutedUntil { agent.watch?.dropHeld() }
      return []
    }
    return agent.watch?.learn(minute, peers: peers[agent.role], record: &record) ?? []
  }
}
