import FleetModel

/// From which value on a metric is trouble, and which events are: settings of the fleet, which the contract only names.
extension Truth {
  package static let levels: [String: (kind: String, medium: Double, high: Double, critical: Double)] = [
    "error_rate": ("agent.performance_degraded", 0.05, 0.1, 0.25),
    "response_time": ("agent.performance_degraded", 2000, 4000, 8000),
    "queue_size": ("agent.high_traffic", 100, 300, 1000), "avg_rating": ("agent.satisfaction_low", 3, 2.5, 2),
    "health_score": ("agent.health_critical", 0.6, 0.4, 0.2),
  ]

  /// Events that open an alert by themselves, and how bad it is at least.
  static let openers: [String: Severity] = [
    "performance_degraded": .high, "high_traffic": .medium, "satisfaction_low": .medium, "security_alert": .medium,
    "health_critical": .high, "predictive_alert": .low,
  ]

  /// How bad a value is; nil if it is not past its level.
  package static func severity(_ metric: String, _ value: Double) -> Severity? {
    guard let levels = levels[metric] else { return nil }
    func reaches(_ level: Double) -> Bool { levels.critical < levels.medium ? value <= level : value >= level }
    return reaches(levels.critical) ? .critical : reaches(levels.high) ? .high : reaches(levels.medium) ? .medium : nil
  }

  /// Whether a value has not yet come down to 80 % of its level.
  static func isNear(_ metric: String, _ value: Double) -> Bool {
    guard let levels = levels[metric] else { return false }
    return levels.critical < levels.medium ? value <= levels.medium / 0.8 : value >= levels.medium * 0.8
  }
}
