/// Between what values a number usually lies, learned as they come.
///
/// The ends draw slowly together, so that what was long ago is forgotten. One value widens the range only so far: after
/// a single huge one the next huge one is still outside.
struct UsualRange: Sendable {
  /// How a range learns.
  struct Pace: Sendable {
    /// Which part of the way to the current value an end goes a sample.
    var forgetting: Double
    /// Which part of the way to a value outside an end goes.
    var reach: Double
    /// By how many spans one value can widen the range.
    var widening: Double
    /// A range of so many values is known half as well as one of very many: what lies outside counts half.
    var half: Double
  }

  private(set) var low = 0.0
  private(set) var high = 0.0
  private var count: UInt32 = 0

  /// So many values widen the range as far as they lie.
  private static let open: UInt32 = 100
  /// More is not told apart.
  private static let most = 10.0

  /// How far a value lies outside, in spans of the range; 0 inside. Then learns it.
  ///
  /// - Parameter floor: the least that a span counts as, in the value's unit: a metric that hardly ever changes is not
  ///   judged by its last digit.
  mutating func excess(of value: Double, pace: Pace, floor: Double) -> Double {
    guard count > 0 else {
      (low, high, count) = (value, value, 1)
      return 0
    }
    let span = high - low
    let beyond = max(0, value - high, low - value)
    let excess = beyond == 0 ? 0 : min(Self.most, beyond / max(span + floor, .leastNormalMagnitude))
    learn(value, pace, most: count < Self.open || span == 0 ? .infinity : pace.widening * span)
    return excess / (1 + pace.half / Double(count))
  }

  private mutating func learn(_ value: Double, _ pace: Pace, most: Double) {
    count = count == .max ? count : count + 1
    let reach = count < Self.open ? 1 : pace.reach
    high += value > high ? min((value - high) * reach, most) : (value - high) * pace.forgetting
    low += value < low ? max((value - low) * reach, -most) : (value - low) * pace.forgetting
  }
}
