import Exposition
import FleetModel

/// The metrics of the fleet and its agents, which only the leader knows.
enum FleetFamilies {
  static let agents = MetricFamily("vigia_agents", .gauge, labels: ["state"], "Agents in each state")
  static let silent = MetricFamily("vigia_agents_silent", .gauge, "Agents that have stopped to report")
  static let troubled = MetricFamily(
    "vigia_agents_troubled", .gauge, labels: ["severity"], "Agents by their worst open alert that is not quiet")
  static let alerts = MetricFamily("vigia_alerts", .gauge, labels: ["kind"], "Open alerts of each kind")
  static let inHand = MetricFamily(
    "vigia_alerts_in_hand", .gauge, labels: ["how"], "Open alerts that somebody has acknowledged or silenced")
  static let leftOut = MetricFamily(
    "vigia_agents_left_out", .gauge, "Agents without series of their own, since there are more than configured")

  // One series an agent.
  static let info = MetricFamily(
    "vigia_agent", .info, labels: ["agent", "role", "tier", "model"], "What an agent says of itself")
  static let state = MetricFamily(
    "vigia_agent_state", .gauge, labels: ["agent", "state"], "1 for the agent's present state")
  static let lastEvent = MetricFamily(
    "vigia_agent_last_event_timestamp_seconds", .gauge, unit: .seconds, labels: ["agent"],
    "When the agent was heard last, in seconds since the epoch")
  static let severity = MetricFamily(
    "vigia_agent_alert_severity", .gauge, labels: ["agent"],
    "The agent's worst open alert that is not quiet: 0 none, 1 low, 2 medium, 3 high, 4 critical")
  static let health = MetricFamily(
    "vigia_agent_health_ratio", .gauge, unit: .ratio, labels: ["agent"],
    "How well the handler thinks the agent is, 1 is well")

  static func family(of metric: Metric) -> MetricFamily {
    switch metric {
    case .errorRate: agent("error_ratio", unit: .ratio, "Its error rate")
    case .responseTime: agent("response_time_seconds", unit: .seconds, "Its response time")
    case .lastHourErrors: agent("last_hour_errors", "Its errors of the last hour")
    case .messagesPerMinute: agent("messages_per_second", "Its messages a second")
    case .queueSize: agent("queue_size", "What waits for it")
    case .averageRating: agent("average_rating", "Its average rating, 1 to 5")
    case .negativeFeedback: agent("negative_feedback", "Its negative feedback")
    case .attempts: agent("attempts", "Its attempts, by the last event that told them")
    case .healthScore: agent("reported_health_ratio", unit: .ratio, "Its health by the last event that told it")
    case .confidence: agent("confidence_ratio", unit: .ratio, "Its confidence by the last event that told it")
    case .rating: agent("last_rating", "Its last conversation's rating, 1 to 5")
    }
  }

  private static func agent(_ name: String, unit: MetricFamily.Unit = .none, _ help: String) -> MetricFamily {
    MetricFamily("vigia_agent_\(name)", .gauge, unit: unit, labels: ["agent"], help)
  }

  /// The families of a table's open metrics, in the order of their places. Of two that would have one name the later has
  /// the number in its name by which it is stored.
  static func families(of metrics: MetricTable) -> [MetricFamily] {
    var names: Set<String> = []
    return metrics.places.compactMap { place in
      guard let metric = metrics[place] else { return nil }
      let family = family(of: metric)
      guard !names.insert(family.name).inserted else { return family }
      var other = metric.name
      other += "_\(metrics.number(of: place))"
      let numbered = self.family(of: metric, called: other)
      names.insert(numbered.name)
      return numbered
    }
  }

  /// The family of an open metric: its own name behind `vigia_metric_`, with the unit behind it. A name that ends as only
  /// other kinds may gets `_value`.
  private static func family(of metric: OpenMetric, called other: String? = nil) -> MetricFamily {
    var name = "vigia_metric_\(other ?? metric.name)"
    let unit = unit(of: metric)
    if unit != .none, !name.hasSuffix("_\(unit.rawValue)") { name += "_\(unit.rawValue)" }
    let reserved = ["_total", "_count", "_sum", "_bucket", "_created", "_info"]
    if reserved.contains(where: { name.hasSuffix($0) }) { name += "_value" }
    return MetricFamily(
      name, .gauge, unit: unit, labels: ["agent"], "The metric \(metric.name) as the agent reports it")
  }

  private static func unit(of metric: OpenMetric) -> MetricFamily.Unit {
    switch metric.unit {
    case .count, .currency: .none
    case .fraction: .ratio
    case .ms: .seconds
    }
  }
}
