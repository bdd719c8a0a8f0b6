/// How often forecasts came true, by how far ahead they looked and how clear the slope was: the confidence of the next one.
///
/// The confidence of a bin is (hits + 1) / (n + 2), Laplace's rule of succession: one half as long as nothing is known.
package struct Calibration: Equatable, Sendable {
  /// A kind of forecast: five spans ahead, clear or very clear.
  package struct Bin: Equatable, Sendable {
    package let index: Int

    /// The first minute of each span but the first.
    private static let spans = [6, 16, 31, 61]
    /// Slopes that are at least so many standard deviations from chance are very clear.
    private static let veryClear = 5.0

    package init(minutes: Int, significance: Double) {
      index = Self.spans.count { minutes >= $0 } * 2 + (significance >= Self.veryClear ? 1 : 0)
    }

    static let count = 10
  }

  private var hits: [UInt32] = Array(repeating: 0, count: Bin.count)
  private var counts: [UInt32] = Array(repeating: 0, count: Bin.count)
  /// Beyond it old forecasts fade: both numbers are halved.
  private static let most: UInt32 = 1000

  package init() {}

  /// How sure a forecast of this kind is, 0…1, and of how many earlier ones that is known.
  package func confidence(_ bin: Bin) -> (value: Double, forecasts: Int) {
    ((Double(hits[bin.index]) + 1) / (Double(counts[bin.index]) + 2), Int(counts[bin.index]))
  }

  /// Learns whether a forecast came true.
  package mutating func settle(_ bin: Bin, hit: Bool) {
    hits[bin.index] += hit ? 1 : 0
    counts[bin.index] += 1
    guard counts[bin.index] >= Self.most else { return }
    hits[bin.index] /= 2
    counts[bin.index] /= 2
  }

  /// All of it as text: `c1` and, for each bin, hits and forecasts.
  package var stored: String {
    (["c1"] + zip(hits, counts).map { "\($0)/\($1)" }).joined(separator: " ")
  }

  /// Reads what `stored` wrote; nil for anything else.
  package init?(stored text: String) {
    let words = text.split(separator: " ")
    guard words.count == Bin.count + 1, words[0] == "c1" else { return nil }
    for (index, word) in words.dropFirst().enumerated() {
      let numbers = word.split(separator: "/").map { UInt32($0) }
      guard numbers.count == 2, let hit = numbers[0], let count = numbers[1], hit <= count, count < Self.most else {
        return nil
      }
      (hits[index], counts[index]) = (hit, count)
    }
  }
}
