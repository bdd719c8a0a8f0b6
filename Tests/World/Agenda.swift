/// What is to happen, by time; what is due at the same time happens in the order in which it was put there.
struct Agenda {
  private struct Item {
    var time: Int64
    var number: Int
    var work: () -> Void
  }

  /// Latest first, so that taking the next one is cheap.
  private var items: [Item] = []
  private var lastNumber = 0

  /// When the next one is due, in nanoseconds of the world.
  var nextTime: Int64? { items.last?.time }

  mutating func add(at time: Int64, _ work: @escaping () -> Void) {
    lastNumber += 1
    let place = items.firstIndex { $0.time <= time } ?? items.endIndex
    items.insert(Item(time: time, number: lastNumber, work: work), at: place)
  }

  mutating func popNext() -> (() -> Void)? { items.popLast()?.work }
}
