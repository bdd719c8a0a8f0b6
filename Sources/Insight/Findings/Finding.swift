import FleetModel

/// Something that deserves attention, found in the numbers of one metric.
package struct Finding: Equatable, Sendable {
  package var kind: FindingKind
  package var metric: MetricID
  /// When it began.
  package var since: Instant
  /// How much more it is than the least that is said: 1 and more.
  package var strength: Double
  package var facts: Facts

  package init(_ kind: FindingKind, metric: MetricID, since: Instant, strength: Double, facts: Facts) {
    (self.kind, self.metric, self.since, self.strength, self.facts) = (kind, metric, since, strength, facts)
  }

  /// The numbers that a finding is explained by, in the metric's own unit.
  package struct Facts: Equatable, Sendable {
    /// What was reported.
    package var value: Double
    /// What was usual at such a time.
    package var usual: Double?
    /// Within what the values used to lie.
    package var low: Double?
    package var high: Double?
    /// So many samples, agents or repeats say it.
    package var count: Int?

    package init(value: Double, usual: Double? = nil, low: Double? = nil, high: Double? = nil, count: Int? = nil) {
      (self.value, self.usual, self.low, self.high, self.count) = (value, usual, low, high, count)
    }
  }
}
