import FleetModel
import Insight

/// Versions of agents in one role, compared minute by minute. What was compared is not stored: a handler that takes over
/// begins anew.
extension FleetWatch {
  /// An agent's minute, and what the agent was in it.
  struct VersionMinute {
    let minute: AgentWatch.Minute
    let position: Int
    let role: String
    let version: String
    /// It ended so long ago that it is compared, and nothing is said by it.
    let isLate: Bool
  }

  /// Takes an agent's minute, if the settings ask for it.
  func noteVersion(
    _ minute: AgentWatch.Minute, at position: Int, _ profile: AgentProfile, _ agent: WatchedAgent, isLate: Bool
  ) {
    // Of one that there is no room to watch nothing is said.
    guard session.options.insight.comparesVersions, agent.watch?.isIdle == false else { return }
    let changes = agent.watch?.insight.changes ?? []
    // What it runs now it did not run all of that minute.
    guard !changes.contains(where: { $0.kind == Trait.version.rawValue && $0.at > minute.begin }) else { return }
    versionMinutes.append(
      VersionMinute(
        minute: minute, position: position, role: profile.role, version: profile.traits[.version], isLate: isLate))
  }

  /// Compares the minutes of a bite, the oldest first: an agent that comes with many must not close those of others. Says
  /// that the version of one is worse than another, if that is to be said.
  func compareVersions(_ transaction: inout Transaction) {
    guard session.options.insight.comparesVersions else {
      (versionWatch, versionMinutes) = (nil, [])
      return
    }
    guard !versionMinutes.isEmpty else { return }
    let heard = versionMinutes.sorted { $0.minute.begin < $1.minute.begin }
    versionMinutes = []
    var watch = versionWatch ?? VersionWatch(of: collector.metrics)
    versionWatch = nil
    for minute in heard {
      let difference = watch.take(
        minute.minute, of: minute.position, role: minute.role, version: minute.version, tells: !minute.isLate)
      if let difference { say(difference, minute, &transaction) }
    }
    versionWatch = watch
  }

  private func say(_ difference: VersionDifference, _ heard: VersionMinute, _ transaction: inout Transaction) {
    guard var agent = agents[heard.position], let name = agent.watch?.name(of: difference.metric) else { return }
    if asksForRollbacks { rollbacks.note(difference, metric: name, role: heard.role, at: session.now) }
    let end = heard.minute.begin + .minutes(1)
    guard let outcome = agent.watch?.note(difference, at: end) else { return }
    publish([outcome], of: agent, at: end, &transaction)
    if let insight = agent.watch?.insight { write(insight, of: agent.id, &transaction) }
    agents[heard.position] = agent
  }
}

extension VersionWatch {
  /// - Parameter table: the open metrics that there are.
  fileprivate init(of table: MetricTable) {
    let open = [BuiltInMetric.toolErrorRate, .fallbackRate].map { MetricID(rawValue: table.number(of: $0.place)) }
    self.init([MetricID(.errorRate)] + open, messages: MetricID(.messagesPerMinute))
  }
}
