/// What two runs of the same seeds differ by, with an interval that holds the true mean in 95 of 100 such experiments.
package struct PairedDifference {
  package let mean: Double
  package let interval: ClosedRange<Double>

  /// By Student's t of the differences. Its quantile is taken as 1.96 + 2.4 / (n - 1), which is within 0.04 of the exact one
  /// from ten pairs on.
  ///
  /// - Parameter differences: at least two.
  package init(_ differences: [Double]) {
    let count = Double(max(2, differences.count))
    let mean = differences.reduce(0, +) / count
    let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    let half = (1.96 + 2.4 / (count - 1)) * (variance / count).squareRoot()
    self.mean = mean
    interval = mean - half...mean + half
  }
}
