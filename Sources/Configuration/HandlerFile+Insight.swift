import FleetModel

/// How far the handler looks ahead, in its file:
///
/// ```toml
/// [insight]
/// on = true                    # false: no history, no health, nothing is foretold
/// redis = "256MB"              # what history may take in Redis
/// memory = "64MB"              # what detectors may take in the handler
/// versions = false             # true: versions of agents in one role are compared
/// rollback = "off"             # agents whose version is worse go back: "propose" asks a person, "auto" does it
/// learn = false                # true: the audit tells how alerts begin and end, for vigia runbook suggest
///
/// [insight.weights]            # how much of an agent's health each metric alone can take, 0 to 1
/// error_rate = 0.7
/// tool_error_rate = 0.4        # also metrics of [metrics], built in or declared, if a way of theirs is bad
/// ```
extension HandlerFile {
  /// - Parameter table: the open metrics that there are.
  static func read(
    insight section: FileSection, of table: MetricTable
  ) throws(ConfigurationError) -> HandlerSettings.Insight {
    try section.allow(["on", "redis", "memory", "versions", "rollback", "learn", "weights"], in: "insight")
    var insight = HandlerSettings.Insight()
    insight.isOn = try section.flag("on")
    insight.redisBytes = try section.byteCount("redis")
    insight.processBytes = try section.byteCount("memory")
    insight.comparesVersions = try section.flag("versions")
    insight.rollback = try section.choice("rollback")
    if let mode = insight.rollback, mode != .off, insight.comparesVersions != true {
      throw section.fault("rollback", "is \"\(mode.rawValue)\" while no versions are compared; set versions = true")
    }
    insight.learns = try section.flag("learn")
    guard let weights = try section.section("weights") else { return insight }
    let metrics: [Metric] = [.errorRate, .responseTime, .queueSize, .averageRating]
    if let neutral = table.metrics.first(where: { $0.bad == .neither && weights.holds($0.name) }) {
      throw weights.fault(
        neutral.name, "counts in no health, for neither way of it is bad; say which one under [metrics.\(neutral.name)]"
      )
    }
    let open = table.metrics.filter { $0.bad != .neither }.map(\.name)
    try weights.allow(metrics.map(\.field) + open, in: "insight.weights")
    for metric in metrics { insight.weights[metric] = try weights.number(metric.field, in: 0...1) }
    for name in open { insight.openWeights[name] = try weights.number(name, in: 0...1) }
    return insight
  }
}
