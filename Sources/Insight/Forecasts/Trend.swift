/// A straight line through values, and whether it rises or falls at all.
///
/// Slope and height are medians (Theil, 1950; Sen, "Estimates of the regression coefficient based on Kendall's tau", 1968):
/// up to 29 % of the values can be anything. Whether the slope is more than chance is Mann's test with Kendall's
/// correction for equal values (Mann, "Nonparametric tests against trend", 1945). Values that hang together count as fewer
/// (Yue and Wang, "The Mann-Kendall test modified by effective sample size", 2004): else slow noise looks like a slope.
package struct Trend: Equatable, Sendable {
  /// By how much the value changes from one place to the next.
  package let slope: Double
  /// The line's height at the last place.
  package let end: Double
  /// How many standard deviations the count of rising pairs lies from chance; negative if it falls.
  package let significance: Double

  /// A slope is believed from here on: one chance in a hundred, to either side.
  package static let believed = 2.58

  package var isSignificant: Bool { abs(significance) >= Self.believed }

  /// Finds the line through at most some 60 values at even distances: work grows with the square of their number. Nil
  /// for fewer than eight, or if one is not finite.
  package init?(_ values: some Collection<Double>) {
    let values = Array(values)
    guard values.count >= 8, values.allSatisfy({ $0.isFinite }) else { return nil }
    var slopes: [Double] = []
    slopes.reserveCapacity(values.count * (values.count - 1) / 2)
    var rising = 0
    for first in values.indices {
      for second in first + 1..<values.count {
        slopes.append((values[second] - values[first]) / Double(second - first))
        rising += values[second] > values[first] ? 1 : values[second] < values[first] ? -1 : 0
      }
    }
    let slope = slopes.median
    self.slope = slope
    let last = values.count - 1
    end = values.indices.map { values[$0] + slope * Double(last - $0) }.median
    let rests = values.indices.map { values[$0] - slope * Double($0) }
    significance = Self.significance(rising: rising, values) / Self.inflation(rests)
  }

  /// By how much values that hang together widen the test: the root of (1 + r) / (1 - r), where r is the correlation of
  /// neighbours.
  private static func inflation(_ rests: [Double]) -> Double {
    let middle = rests.median
    let distances = rests.map { $0 - middle }
    let squares = distances.reduce(0) { $0 + $1 * $1 }
    let greatest = rests.reduce(0) { max($0, abs($1)) }
    guard squares > 1e-18 * greatest * greatest else { return 1 }
    let products = zip(distances, distances.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 }
    let count = Double(rests.count)
    // Few values understate it.
    let correlation = products / squares
    let mended = min(0.95, max(0, correlation + (1 + 4 * correlation) / count))
    return ((1 + mended) / (1 - mended)).squareRoot()
  }

  private static func significance(rising: Int, _ values: [Double]) -> Double {
    func pairs(_ count: Int) -> Double { Double(count * (count - 1) * (2 * count + 5)) }
    var variance = pairs(values.count)
    var run = 1
    let sorted = values.sorted()
    for index in sorted.indices.dropFirst() {
      guard sorted[index] != sorted[index - 1] else {
        run += 1
        continue
      }
      variance -= pairs(run)
      run = 1
    }
    variance = (variance - pairs(run)) / 18
    guard variance > 0, rising != 0 else { return 0 }
    return Double(rising - rising.signum()) / variance.squareRoot()
  }
}

extension [Double] {
  /// The middle value, or the mean of the two in the middle; 0 of none.
  var median: Double {
    guard !isEmpty else { return 0 }
    let sorted = sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
