/// What is normal for one metric of one agent: a middle, and how far values usually lie from it.
///
/// Each value moves both a little, and one that lies far off moves them no more than one at three spreads (Huber, "Robust
/// estimation of a location parameter", 1964). Memory: 24 bytes.
package struct Normal: Equatable, Sendable {
  package private(set) var center = 0.0
  /// The mean distance from the middle.
  package private(set) var spread = 0.0
  package private(set) var count: UInt32 = 0

  /// So many values must be known.
  package static let known = 60
  private static let weight = 1.0 / 500
  private static let farthest = 3.0
  /// The spread is at least this share of the middle: what hardly ever changes is not judged by its last digit.
  private static let floor = 0.02

  package init() {}

  package var isKnown: Bool { count >= Self.known }

  /// Learns a value; one that nobody can have measured is left out.
  package mutating func learn(_ value: Double) {
    guard value.isFinite, abs(value) <= 1e15 else { return }
    count = count == .max ? count : count + 1
    let share = max(Self.weight, 1 / Double(count))
    let distance = value - center
    let most = isKnown ? Self.farthest * width : .infinity
    let step = min(most, max(-most, distance))
    center += share * step
    spread += share * (abs(step) - spread)
  }

  /// How many spreads a value lies above the middle; negative below it, 0 as long as too little is known.
  package func deviation(of value: Double) -> Double {
    guard isKnown, value.isFinite else { return 0 }
    return (value - center) / width
  }

  private var width: Double { max(spread, Self.floor * abs(center), .leastNormalMagnitude) }
}
