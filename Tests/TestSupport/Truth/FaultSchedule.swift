import FleetModel

/// Which faults befall a history, from when to when. Each ends, and two of a kind do not overlap.
package struct FaultSchedule: Equatable, Sendable {
  package struct Outage: Equatable, Sendable {
    package var fault: History.Fault
    /// Steps of the history.
    package var begin: Int
    package var end: Int
    /// Whether Redis comes back without what it held.
    package var losesAll: Bool
  }

  package private(set) var outages: [Outage] = []

  package init(steps: Int, canLoseAll: Bool, random: inout SeededRandom) {
    guard steps > 4 else { return }
    let kinds: [History.Fault] = [.redis, .handler, .link(0), .link(1)]
    for fault in kinds where Int.random(in: 0...99, using: &random) < 30 {
      let begin = Int.random(in: 1...steps - 3, using: &random)
      let end = min(steps - 1, begin + Int.random(in: 1...4, using: &random))
      let losesAll = canLoseAll && fault == .redis && Int.random(in: 0...99, using: &random) < 50
      outages.append(Outage(fault: fault, begin: begin, end: end, losesAll: losesAll))
    }
  }

  /// What begins and ends before a step of the history.
  package mutating func due(at step: Int) -> [History.Step] {
    let ended = outages.filter { $0.end == step }
    outages.removeAll { $0.end == step }
    return ended.flatMap(Self.mend) + outages.filter { $0.begin == step }.map { .fail($0.fault) }
  }

  /// The ends of all that has begun.
  package mutating func rest() -> [History.Step] {
    defer { outages = [] }
    return outages.flatMap(Self.mend)
  }

  private static func mend(_ outage: Outage) -> [History.Step] {
    [outage.losesAll ? .mendEmpty : .mend(outage.fault), .wait(5)]
  }
}
