import FleetModel

/// The alert of an agent that has stopped to report while others go on.
extension Truth {
  /// What is noted of an agent's reports for that.
  struct Reporting: Sendable {
    /// Since when its reports have come without a break.
    var steadySince: Instant?
    /// From when on it is expected to report.
    var expectedFrom = Instant.epoch
    /// When somebody closed the alert of its silence.
    var closedAt: Instant?
  }

  /// Between two reports that come without a break.
  private static let steady = TimeSpan.seconds(45)

  mutating func noteReport(_ agent: inout Agent) {
    let last = agents.values.compactMap(\.reportedAt).max()
    if let last, now - last > Self.steady { heardAgainAt = now }
    if agent.reportedAt.map({ now - $0 > Self.steady }) ?? true { agent.reporting.steadySince = now }
    agent.reporting.closedAt = nil
  }

  /// Opens and ends the alert. Where its moment is open, or what it says, both answers are right.
  mutating func judgeSilence(of name: String, _ agent: Agent) {
    let key = AlertKey(kind: "agent.silent", agent: name)
    guard isSilent(name) != false else {
      if alerts[key]?.certainty != .lost { alerts[key] = nil }
      return
    }
    if alerts[key] == nil { alerts[key] = Alert(severity: .high, since: now, last: now, certainty: .gone) }
    if alerts[key]?.certainty == .gone, mustBeTold(name, agent) { alerts[key]?.certainty = .other }
  }

  /// Whether it has been silent for so long, and others have gone on for so long, that nobody can see it otherwise.
  private func mustBeTold(_ name: String, _ agent: Agent) -> Bool {
    guard handlerIsAlive, redisIsUp, isSilent(name) == true, agent.reporting.closedAt == nil,
      let most = agent.gaps.max()
    else { return false }
    return agents.contains { other, its in
      guard other != name, its.state == "running", its.isActive, let last = its.reportedAt,
        let start = its.reporting.steadySince
      else { return false }
      let begin = max(start, deafUntil, agent.reporting.expectedFrom)
      return now - last < Self.steady && now - begin > max(.seconds(30), most * 3) * 3
    }
  }
}
