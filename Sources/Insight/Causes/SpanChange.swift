import FleetModel

/// How much one metric of one agent differs between a span and the span before it.
package struct SpanChange: Equatable, Sendable {
  package let agent: AgentID
  package let metric: MetricID
  /// The median before, and in the span.
  package let before: Double
  package let during: Double
  /// The difference in units of what the metric usually varies by; negative if it fell.
  package let effect: Double

  /// What is compared: the values a minute of both spans.
  package struct Series: Sendable {
    package var agent: AgentID
    package var metric: MetricID
    package var before: [Double]
    package var during: [Double]

    package init(agent: AgentID, metric: MetricID, before: [Double], during: [Double]) {
      (self.agent, self.metric, self.before, self.during) = (agent, metric, before, during)
    }
  }

  /// Fewer values of a span say nothing.
  private static let least = 3
  private static let normalSpread = 1.4826
  private static let floor = 0.02

  /// Nil if one of the spans has too few numbers.
  package init?(_ series: Series) {
    let before = series.before.filter { $0.isFinite && abs($0) <= 1e15 }
    let during = series.during.filter { $0.isFinite && abs($0) <= 1e15 }
    guard before.count >= Self.least, during.count >= Self.least else { return nil }
    (agent, metric) = (series.agent, series.metric)
    (self.before, self.during) = (before.median, during.median)
    let distances = before.map { [middle = self.before] in abs($0 - middle) }
    let spread = distances.median * Self.normalSpread
    let least = Self.floor * max(abs(self.before), abs(self.during))
    effect = (self.during - self.before) / max(spread, least, .leastNormalMagnitude)
  }

  /// Whether it is more than three spreads, as a metric seldom does by itself.
  package var isNotable: Bool { abs(effect) >= 3 }

  /// The changes of some series that are greatest, as ``greatest(_:most:)`` gives them.
  package static func ranked(_ series: [Series], most: Int = 20) -> [SpanChange] {
    greatest(series.compactMap { SpanChange($0) }, most: most)
  }

  /// The changes that are greatest, the greatest first; those that are not notable are left out.
  package static func greatest(_ changes: [SpanChange], most: Int = 20) -> [SpanChange] {
    Array(changes.filter(\.isNotable).sorted { $0.isGreater(than: $1) }.prefix(max(0, most)))
  }

  private func isGreater(than other: SpanChange) -> Bool {
    guard abs(effect) == abs(other.effect) else { return abs(effect) > abs(other.effect) }
    guard agent == other.agent else { return agent.precedes(other.agent) }
    return metric < other.metric
  }
}
