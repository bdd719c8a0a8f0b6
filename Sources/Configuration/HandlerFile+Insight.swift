import FleetModel

/// How far the handler looks ahead, in its file:
///
/// ```toml
/// [insight]
/// on = true                    # false: no history, no health, nothing is foretold
/// redis = "256MB"              # what history may take in Redis
/// memory = "64MB"              # what detectors may take in the handler
///
/// [insight.weights]            # how much of an agent's health each metric alone can take, 0 to 1
/// error_rate = 0.7
/// ```
extension HandlerFile {
  static func read(insight section: FileSection) throws(ConfigurationError) -> HandlerSettings.Insight {
    try section.allow(["on", "redis", "memory", "weights"], in: "insight")
    var insight = HandlerSettings.Insight()
    insight.isOn = try section.flag("on")
    insight.redisBytes = try section.byteCount("redis")
    insight.processBytes = try section.byteCount("memory")
    guard let weights = try section.section("weights") else { return insight }
    let metrics: [Metric] = [.errorRate, .responseTime, .queueSize, .averageRating]
    try weights.allow(metrics.map(\.field), in: "insight.weights")
    for metric in metrics { insight.weights[metric] = try weights.number(metric.field, in: 0...1) }
    return insight
  }
}
