/// Finds a value far outside of the range in which the metric lay so far.
///
/// Memory: 24 bytes. Work: constant.
struct RangeExcess: Sendable {
  private(set) var range = UsualRange()

  private static let pace = UsualRange.Pace(forgetting: 0.000_064, reach: 1, widening: 0.32, half: 173)
  /// The least excess that is said, in spans of the range.
  private static let threshold = 0.17

  /// 1 and more if the value lies too far outside.
  mutating func score(_ value: Double, floor: Double) -> Double {
    range.excess(of: value, pace: Self.pace, floor: floor) / Self.threshold
  }
}
