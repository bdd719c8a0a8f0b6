import FleetModel

/// How far the handler looks ahead.
package struct InsightSettings: Equatable, Sendable {
  /// Whether it keeps history, and judges it.
  package var isOn = true
  /// What history may take in Redis, and what detectors may take in this process, in bytes.
  package var redisBytes = 256 << 20
  package var processBytes = 64 << 20
  /// Whether versions of agents in one role are compared.
  package var comparesVersions = false
  /// What becomes of agents whose version is named worse than another.
  package var rollback = Autonomy.off
  /// Whether the audit tells how alerts begin and end.
  package var learns = false
  /// How much of an agent's health each metric alone can take, 0…1.
  package var weights: [Metric: Double] = [
    .errorRate: 0.7, .responseTime: 0.5, .queueSize: 0.5, .averageRating: 0.5,
  ]

  /// The same of open metrics, by name; those that are not named take nothing.
  package var openWeights: [String: Double] = [:]

  package init() {}

  package func weight(of metric: Metric) -> Double { weights[metric] ?? 0 }
}
