import FleetModel

/// Keeps order where it matters: work that shares a lane runs one after the other, in the order in which it came;
/// other work runs side by side.
struct Lanes {
  /// What only one piece of work at a time may touch.
  enum Lane: Hashable {
    case agent(AgentID)
  }

  /// What a piece of work must have for itself.
  enum Needs: Equatable {
    case lanes([Lane])
    /// Everything: what it touches is known only once it runs.
    case everything
  }

  private struct Item {
    var needs: Needs
    var waitsFor: Int
    var followers: [Int] = []
  }

  private var items: [Int: Item] = [:]
  /// The latest item on each lane that is still there.
  private var last: [Lane: Int] = [:]
  private var lastBarrier: Int?
  private var nextNumber = 0

  init() {}

  var count: Int { items.count }

  /// Enters a piece of work; gives its number, and whether it may run now.
  mutating func enter(_ needs: Needs) -> (number: Int, isReady: Bool) {
    let number = nextNumber
    nextNumber += 1
    var before: Set<Int> = []
    switch needs {
    case .everything:
      before = Set(items.keys)
      lastBarrier = number
      last = [:]
    case .lanes(let lanes):
      // With an item on the lane the barrier is already before it.
      for lane in lanes { (last[lane] ?? lastBarrier).map { _ = before.insert($0) } }
      for lane in lanes { last[lane] = number }
      if lanes.isEmpty, let lastBarrier { before.insert(lastBarrier) }
    }
    items[number] = Item(needs: needs, waitsFor: before.count)
    for other in before { items[other]?.followers.append(number) }
    return (number, before.isEmpty)
  }

  /// Takes out work that is done; gives what may run now.
  mutating func leave(_ number: Int) -> [Int] {
    guard let item = items.removeValue(forKey: number) else { return [] }
    if lastBarrier == number { lastBarrier = nil }
    if case .lanes(let lanes) = item.needs {
      for lane in lanes where last[lane] == number { last[lane] = nil }
    }
    var ready: [Int] = []
    for follower in item.followers {
      items[follower]?.waitsFor -= 1
      if items[follower]?.waitsFor == 0 { ready.append(follower) }
    }
    return ready
  }
}
