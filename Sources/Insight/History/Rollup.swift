/// What one metric of one agent did in a minute, or in several.
package struct Rollup: Equatable, Sendable {
  package var count: UInt32
  package var sum: Double
  package var min: Float
  package var max: Float
  /// The value that 95 % of the samples do not exceed.
  package var p95: Float

  package init(count: UInt32, sum: Double, min: Float, max: Float, p95: Float) {
    (self.count, self.sum, self.min, self.max, self.p95) = (count, sum, min, max, p95)
  }

  package var mean: Double { count == 0 ? 0 : sum / Double(count) }

  /// Both together. Count, sum, min and max are exact. `p95` is the mean of both by their counts: the true one lies between
  /// the two as well.
  package func merged(with other: Rollup) -> Rollup {
    let (total, overflow) = count.addingReportingOverflow(other.count)
    let count = overflow ? .max : total
    let share = Float(Double(other.count) / Double(Swift.max(1, count)))
    return Rollup(
      count: count, sum: sum + other.sum, min: Swift.min(min, other.min), max: Swift.max(max, other.max),
      p95: p95 + (other.p95 - p95) * Swift.min(1, share))
  }
}
