import FleetModel

/// Agents by their rank: the best is at hand, and a change moves the one that it is of, mostly by a place or two.
package struct RankHeap: Sendable {
  package struct Entry: Sendable {
    package var rank: SpecialistRank
    package let id: AgentID
    package let position: Int

    package init(rank: SpecialistRank, id: AgentID, position: Int) {
      (self.rank, self.id, self.position) = (rank, id, position)
    }

    package func isBetter(than other: Entry) -> Bool { rank.isBetter(than: other.rank) ?? id.precedes(other.id) }
  }

  /// A binary heap: each stands before the two at twice its place and one more, and at two more.
  package private(set) var entries: [Entry] = []
  /// By position in the fleet: one more than its place; 0 for those who are not here.
  private var places: [Int32] = []

  package init(_ entries: [Entry] = []) {
    for entry in entries { set(entry) }
  }

  /// How much it takes, counted in entries and places.
  package var room: Int { entries.count + places.count }

  /// The best besides one.
  package func best(besides position: Int?) -> AgentID? {
    guard let first = entries.first else { return nil }
    guard first.position == position else { return first.id }
    guard entries.count > 2 else { return entries.last.flatMap { entries.count > 1 ? $0.id : nil } }
    return entries[entries[1].isBetter(than: entries[2]) ? 1 : 2].id
  }

  /// The best, the best of them first, besides some: it looks at few more than it gives and leaves out.
  package func best(_ count: Int, besides left: Set<Int> = []) -> [Entry] {
    var found: [Entry] = []
    // Places whose entries may be next: each is better than all below it.
    var next = entries.isEmpty ? [] : [0]
    while found.count < count,
      let index = next.indices.min(by: { entries[next[$0]].isBetter(than: entries[next[$1]]) })
    {
      let place = next.remove(at: index)
      next += [2 * place + 1, 2 * place + 2].filter { $0 < entries.count }
      if !left.contains(entries[place].position) { found.append(entries[place]) }
    }
    return found
  }

  package func contains(_ position: Int) -> Bool { place(of: position) != nil }

  /// Adds an agent, or gives it another rank.
  package mutating func set(_ entry: Entry) {
    if place(of: entry.position) != nil { return rate(entry.position, entry.rank) }
    if places.count <= entry.position {
      places += repeatElement(0, count: entry.position + 1 - places.count)
    }
    entries.append(entry)
    places[entry.position] = Int32(entries.count)
    rise(entries.count - 1)
  }

  /// Gives an agent that is here another rank.
  package mutating func rate(_ position: Int, _ rank: SpecialistRank) {
    guard let place = place(of: position) else { return }
    entries[place].rank = rank
    settle(place)
  }

  package mutating func remove(_ position: Int) {
    guard let place = place(of: position) else { return }
    swap(place, entries.count - 1)
    entries.removeLast()
    places[position] = 0
    if place < entries.count { settle(place) }
  }

  private func place(of position: Int) -> Int? {
    position < places.count && places[position] > 0 ? Int(places[position]) - 1 : nil
  }

  // MARK: Order

  private mutating func settle(_ place: Int) {
    rise(place)
    sink(place)
  }

  private mutating func rise(_ start: Int) {
    var place = start
    while place > 0, case let parent = (place - 1) / 2, entries[place].isBetter(than: entries[parent]) {
      swap(place, parent)
      place = parent
    }
  }

  private mutating func sink(_ start: Int) {
    var place = start
    while true {
      var best = place
      for child in (2 * place + 1)...(2 * place + 2) where child < entries.count {
        if entries[child].isBetter(than: entries[best]) { best = child }
      }
      guard best != place else { return }
      swap(place, best)
      place = best
    }
  }

  private mutating func swap(_ left: Int, _ right: Int) {
    entries.swapAt(left, right)
    places[entries[left].position] = Int32(left + 1)
    places[entries[right].position] = Int32(right + 1)
  }
}
