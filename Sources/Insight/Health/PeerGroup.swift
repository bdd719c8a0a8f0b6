/// What the agents of one role report of one metric at one time.
///
/// One agent apart from the others is an anomaly; a role that moves together is load, and nobody is apart. Middle and
/// spread are the median and the median distance from it, which half of the agents can't turn.
package struct PeerGroup: Sendable {
  package let median: Double
  package let agents: Int
  private let spread: Double

  /// Fewer agents are no group.
  package static let least = 5
  /// Agents are apart from so many spreads on; one spread is as wide as a normal distribution's.
  package static let apart = 6.0
  private static let normalSpread = 1.4826
  private static let floor = 0.05

  /// Nil for fewer than `least` numbers.
  package init?(_ values: some Collection<Double>) {
    let values = values.filter { $0.isFinite && abs($0) <= 1e15 }
    guard values.count >= Self.least else { return nil }
    let median = values.median
    self.median = median
    agents = values.count
    spread = max(
      values.map { abs($0 - median) }.median * Self.normalSpread, Self.floor * abs(median), .leastNormalMagnitude)
  }

  /// How many spreads a value lies above the middle of the role; negative below it.
  package func deviation(of value: Double) -> Double { value.isFinite ? (value - median) / spread : 0 }

  /// Whether an agent with this value stands apart.
  package func isApart(_ value: Double) -> Bool { abs(deviation(of: value)) >= Self.apart }

  /// The finding about an agent that stands apart; nil if it does not.
  package func finding(_ metric: MetricID, _ sample: Sample) -> Finding? {
    guard isApart(sample.value) else { return nil }
    return Finding(
      .apart, metric: metric, since: sample.at, strength: abs(deviation(of: sample.value)) / Self.apart,
      facts: Finding.Facts(value: sample.value, usual: median, count: agents - 1))
  }
}
