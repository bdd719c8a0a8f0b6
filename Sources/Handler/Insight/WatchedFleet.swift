import FleetModel

/// Who knows the agents that are watched, by their positions in the fleet.
protocol WatchedFleet: AnyObject, VersionedFleet {
  /// Up to when all that was said is known.
  var present: Instant { get }
  /// One more than the greatest position.
  var positions: Int { get }
  /// Who stands at a position; nil if nobody does.
  func id(at position: Int) -> AgentID?
  /// What an agent says of itself, and what it was told.
  func profile(at position: Int) -> AgentProfile?
  /// From where on a metric of an agent is trouble; nil if there is no such level.
  func level(of metric: Metric, at position: Int) -> Double?
  /// The same of an open metric.
  func level(of place: MetricPlace, at position: Int) -> Double?
}
