/// Notices that a metric is reported in another unit from some sample on: seconds become milliseconds, a fraction becomes
/// per cent.
///
/// It takes a value far outside of the range so far for a change of unit only if one known factor puts it back into the
/// middle of that range, if the range is narrow enough for that to mean something, and if three samples in a row say the
/// same. The first two are not judged, and are lost if a third does not follow.
struct UnitChange: Sendable {
  private var low = Double.infinity
  private var high = 0.0
  private var count: UInt16 = 0
  private var factor = 0.0
  private var held: UInt8 = 0

  /// Minutes in hours, seconds in minutes and hours, thousands, powers of 1024, and the thousand millions of nanoseconds.
  private static let factors: [Double] = [60, 1000, 1024, 3600, 1e6, 1_048_576, 1e9]
  /// From a fraction to per cent.
  private static let percent = 100.0
  /// So many samples must be known, and the greatest at most so many times the least.
  private static let known = 30
  private static let spread = 10.0
  private static let enough: UInt8 = 3

  /// What becomes of a value; nil if nothing speaks for another unit.
  mutating func admit(_ value: Double) -> SampleGate.Passage? {
    let found = other(value)
    guard let found, held == 0 || abs(found - factor) < factor / 10 else {
      held = 0
      learn(value)
      return nil
    }
    factor = found
    held += 1
    guard held >= Self.enough else { return .leaveOut }
    self = UnitChange()
    learn(value)
    return .startOver
  }

  private mutating func learn(_ value: Double) {
    let magnitude = abs(value)
    count = count == .max ? count : count + 1
    low = min(low, magnitude)
    high = max(high, magnitude)
  }

  /// The factor by which a value differs from all that came before; nil if none fits.
  private func other(_ value: Double) -> Double? {
    let magnitude = abs(value)
    guard Int(count) >= Self.known, low > 0, high <= low * Self.spread else { return nil }
    guard magnitude > high * 10 || (magnitude > 0 && magnitude < low / 10) else { return nil }
    let isUp = magnitude > high
    if isUp ? high <= 1 : magnitude <= 1, fits(magnitude, isUp ? Self.percent : 1 / Self.percent) {
      return isUp ? Self.percent : 1 / Self.percent
    }
    return Self.factors.lazy.map { isUp ? $0 : 1 / $0 }.first { fits(magnitude, $0) }
  }

  private func fits(_ magnitude: Double, _ factor: Double) -> Bool {
    let back = magnitude / factor
    return back >= low / 1.1 && back <= high * 1.1
  }
}
