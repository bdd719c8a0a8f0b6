import FleetModel

/// Compares versions of agents in every role, by the fractions that they report and the messages that they had.
///
/// Agents report rates, and no counts: a fraction counts for as many messages as `messages_per_minute` says for that
/// minute. An agent that does not report both in a minute, or has no role or version, is not compared.
package struct VersionWatch: Sendable {
  /// A difference that an agent of the worse version is to be told with.
  private struct Waiting {
    let role: String
    let difference: VersionDifference
  }

  private let metrics: [MetricID]
  private let messages: MetricID
  private var roles: [String: RoleVersions] = [:]
  private var waiting: [Waiting] = []
  /// What rounding has left of failures, by agents, then by the places of the metrics.
  private var rests: [Int: [Double]] = [:]

  /// More are not compared; a role that was not heard for a day makes room.
  package static let mostRoles = 64
  private static let roleStays = TimeSpan.days(1)
  private static let mostWaiting = 64
  private static let mostAgents = 100_000

  /// - Parameters:
  ///   - metrics: fractions from 0 to 1 that are the worse the higher they are.
  ///   - messages: what tells of how many messages a minute they are.
  package init(_ metrics: [MetricID], messages: MetricID) {
    (self.metrics, self.messages) = (metrics, messages)
  }

  /// Takes an agent's minute.
  ///
  /// - Parameters:
  ///   - agent: tells it from the others of its role.
  ///   - tells: whether a difference may be told with it: with a minute of long ago none is.
  /// - Returns: a difference that its version is the worse of, and that nobody was told of yet.
  package mutating func take(
    _ minute: AgentWatch.Minute, of agent: Int, role: String, version: String, tells: Bool = true
  ) -> VersionDifference? {
    guard !role.isEmpty, !version.isEmpty else { return nil }
    if let part = part(minute, agent, version), makeRoom(for: role, at: minute.begin) {
      let found = roles[role]?.add(part, at: minute.begin) ?? []
      waiting += found.map { Waiting(role: role, difference: $0) }
      if waiting.count > Self.mostWaiting { waiting.removeFirst(waiting.count - Self.mostWaiting) }
    }
    guard tells, let index = waiting.firstIndex(where: { $0.role == role && $0.difference.worse.isExactly(version) })
    else {
      return nil
    }
    return waiting.remove(at: index).difference
  }

  private mutating func part(_ minute: AgentWatch.Minute, _ agent: Int, _ version: String) -> RoleVersions.Part? {
    func mean(_ metric: MetricID) -> Double? { minute.rollups.first { $0.metric == metric }?.rollup.mean }
    guard let messages = mean(messages) else { return nil }
    if rests.count >= Self.mostAgents { rests = [:] }
    var left = rests[agent] ?? metrics.map { _ in 0 }
    var counts: [RateCounts?] = []
    for (place, metric) in metrics.enumerated() {
      counts.append(mean(metric).flatMap { RateCounts(rate: $0, of: messages, rest: &left[place]) })
    }
    rests[agent] = left
    guard counts.contains(where: { $0.map { $0.trials > 0 } ?? false }) else { return nil }
    return RoleVersions.Part(agent: agent, version: ExactText(version), counts: counts)
  }

  /// Whether a role is compared.
  private mutating func makeRoom(for role: String, at begin: Instant) -> Bool {
    if roles[role] != nil { return true }
    if roles.count >= Self.mostRoles { roles = roles.filter { begin - $0.value.heardAt < Self.roleStays } }
    guard roles.count < Self.mostRoles else { return false }
    roles[role] = RoleVersions(metrics)
    return true
  }
}
