/// One metric of an agent, as its health is judged by it.
package struct HealthInput: Sendable {
  package var metric: MetricID
  package var value: Double
  package var bad: BadSide
  /// How much of an agent's health this metric alone can take, 0…1.
  package var weight: Double
  /// From where on the value is bad in any case; nil if there is no such level.
  package var level: Double?
  package var normal: Normal
  /// What its role reports; nil if it has no peers.
  package var peers: PeerGroup?
  /// The median deviation of its peers from their own normals: what is load and not this agent.
  package var shared: Double

  package init(
    _ metric: MetricID, value: Double, bad: BadSide, weight: Double, level: Double? = nil, normal: Normal,
    peers: PeerGroup? = nil, shared: Double = 0
  ) {
    (self.metric, self.value, self.bad, self.weight, self.level) = (metric, value, bad, weight, level)
    (self.normal, self.peers, self.shared) = (normal, peers, shared)
  }
}
