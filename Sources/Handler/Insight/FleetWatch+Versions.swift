import FleetModel
import Insight

/// Versions of agents in one role, compared minute by minute.
extension FleetWatch {
  /// Takes an agent's minute, if the settings ask for it; gives that the agent's version is worse than another, if that is
  /// to be said. What was compared is not stored: a handler that takes over begins anew.
  func compareVersions(
    _ minute: AgentWatch.Minute, at position: Int, _ profile: AgentProfile, _ agent: inout WatchedAgent
  ) -> [AgentWatch.Outcome] {
    guard session.options.insight.comparesVersions else {
      versionWatch = nil
      return []
    }
    // For one that there is no room to watch nothing is said.
    guard agent.watch?.isIdle == false else { return [] }
    if versionWatch == nil { versionWatch = VersionWatch(of: collector.metrics) }
    let difference = versionWatch?.take(
      minute, of: position, role: profile.role, version: profile.traits[.version])
    let outcome = difference.flatMap { agent.watch?.note($0, at: minute.begin + .minutes(1)) }
    return [outcome].compactMap(\.self)
  }
}

extension VersionWatch {
  /// - Parameter table: the open metrics that there are.
  fileprivate init(of table: MetricTable) {
    let open = [BuiltInMetric.toolErrorRate, .fallbackRate].map { MetricID(rawValue: table.number(of: $0.place)) }
    self.init([MetricID(.errorRate)] + open, messages: MetricID(.messagesPerMinute))
  }
}
