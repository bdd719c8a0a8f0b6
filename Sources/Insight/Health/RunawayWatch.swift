import FleetModel

/// Notices an agent that has lost its way: a metric far above its own normal for several samples in a row, such as tool
/// calls a turn or tokens a minute.
package struct RunawayWatch: Sendable {
  package let metric: MetricID
  package private(set) var normal = Normal()
  private var above: UInt8 = 0
  private var since: Instant?

  /// So many times its normal, and so many spreads above it, for so many samples.
  package static let times = 5.0
  private static let spreads = 8.0
  /// A normal that is smaller than this share of the value is none: the metric was not in use.
  private static let least = 1e-6
  private static let samples: UInt8 = 3

  package init(_ metric: MetricID) {
    self.metric = metric
  }

  /// Judges a sample; speaks once each time that it begins.
  package mutating func judge(_ sample: Sample) -> Finding? {
    guard sample.isPlausible else { return nil }
    let usual = normal.center
    let isFar =
      normal.isKnown && usual > sample.value * Self.least && sample.value >= usual * Self.times
      && normal.deviation(of: sample.value) >= Self.spreads
    guard isFar else {
      normal.learn(sample.value)
      (above, since) = (0, nil)
      return nil
    }
    above = above == .max ? above : above + 1
    since = since ?? sample.at
    guard above == Self.samples, let since else { return nil }
    return Finding(
      .runaway, metric: metric, since: since, strength: sample.value / (usual * Self.times),
      facts: Finding.Facts(value: sample.value, usual: usual, count: Int(above)))
  }
}
