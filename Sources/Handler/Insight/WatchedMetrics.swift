import FleetModel
import Insight

extension WatchedMetric {
  /// How the metrics of an agent are watched.
  ///
  /// - Parameters:
  ///   - settings: how much each counts in the health.
  ///   - level: from where on a metric is trouble.
  static func all(of settings: InsightSettings, level: (Metric) -> Double?) -> [WatchedMetric] {
    MinuteCollector.metrics.map { metric in
      WatchedMetric(
        MetricID(metric), name: metric.field, bad: metric.bad, weight: settings.weight(of: metric),
        level: level(metric))
    }
  }

  /// How an open metric is watched; nil if the table has none with this number.
  ///
  /// - Parameters:
  ///   - settings: how much it counts in the health.
  ///   - level: from where on it is trouble.
  static func open(
    _ id: MetricID, of table: MetricTable, _ settings: InsightSettings, level: (MetricPlace) -> Double?
  ) -> WatchedMetric? {
    guard let place = table.place(numbered: id.rawValue), let metric = table[place] else { return nil }
    return WatchedMetric(
      id, name: metric.name, bad: metric.bad.side, weight: settings.openWeights[metric.name] ?? 0, level: level(place),
      tellsRunaway: metric.tellsRunaway)
  }
}

extension OpenMetric.BadWay {
  /// Nil if neither way is bad.
  fileprivate var side: BadSide? {
    switch self {
    case .high: .above
    case .low: .below
    case .neither: nil
    }
  }
}

extension Metric {
  /// Which way is bad; nil if neither is.
  var bad: BadSide? {
    switch self {
    case .errorRate, .responseTime, .lastHourErrors, .queueSize, .negativeFeedback, .attempts: .above
    case .averageRating, .healthScore, .rating: .below
    case .messagesPerMinute, .confidence: nil
    }
  }
}

extension AgentWatch.Outcome {
  /// The metric that it is about; nil if it is about all of them.
  var metric: MetricID? {
    switch self {
    case .finding(let finding, _, _): finding.metric
    case .forecast(let announced): announced.forecast.metric
    case .turnedCritical, .health: nil
    }
  }
}
