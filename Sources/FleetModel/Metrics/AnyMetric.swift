/// A metric of either sort: one that vigia knows by itself, or one of the fleet's table.
package enum AnyMetric: Hashable, Sendable {
  case known(Metric)
  case open(MetricPlace)

  /// The alert that its values open; nil if they open none.
  var alert: AlertKind? {
    switch self {
    case .known(let metric): metric.alert
    case .open: .metric
    }
  }

  /// Its bit among all metrics.
  fileprivate var bit: UInt64 {
    switch self {
    case .known(let metric): 1 &<< UInt64(metric.rawValue)
    case .open(let place): 1 &<< UInt64(16 + place.rawValue)
    }
  }

  fileprivate init?(bit: Int) {
    guard bit >= 16 else {
      guard let metric = Metric(rawValue: bit) else { return nil }
      self = .known(metric)
      return
    }
    self = .open(MetricPlace(rawValue: bit - 16))
  }
}

/// Some of the metrics of both sorts, as bits.
struct AnyMetricSet: Equatable, Sendable {
  private var bits: UInt64 = 0

  var isEmpty: Bool { bits == 0 }
  func contains(_ metric: AnyMetric) -> Bool { bits & metric.bit != 0 }
  mutating func insert(_ metric: AnyMetric) { bits |= metric.bit }
  mutating func remove(_ metric: AnyMetric) { bits &= ~metric.bit }

  /// Takes one out; nil if none is left.
  mutating func popFirst() -> AnyMetric? {
    guard bits != 0 else { return nil }
    let metric = AnyMetric(bit: bits.trailingZeroBitCount)
    bits &= bits &- 1
    return metric
  }
}
