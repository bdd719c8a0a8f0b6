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
        MetricID(rawValue: UInt8(metric.rawValue)), name: metric.field, bad: metric.bad,
        weight: settings.weight(of: metric), level: level(metric))
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
