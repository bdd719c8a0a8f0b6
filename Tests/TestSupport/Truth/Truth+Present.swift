import FleetModel

/// What the facts say of the present: how alerts stand, who is silent, and how well all are.
extension Truth {
  /// From which value on a metric is trouble: settings of the fleet, which the contract only names.
  package static let levels: [String: (kind: String, medium: Double, high: Double, critical: Double)] = [
    "error_rate": ("agent.performance_degraded", 0.05, 0.1, 0.25),
    "response_time": ("agent.performance_degraded", 2000, 4000, 8000),
    "queue_size": ("agent.high_traffic", 100, 300, 1000), "avg_rating": ("agent.satisfaction_low", 3, 2.5, 2),
    "health_score": ("agent.health_critical", 0.6, 0.4, 0.2),
    "cost_per_hour": ("agent.metric", 5, 10, 20), "depth": ("agent.metric", 10, 20, 40),
    "grounding": ("agent.metric", 0.6, 0.4, 0.2),
  ]
  /// Levels that are other ones for some agents.
  private static let ownLevels: [String: [String: (medium: Double, high: Double, critical: Double)]] = [
    "Ada": ["depth": (20, 30, 40)]
  ]
  /// Metrics of which no value is greater than 1.
  static let fractions: Set = ["grounding"]

  /// Events that open an alert by themselves, and how bad it is at least.
  static let openers: [String: Severity] = [
    "performance_degraded": .high, "high_traffic": .medium, "satisfaction_low": .medium, "security_alert": .medium,
    "health_critical": .high, "predictive_alert": .low, "anomaly": .medium, "runaway": .high,
  ]

  /// How bad a value is; nil if it is not past its level. With a margin of 0.8 it need only come near.
  package static func severity(
    _ metric: String, _ value: Double, of agent: String, margin: Double = 1
  ) -> Severity? {
    guard let usual = levels[metric] else { return nil }
    let levels = ownLevels[agent]?[metric] ?? (usual.medium, usual.high, usual.critical)
    let isLowBad = levels.critical < levels.medium
    func reaches(_ level: Double) -> Bool { isLowBad ? value * margin <= level : value >= level * margin }
    return reaches(levels.critical) ? .critical : reaches(levels.high) ? .high : reaches(levels.medium) ? .medium : nil
  }

  package func isInHand(_ key: AlertKey) -> Bool {
    alerts[key].map { $0.isAcknowledged || $0.silencedUntil > now } ?? false
  }

  /// When it may be closed at the earliest, and must be at the latest; nil if that is not in sight.
  func end(_ key: AlertKey) -> (earliest: Instant?, latest: Instant?) {
    guard let alert = alerts[key], let agent = agents[key.agent] else { return (.epoch, nil) }
    let isOfValues = !alert.metrics.isEmpty
    // Another metric of its kind that came near its level meanwhile holds it too.
    let ends = agent.metrics.filter { name, metric in
      Self.levels[name]?.kind == key.kind
        && (!isOfValues || alert.metrics.contains(name) || metric.bad ?? .epoch >= alert.since)
    }.values.map { metric -> (earliest: Instant?, latest: Instant?) in
      let bad = max(metric.bad ?? alert.last, isOfValues ? .epoch : alert.last)
      // A value alone, after which nothing comes, is no sign of recovery.
      let mayBe = metric.bad != metric.at && metric.at - bad >= .minutes(4)
      // After the last sign of trouble the first value may come late.
      let good = metric.good.map { max($0, alert.last + .minutes(1)) }
      let mustBe = isOfValues && good.map { metric.at - $0 >= Self.five + Self.slack } ?? false
      return (mayBe ? bad + Self.almostFive : nil, mustBe ? metric.at + Self.slack : nil)
    }
    func last(of all: [Instant?]) -> Instant? { all.contains(nil) ? nil : all.compactMap(\.self).max() }
    return (last(of: ends.map(\.earliest)), last(of: ends.map(\.latest)))
  }

