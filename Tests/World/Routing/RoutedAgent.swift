/// An agent with places for conversations, and a queue before them.
package struct RoutedAgent: Sendable {
  /// What befalls an agent between two seconds.
  package enum Trouble: Equatable, Sendable {
    /// Answers so many times as late, and its conversations last so many times as long.
    case slow(answers: Double, conversations: Double)
    /// Fails a part of its conversations, after a few seconds.
    case ill(failing: Double)
  }

  package let capacity: Int
  /// How long its conversations last, of the role's mean.
  package let pace: Double
  /// Its share if nobody sets another one.
  package let declared: Double

  var trouble: (from: Double, until: Double, what: Trouble)?
  var share: Double
  /// Conversations that have a place, and those that wait for one.
  var open = 0
  var queue = RoutedQueue()
  /// What smooth weighted round robin has saved for it.
  var credit = 0.0
  /// What it did in the last minutes, the older the less.
  var minute = Tally()

  struct Tally {
    var ended = 0.0
    var failed = 0.0
    var answered = 0.0
    /// Seconds.
    var answers = 0.0

    func faded(_ part: Double) -> Self {
      Self(ended: ended * part, failed: failed * part, answered: answered * part, answers: answers * part)
    }
  }

  /// - Parameter declared: its room, of a room of 8, if it is not given.
  package init(
    capacity: Int, pace: Double = 1, declared: Double? = nil,
    trouble: (from: Double, until: Double, what: Trouble)? = nil
  ) {
    (self.capacity, self.pace, self.trouble) = (capacity, pace, trouble)
    self.declared = declared ?? Double(capacity) / 8
    share = self.declared
  }

  var present: Int { open + queue.count }

  func trouble(at second: Double) -> Trouble? {
    trouble.flatMap { second >= $0.from && second < $0.until ? $0.what : nil }
  }
}

/// First in, first out.
struct RoutedQueue: Sendable {
  private var items: [Int] = []
  private var head = 0

  var count: Int { items.count - head }

  mutating func append(_ item: Int) { items.append(item) }

  mutating func popFirst() -> Int? {
    guard head < items.count else { return nil }
    defer {
      head += 1
      if head > 1024, head * 2 > items.count {
        items.removeFirst(head)
        head = 0
      }
    }
    return items[head]
  }
}
