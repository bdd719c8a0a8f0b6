/// Sums of an agent's readings: what was open, and what would have been, each with the seconds for which it stands.
struct BurdenSums: Sendable {
  private(set) var open = 0.0
  private(set) var expected = 0.0
  private(set) var seconds = 0.0

  /// What is measured wrongly for long, of itself.
  private static let lasting = 0.03

  /// - Parameter memory: of so many seconds the sums tell; what is older counts less and less.
  mutating func add(open: Double, expected: Double, seconds: Double, memory: Double) {
    let keep = 1 / (1 + seconds / memory)
    self.open = (self.open + open * seconds) * keep
    self.expected = (self.expected + expected * seconds) * keep
    self.seconds = (self.seconds + seconds) * keep
  }

  /// 1 is what the role has on average.
  ///
  /// - Parameter guess: what it is taken for as long as nothing is open: it counts as much as one conversation.
  func ratio(guess: Double = 1) -> Double { seconds > 0 ? (open + seconds * guess) / (expected + seconds) : guess }

  /// By how much of itself the ratio is off, as a deviation.
  ///
  /// Conversations come and go by chance: what is open at one moment is off by its root, and tells the same for about as
  /// long as a conversation lasts. Where conversations wait, queues rise and fall more slowly, the more so the busier.
  ///
  /// - Parameters:
  ///   - settle: how long a conversation lasts, in seconds.
  ///   - busy: open and waiting of the role's room.
  func deviation(settle: Double, busy: Double) -> Double {
    let crowd = 1 + max(0, busy - 0.5) / max(0.1, 1 - busy)
    let mean = expected / max(seconds, .leastNormalMagnitude)
    let chance = crowd * settle / (settle + seconds) / max(1, mean)
    return (chance + Self.lasting * Self.lasting).squareRoot()
  }
}
