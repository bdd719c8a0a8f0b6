/// How many agents have each value of each trait. It is kept as agents come, change and go, so that nobody has to count
/// all of them when something happens.
package struct TraitCounts: Sendable {
  private var counts: [TraitValue: Int] = [:]
  /// All agents.
  package private(set) var agents = 0

  package init() {}

  /// An agent came, with these traits.
  package mutating func add(_ traits: Set<TraitValue>) {
    agents += 1
    for value in traits { counts[value, default: 0] += 1 }
  }

  /// An agent went that was added with these traits.
  package mutating func remove(_ traits: Set<TraitValue>) {
    agents = max(0, agents - 1)
    for value in traits {
      guard let count = counts[value] else { continue }
      counts[value] = count > 1 ? count - 1 : nil
    }
  }

  package func count(_ value: TraitValue) -> Int { counts[value] ?? 0 }
}
