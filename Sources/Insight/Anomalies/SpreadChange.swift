/// Finds the point from which a metric changes more from sample to sample than it ever did, or not at all any more.
///
/// It compares a mean of the last steps with the range in which that mean lay so far, and counts equal values in a row.
///
/// Memory: 64 bytes. Work: constant.
struct SpreadChange: Sendable {
  /// What a sample shows.
  enum Change: Equatable, Sendable {
    case none
    /// By how much more than usual it changes; 1 is the least that is said.
    case rougher(Double)
    /// It has not changed for so many samples.
    case stuck(Int)

    var score: Double {
      switch self {
      case .none: 0
      case .rougher(let score): score
      case .stuck: SpreadChange.scoreOfStuck
      }
    }
  }

  private var previous: Double?
  /// The mean of the last steps.
  private(set) var step = 0.0
  private var range = UsualRange()
  /// The greatest mean of steps before the last sample.
  private(set) var usualStep = 0.0
  private var run: UInt32 = 0
  private var longest: UInt32 = 0
  private var count: UInt32 = 0
  /// How many of them changed it: what never moved does not stand still.
  private var moves: UInt32 = 0

  private static let pace = UsualRange.Pace(forgetting: 0.000_03, reach: 0.96, widening: 1.95, half: 600)
  private static let threshold = 0.15
  private static let weightOfSample = 0.25
  /// So many steps must be known before they are compared, and so many before a standstill is noticed.
  private static let warmUp: UInt32 = 30
  private static let known: UInt32 = 150
  /// A standstill is so many samples, and so many times longer than any before.
  private static let leastRun: UInt32 = 20
  private static let timesLonger: UInt32 = 4
  private static let scoreOfStuck = 1.2

  /// What changed with this sample.
  mutating func judge(_ value: Double, floor: Double) -> Change {
    guard let previous else {
      previous = value
      return .none
    }
    self.previous = value
    count = count == .max ? count : count + 1
    let change = abs(value - previous)
    if change > 0 { moves = moves == .max ? moves : moves + 1 }
    step += max(Self.weightOfSample, 1 / Double(count)) * (change - step)
    if let stuck = standstill(change == 0) { return stuck }
    guard count > Self.warmUp else { return .none }
    usualStep = range.high
    let excess = range.excess(of: step, pace: Self.pace, floor: floor)
    return excess > 0 && step > usualStep ? .rougher(excess / Self.threshold) : .none
  }

  private mutating func standstill(_ isStill: Bool) -> Change? {
    guard isStill else {
      longest = max(longest, run)
      run = 0
      return nil
    }
    run = run == .max ? run : run + 1
    guard moves > Self.known else { return nil }
    guard run >= Self.leastRun, run / Self.timesLonger > longest else { return nil }
    longest = run
    return .stuck(Int(run) + 1)
  }
}
