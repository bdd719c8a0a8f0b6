import FleetModel

/// The minute that samples of a metric still fall into.
///
/// Its `p95` is exact for up to 179 samples: of more it keeps the nine greatest, and gives the least of them. Memory: 64
/// bytes.
package struct OpenMinute: Sendable {
  private var number: Int64 = .min
  private var count: UInt32 = 0
  private var sum = 0.0
  private var least: Float = 0
  /// The greatest values, the greatest first.
  private var greatest = InlineArray<9, Float>(repeating: 0)

  package init() {}

  /// When the minute begins that is open; nil if none is.
  package var begin: Instant? { count == 0 ? nil : Instant(milliseconds: number * 60_000) }

  /// A sample so much older than the open minute is no straggler: the clock was set back.
  private static let setBack: Int64 = 10

  /// Adds a sample. Gives the minute that it closes, if it is the first of another one. A sample of one of the last ten
  /// minutes and one that nobody can have measured are left out.
  package mutating func add(_ sample: Sample) -> (begin: Instant, rollup: Rollup)? {
    guard sample.isPlausible, sample.at.milliseconds >= 0 else { return nil }
    let minute = sample.at.milliseconds / 60_000
    guard minute >= number || number - minute >= Self.setBack else { return nil }
    var closed: (begin: Instant, rollup: Rollup)?
    if minute != number {
      closed = close()
      number = minute
    }
    learn(sample.value)
    return closed
  }

  /// Closes the minute and gives it; nil if nothing fell into it.
  package mutating func close() -> (begin: Instant, rollup: Rollup)? {
    guard let begin, let rollup else { return nil }
    count = 0
    sum = 0
    return (begin, rollup)
  }

  /// The minute so far; nil if nothing fell into it.
  package var rollup: Rollup? {
    guard count > 0 else { return nil }
    // The rank from the top: 1 for up to 19 samples, 2 for up to 39.
    let rank = Int(min(9, count - (count * 95 + 99) / 100 + 1))
    return Rollup(count: count, sum: sum, min: least, max: greatest[0], p95: greatest[rank - 1])
  }

  private mutating func learn(_ value: Double) {
    let value = Float(value)
    least = count == 0 ? value : min(least, value)
    let known = Int(min(9, count))
    count = min(count + 1, 40_000_000)
    sum += Double(value)
    var place = known
    while place > 0, greatest[place - 1] < value {
      if place < 9 { greatest[place] = greatest[place - 1] }
      place -= 1
    }
    if place < 9 { greatest[place] = value }
  }
}
