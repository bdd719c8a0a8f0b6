import FleetModel
import Insight
import Wire

/// What the handler publishes of an agent, as an entry of the stream of events.
///
/// Its `event_id` names agent, kind and minute, so that the same is never counted twice; `source` is `vigia`, by which
/// health and detectors leave it out.
struct InsightEvent {
  let agent: AgentID
  let outcome: AgentWatch.Outcome
  /// The metric's name, of what concerns one.
  let metric: String
  let insight: AgentInsight
  /// The end of the minute in which it was found.
  let at: Instant

  var payload: [UInt8] { HandlerEvent.encode(type, id: eventID, of: agent, data, at: at) }

  private var type: String {
    switch outcome {
    case .finding(let finding, _, _): finding.kind == .runaway ? "agent.runaway" : "agent.anomaly"
    case .forecast: "agent.predictive_alert"
    case .turnedCritical: "agent.health_critical"
    case .health: "agent.health"
    }
  }

  private var eventID: [UInt8] {
    "\(type)/".utf8 + agent.bytes + "/\(subject)/\(at.milliseconds / 60_000)".utf8
  }

  /// That a version is worse is another thing than what the agent's own metric shows.
  private var subject: String {
    if case .finding(let finding, _, _) = outcome, finding.kind == .version { return "version/\(metric)" }
    return metric
  }

  private var data: JSONValue {
    switch outcome {
    case .finding(let finding, let words, let isCorroborated):
      [
        "metric": .string(metric), "kind": .string(finding.kind.rawValue), "detail": .string(words),
        "value": .number(finding.facts.value), "usual": finding.facts.usual.map { .number($0) },
        "corroborated": .bool(isCorroborated),
      ]
    case .forecast(let announced): data(announced)
    case .turnedCritical(let health):
      [
        "health_score": .number(insight.health ?? health.score),
        "issues_detected": .array(insight.reasons.map { .string($0) }),
        "suggested_actions": .array(Self.advice(health.reasons.map(\.metric)).map { .string($0) }),
      ]
    case .health(let score): ["health_score": .number(score)]
    }
  }

  private func data(_ announced: ForecastWatch.Announcement) -> JSONValue {
    let forecast = announced.forecast
    let prediction: JSONValue = [
      "metric": .string(metric), "value": .number(forecast.value), "threshold": .number(forecast.level),
      "eta_minutes": .integer(forecast.eta.milliseconds / 60_000),
    ]
    return [
      "predictions": .array([prediction]), "confidence": .number(announced.confidence),
      "known": .integer(Int64(announced.known)),
      "recommended_actions": .array(Self.advice([forecast.metric]).map { .string($0) }),
    ]
  }

  /// What usually helps, by the metrics that are bad; each once.
  private static func advice(_ metrics: [MetricID]) -> [String] {
    metrics.compactMap { Metric(rawValue: Int($0.rawValue)) }.map { metric in
      switch metric {
      case .queueSize, .messagesPerMinute, .responseTime: "scale_up"
      case .errorRate, .lastHourErrors, .healthScore, .attempts, .confidence: "restart"
      case .averageRating, .rating, .negativeFeedback: "escalate"
      }
    }.uniqued()
  }
}
