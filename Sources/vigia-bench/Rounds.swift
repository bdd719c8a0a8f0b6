/// Several rounds of one measurement.
struct Rounds {
  private(set) var values: [Double] = []

  init(_ values: [Double] = []) {
    self.values = values
  }

  mutating func add(_ value: Double) { values.append(value) }

  /// The middle one, or the mean of the two in the middle.
  var median: Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  /// The least and the greatest.
  var spread: (Double, Double) { (values.min() ?? 0, values.max() ?? 0) }

  /// The value that this part of all stays below; of few values the greatest.
  func quantile(_ fraction: Double) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * fraction))]
  }
}
