/// How many agents have each value of each trait. It is kept as agents come, change and go, so that nobody has to count
/// all of them when something happens.
package struct TraitCounts: Sendable {
  private var counts: [TraitValue: Int] = [:]
  /// All agents.
  package private(set) var agents = 0 {
    didSet { revision &+= 1 }
  }
  /// Steps with every change.
  package private(set) var revision = 0

  package init() {}

  /// An agent came, with these traits.
  package mutating func add(_ traits: Set<TraitValue>) {
    agents += 1
    for value in traits { count(value, 1) }
  }

  /// An agent went that had these traits.
  package mutating func remove(_ traits: Set<TraitValue>) {
    agents = max(0, agents - 1)
    for value in traits { count(value, -1) }
  }

  /// A trait of an agent changed. Of traits that are no causes nothing is counted.
  mutating func replace(_ trait: Trait, _ old: String, by new: String) {
    guard Trait.causes.contains(trait) else { return }
    count(TraitValue(trait, old), -1)
    count(TraitValue(trait, new), 1)
  }

  package func count(_ value: TraitValue) -> Int { counts[value] ?? 0 }

  private mutating func count(_ value: TraitValue, _ step: Int) {
    guard !value.value.isEmpty else { return }
    let count = (counts[value] ?? 0) + step
    counts[value] = count > 0 ? count : nil
    revision &+= 1
  }
}
