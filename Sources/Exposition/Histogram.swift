/// How many observations lay below each of some bounds, and their sum.
package struct Histogram: Equatable, Sendable {
  /// In seconds, rising; beyond the last everything is below infinity.
  package let bounds: [Double]
  /// How many fell between a bound and the one before it; the last are those beyond all.
  private var counts: [Int]
  package private(set) var sum = 0.0

  /// Bounds for what takes from milliseconds to minutes.
  package static let spans = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

  package init(bounds: [Double] = spans) {
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count + 1)
  }

  package var count: Int { counts.reduce(0, +) }

  /// Takes note of an observation. One that is no number, or negative, counts as 0.
  package mutating func observe(_ value: Double) {
    let value = value > 0 && value.isFinite ? value : 0
    counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
    sum += value
  }

  /// How many were at most each bound; the last are all.
  package var cumulative: [Int] {
    var all = 0
    return counts.map { count in
      all += count
      return all
    }
  }
}
