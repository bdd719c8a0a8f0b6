import FleetModel

/// Which agents have series of their own: all of them, or those that are worst off, in one pass over numbers.
struct AgentRanking {
  /// By position: how badly an agent is off; negative if nobody stands there.
  private var ranks: [Int16] = []
  /// How many agents have each rank.
  private var counts = [Int](repeating: 0, count: Int(worst) + 1)
  private(set) var states: [AgentState: Int] = [:]
  private(set) var severities: [Severity: Int] = [:]
  private(set) var count = 0

  /// Severity before health.
  private static let worst: Int16 = 5 * 101 - 1

  /// Takes in the agent at the next position.
  ///
  /// - Parameter state: nil if nobody stands there.
  mutating func add(_ state: AgentState?, _ severity: Severity?, health: Double?) {
    guard let state else { return ranks.append(-1) }
    let health = health.map { $0.isFinite ? min(max($0, 0), 1) : 1 } ?? 1
    let illness = Int16((100 - 100 * health).rounded())
    let rank = Int16(severity.map { $0.rank + 1 } ?? 0) * 101 + illness
    ranks.append(rank)
    counts[Int(rank)] += 1
    states[state, default: 0] += 1
    if let severity { severities[severity, default: 0] += 1 }
    count += 1
  }

  /// How many positions it has been through.
  var positions: Int { ranks.count }

  /// The rank from which on agents are shown, and how many of exactly that rank there is room for.
  func threshold(_ most: Int) -> Threshold {
    var room = max(0, most)
    for rank in counts.indices.reversed() {
      guard counts[rank] <= room else { return Threshold(rank: Int16(rank), room: room) }
      room -= counts[rank]
    }
    return Threshold(rank: -1, room: 0)
  }

  /// What lets some agents in, one after the other.
  struct Threshold {
    fileprivate var rank: Int16
    fileprivate var room: Int
  }

  /// Whether the agent at a position is shown; to be asked once of each, in their order.
  func admits(_ position: Int, _ threshold: inout Threshold) -> Bool {
    guard ranks[position] >= 0, ranks[position] >= threshold.rank else { return false }
    guard ranks[position] == threshold.rank else { return true }
    threshold.room -= 1
    return threshold.room >= 0
  }
}
