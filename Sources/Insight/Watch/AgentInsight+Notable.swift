import FleetModel

extension AgentInsight {
  /// Whether it says something else than before, and not only a little less or more of the same.
  func isNotable(beside other: AgentInsight) -> Bool {
    isCritical != other.isCritical || findings != other.findings || changes != other.changes
      || forecasts.map(\.madeAt) != other.forecasts.map(\.madeAt) || (health == nil) != (other.health == nil)
      || abs((health ?? 0) - (other.health ?? 0)) >= 0.05 || (reasons.isEmpty != other.reasons.isEmpty)
      || (health == 1) != (other.health == 1)
  }
}
