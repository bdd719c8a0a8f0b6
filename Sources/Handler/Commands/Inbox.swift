/// Entries of the streams of commands in the order in which they came: those that are still to be begun, and which are
/// under way.
struct Inbox {
  /// What has been delivered and is not through, so that one that comes again meanwhile is not begun twice; and how
  /// many bytes each has.
  private var sizes: [Delivery: Int] = [:]
  private var queue: [(payload: [UInt8]?, delivery: Delivery)] = []
  /// How much of the queue has been begun.
  private var start = 0
  /// How many things must be known before the next is begun.
  private var pauses = 0
  private(set) var bytes = 0

  var count: Int { sizes.count }

  func holds(_ delivery: Delivery) -> Bool { sizes[delivery] != nil }

  /// - Returns: false if it is here already.
  mutating func add(_ payload: [UInt8]?, _ delivery: Delivery) -> Bool {
    guard sizes[delivery] == nil else { return false }
    note(payload?.count ?? 0, of: delivery)
    queue.append((payload, delivery))
    return true
  }

  /// Takes note of something that is dealt with apart from the queue.
  mutating func note(_ size: Int, of delivery: Delivery) {
    sizes[delivery] = size
    bytes += size
  }

  mutating func remove(_ delivery: Delivery) { bytes -= sizes.removeValue(forKey: delivery) ?? 0 }

  mutating func hold() { pauses += 1 }
  mutating func release() { pauses -= 1 }

  /// Whether something can be begun.
  var hasNext: Bool { pauses == 0 && start < queue.count }

  /// What is next; nil if nothing is, or something holds it up.
  mutating func next() -> (payload: [UInt8]?, delivery: Delivery)? {
    guard hasNext else { return nil }
    let next = queue[start]
    queue[start].payload = nil
    start += 1
    if start == queue.count || start > 1024 {
      queue.removeFirst(start)
      start = 0
    }
    return next
  }
}
