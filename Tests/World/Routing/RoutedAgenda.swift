/// What is to happen, the soonest first; of several at one second, what was added first. A binary heap.
struct RoutedAgenda<Item> {
  private var heap: [(second: Double, number: Int, item: Item)] = []
  private var added = 0

  mutating func add(_ second: Double, _ item: Item) {
    heap.append((second, added, item))
    added += 1
    var child = heap.count - 1
    while child > 0, isBefore(child, (child - 1) / 2) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func pop() -> (second: Double, item: Item)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return (first.second, first.item) }
    heap[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && isBefore(child, least) { least = child }
      guard least != parent else { break }
      heap.swapAt(parent, least)
      parent = least
    }
    return (first.second, first.item)
  }

  private func isBefore(_ left: Int, _ right: Int) -> Bool {
    (heap[left].second, heap[left].number) < (heap[right].second, heap[right].number)
  }
}