  package func mayBeClosed(_ key: AlertKey) -> Bool {
    guard let certainty = alerts[key]?.certainty, certainty != .gone, certainty != .lost else { return true }
    return end(key).earliest.map { now >= $0 } ?? false
  }

  package enum Stage: Sendable { case breach, recovering, quiet }
  /// What an alert is at now; nil if two answers are right.
  package func stage(_ key: AlertKey) -> Stage? {
    guard let alert = alerts[key], let agent = agents[key.agent], key.kind.hasPrefix("agent.") else { return nil }
    if key.kind == "agent.silent" { return alert.certainty == .other ? .breach : nil }
    let silence = now - (alert.metrics.compactMap { agent.metrics[$0]?.at }.max() ?? alert.last)
    if silence > Self.five + Self.slack, now - deafUntil > Self.five { return .quiet }
    if silence > Self.almostFive { return nil }
    // An event has told of trouble, and no value of the present says otherwise: an old one says nothing of it.
    let present = agent.metrics.filter { Self.levels[$0.key]?.kind == key.kind && now - $0.value.at <= Self.five }
    if present.contains(where: { now - $0.value.at > Self.almostFive }) { return nil }
    let isBreach =
      present.isEmpty || present.contains { Self.severity($0.key, $0.value.value, of: key.agent) != nil }
    return isBreach ? .breach : .recovering
  }

  /// How many are open, at least and at most.
  package func alertCount(of agent: String? = nil) -> ClosedRange<Int> {
    let all = alerts.keys.filter { agent == nil || $0.agent == agent }
    return all.count { !mayBeClosed($0) }...all.count
  }

  /// Whether an agent that reports by itself has stopped; nil at the edge.
  package func isSilent(_ name: String) -> Bool? {
    guard let agent = agents[name], agent.state == "running", agent.isActive else { return false }
    // Who was there before Redis lost all may know better how far apart it reports.
    guard agent.lostAt == nil || agent.gaps.count == 4 else { return nil }
    guard let last = agent.reportedAt, let least = agent.gaps.min(), let most = agent.gaps.max(),
      now - last + Self.slack > max(.seconds(30), least * 3)
    else { return false }
    return now - max(last, deafUntil, heardAgainAt) > max(.seconds(30), most * 3) * 3 ? true : nil
  }

  package enum Health: Sendable { case empty, well, silent, trouble, inHand, notWell }
  /// What the first line may say.
  package var health: Set<Health> {
    guard agents.values.contains(where: { !$0.isForgotten }) else {
      return Set([.empty, .well, .notWell, .silent]).union(alerts.isEmpty ? [] : [.trouble, .inHand])
    }
    let silence = agents.keys.map { isSilent($0) }
    let reporters = agents.values.count { !$0.gaps.isEmpty && $0.state == "running" && $0.isActive }
    if reporters > 0, silence.count(where: { $0 == true }) == reporters, !silence.contains(nil) {
      return agents.values.contains { now - $0.heardAt < .minutes(1) } ? [.silent, .trouble, .notWell] : [.silent]
    }
    var all: Set<Health> = silence.contains { $0 != false } ? [.silent, .notWell] : []
    let loud = alerts.filter { !isInHand($0.key) }
    if loud.keys.contains(where: { !mayBeClosed($0) && stage($0) == .breach }) { return all.union([.trouble]) }
    // One that was opened anew may no longer be in hand.
    let isUnsure = alerts.contains { isInHand($0.key) && $0.value.certainty != .sure }
    if !loud.isEmpty || isUnsure { all.formUnion([.trouble, .notWell]) }
    if alerts.count > loud.count { all.insert(.inHand) }
    // If nothing at all has come for long, nobody knows that all is well.
    let quiet = now - (agents.values.map(\.heardAt).max() ?? now)
    if quiet > Self.almostFive { all.insert(.notWell) }
    let mayBeWell = quiet <= Self.five + Self.slack && !silence.contains(true)
    if mayBeWell, alerts.keys.allSatisfy({ mayBeClosed($0) }) { all.insert(.well) }
    return all
  }
}
