import Loop

/// Several rounds of one measurement.
struct Rounds {
  private(set) var values: [Double] = []

  mutating func add(_ value: Double) { values.append(value) }

  var median: Double { quantile(0.5) }

  /// The least and the greatest.
  var spread: (Double, Double) { (values.min() ?? 0, values.max() ?? 0) }

  func quantile(_ fraction: Double) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * fraction))]
  }
}

/// Seconds that some work takes, by the monotonic clock.
func seconds(_ work: () throws -> Void) rethrows -> Double {
  let started = MonotonicTime.now
  try work()
  return MonotonicTime.now.milliseconds(since: started) / 1000
}
