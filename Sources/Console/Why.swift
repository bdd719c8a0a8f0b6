import FleetModel
import Screen

/// Why an agent is in trouble, in the words one would use: what is past its limit now, worst first.
package enum Why {
  /// All of an agent's alerts: `errors 38%, slow 5.2s, attack: brute force`.
  package static func text(ofAgentAt position: Int, in fleet: Fleet) -> String {
    if let words = pauseText(ofAgentAt: position, in: fleet) { return words }
    let alerts = fleet.alerts(ofAgentAt: position).prefix(3).map { text($0, in: fleet) }
    guard alerts.isEmpty, fleet.isSilent(position), let since = fleet.silentSince(position) else {
      let isGone = !alerts.isEmpty && fleet.agents[position]?.deletedAt != nil
      return ((isGone ? ["agent deleted"] : []) + alerts).joined(separator: ", ")
    }
    return "silent for \(Format.age(fleet.now - since))"
  }

  /// That a paused agent does not obey, or who has paused it and how it was last: it is not cured by that.
  private static func pauseText(ofAgentAt position: Int, in fleet: Fleet) -> String? {
    guard fleet.agents.state(at: position) == .paused, let record = fleet.agents.profiles[position]?.record else {
      return nil
    }
    let alerts = fleet.alerts(ofAgentAt: position).filter { $0.id.kind != .commandUnconfirmed }.prefix(3)
    let last = alerts.map { lastText($0, in: fleet) ?? presentText($0, in: fleet) }
    let who = (record.pausedBy ?? record.updatedBy).map { " by \(Scrubber.display($0))" } ?? ""
    let until = record.pausedUntil.map { " until \(Format.clock($0).prefix(5))Z" } ?? ""
    let first = unconfirmedText(ofAgentAt: position, in: fleet) ?? "paused\(who)\(until)"
    return ([first] + last).joined(separator: ", ")
  }

  /// `pause not confirmed for 45s, still 43/min`; nil if nothing speaks against that the agent is paused.
  static func unconfirmedText(ofAgentAt position: Int, in fleet: Fleet) -> String? {
    guard let pause = fleet.unconfirmedPause(ofAgentAt: position) else { return nil }
    let traffic = pause.traffic.map { ", still \(Format.count($0))/min" } ?? ""
    return "pause not confirmed for \(Format.remaining(fleet.now - pause.toldAt))\(traffic)"
  }

  /// One alert.
  package static func text(_ alert: Alert, in fleet: Fleet) -> String {
    guard let quietSince = alert.record.quietSince else { return presentText(alert, in: fleet) }
    let heard = quietSince - AlertBook.quietAfter
    return "\(lastText(alert, in: fleet) ?? presentText(alert, in: fleet)), quiet for \(Format.age(fleet.now - heard))"
  }

  /// The alert's last value, however old: `last errors 38%`; nil if it has none.
  private static func lastText(_ alert: Alert, in fleet: Fleet) -> String? {
    if let reading = openReading(of: alert, in: fleet) { return "last \(words(reading))" }
    guard let metric = alert.metric, let value = fleet.agents[alert.position]?.value(metric) else { return nil }
    return "last \(word(metric)) \(Format.value(value, of: metric))"
  }

  /// What the agent has reported of the alert's open metric.
  private static func openReading(of alert: Alert, in fleet: Fleet) -> OpenReading? {
    let place = alert.record.openMetric.flatMap { fleet.metrics.place(named: $0) }
    return place.flatMap { fleet.openReading($0, ofAgentAt: alert.position) }.flatMap { $0.value == nil ? nil : $0 }
  }

  /// `cost per hour 12.50`.
  private static func words(_ reading: OpenReading) -> String {
    let value = reading.value.map { Format.value($0, of: reading.metric) } ?? "-"
    return "\(reading.metric.name.swapping("_", for: " ")) \(value)"
  }

  private static func presentText(_ alert: Alert, in fleet: Fleet) -> String {
    let summary = Scrubber.display(alert.record.summary)
    func with(_ words: String) -> String { summary.isEmpty ? words : "\(words): \(summary)" }
    switch alert.id.kind {
    case .performanceDegraded: return measured(alert, in: fleet) ?? recovering(alert, in: fleet) ?? "degraded"
    case .highTraffic: return measured(alert, in: fleet) ?? "traffic spike"
    case .satisfactionLow: return with(measured(alert, in: fleet) ?? "unhappy users")
    case .healthCritical: return measured(alert, in: fleet) ?? with("health critical")
    case .securityAlert: return with("attack")
    case .predictiveAlert: return with("forecast")
    case .escalation:
      if summary.isEmpty { return "escalated" }
      return summary.hasPrefix("to ") ? "escalated \(summary)" : "needs a person: \(summary)"
    case .silent: return silentText(alert, in: fleet)
    case .anomaly: return with("unusual")
    case .runaway: return with("runaway")
    case .metric: return measured(alert, in: fleet) ?? recovering(alert, in: fleet) ?? word(.metric)
    case .budget: return with("budget")
    case .commandUnconfirmed: return summary.isEmpty ? "a command is not confirmed" : summary
    }
  }

  /// `silent for 5m`; of one that reports again while the handler has not said so yet, `reports again`.
  private static func silentText(_ alert: Alert, in fleet: Fleet) -> String {
    if fleet.isReporting(alert.position) { return "was silent, reports again" }
    let since = fleet.silentSince(alert.position) ?? alert.record.since
    return "silent for \(Format.age(fleet.now - since))"
  }

  /// That a value has come since which is not past its limit; nil if none has.
  private static func recovering(_ alert: Alert, in fleet: Fleet) -> String? {
    if let reading = openReading(of: alert, in: fleet) {
      guard reading.value(within: Fleet.freshness, of: fleet.now) != nil else { return "last \(words(reading))" }
      // A console that does not know the handler's levels cannot tell.
      let knowsLevels = fleet.limits(ofAgentAt: alert.position)[reading.place] != nil
      return knowsLevels ? "\(words(reading)), now recovering" : words(reading)
    }
    guard let metric = alert.metric, let value = fleet.agents[alert.position]?.value(metric) else { return nil }
    let isFresh = fleet.agents.value(metric, at: alert.position, within: Fleet.freshness, of: fleet.now) != nil
    return isFresh ? "degraded, now recovering" : "last \(word(metric)) \(Format.value(value, of: metric))"
  }

  /// Who has an alert in hand and until when: `ack alice`, `silenced by bob until 16:14Z`; nil if nobody has.
  package static func hand(_ alert: Alert, at now: Instant) -> String? {
    let record = alert.record
    func words(_ verb: String, _ who: String, _ end: Instant?) -> String {
      let rest = end.map { " until \(Format.until($0, from: now))" } ?? ""
      return verb + who + rest
    }
    let ack = record.acknowledgedBy.map { words("ack ", Format.person($0), record.acknowledgedUntil) }
    guard let end = record.silencedUntil, end > now else { return ack }
    let silence = words("silenced", record.silencedBy.map { " by \(Format.person($0))" } ?? "", end)
    return [ack, silence].compactMap(\.self).joined(separator: ", ")
  }

  /// The metrics of the alert that are past their limit at present.
  private static func measured(_ alert: Alert, in fleet: Fleet) -> String? {
    guard let agent = fleet.agents[alert.position] else { return nil }
    let limits = fleet.limits(ofAgentAt: alert.position)
    let open = alert.id.kind == .metric ? fleet.openReadings(ofAgentAt: alert.position) : []
    let openBad = open.compactMap { reading -> (words: String, severity: Severity)? in
      guard let value = reading.value(within: Fleet.freshness, of: fleet.now),
        let severity = limits[reading.place]?.severity(of: value)
      else { return nil }
      return (words(reading), severity)
    }
    let bad =
      Metric.allCases.compactMap { metric -> (words: String, severity: Severity)? in
        guard metric.alert == alert.id.kind, let value = agent.value(metric, within: Fleet.freshness, of: fleet.now),
          let severity = limits[metric]?.severity(of: value)
        else { return nil }
        return ("\(word(metric)) \(Format.value(value, of: metric))", severity)
      } + openBad
    // Of two that are equally bad the table's order decides, so that the words do not jump about.
    let worst = bad.enumerated().sorted { ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset) }
    return bad.isEmpty ? nil : worst.map(\.element.words).joined(separator: ", ")
  }

  /// An alert of which no value says more.
  static func word(_ kind: AlertKind) -> String {
    switch kind {
    case .performanceDegraded: "degraded"
    case .highTraffic: "traffic spike"
    case .satisfactionLow: "unhappy users"
    case .healthCritical: "health critical"
    case .securityAlert: "attack"
    case .predictiveAlert: "forecast"
    case .escalation: "escalated"
    case .commandUnconfirmed: "a command is not confirmed"
    case .silent: "silent"
    case .anomaly: "unusual"
    case .runaway: "runaway"
    case .metric: "past a level"
    case .budget: "budget"
    }
  }

  static func word(_ metric: Metric) -> String {
    switch metric {
    case .errorRate: "errors"
    case .responseTime: "slow"
    case .queueSize: "queue"
    case .averageRating, .rating: "rating"
    case .healthScore: "health"
    case .messagesPerMinute: "traffic"
    case .lastHourErrors: "errors in the last hour"
    case .negativeFeedback: "complaints"
    case .attempts: "attempts"
    case .confidence: "confidence"
    }
  }
}
