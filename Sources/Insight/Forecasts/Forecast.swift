import FleetModel

/// When a metric will cross its level if it goes on as it does.
package struct Forecast: Equatable, Sendable {
  package var metric: MetricID
  package var madeAt: Instant
  /// The metric's height now, without its noise.
  package var value: Double
  package var level: Double
  /// From now until it crosses.
  package var eta: TimeSpan
  /// Change a minute.
  package var slope: Double
  /// Which of the bins of `Calibration` it falls into.
  package var bin: Calibration.Bin

  /// Until when it must have come true to count as a hit.
  package var deadline: Instant { AgentInsight.Coming.deadline(madeAt: madeAt, eta: eta) }

  /// Whether it came true, by a value of the metric: true if that is on the bad side, false if the deadline is over, nil as
  /// long as neither is so.
  package func outcome(of value: Double, at instant: Instant, bad side: BadSide) -> Bool? {
    guard value.isFinite else { return instant > deadline ? false : nil }
    let isBad = side == .above ? value >= level : value <= level
    return isBad ? true : instant > deadline ? false : nil
  }
}
