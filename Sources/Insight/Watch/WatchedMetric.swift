/// How one metric of an agent is watched.
package struct WatchedMetric: Equatable, Sendable {
  package var id: MetricID
  /// Its name on the wire.
  package var name: String
  /// Which way is bad. Nil if neither is, as with traffic: then the metric has no part in the health, and no forecast.
  package var bad: BadSide?
  /// How much of an agent's health this metric alone can take, 0…1.
  package var weight: Double
  /// From where on it is trouble; nil if there is no such level, and so no forecast.
  package var level: Double?
  /// Whether far above its normal it means that the agent has lost its way.
  package var tellsRunaway: Bool

  package init(
    _ id: MetricID, name: String, bad: BadSide?, weight: Double = 0, level: Double? = nil, tellsRunaway: Bool = false
  ) {
    (self.id, self.name, self.bad, self.weight) = (id, name, bad, weight)
    (self.level, self.tellsRunaway) = (level, tellsRunaway)
  }
}
