import Loop

/// Holds back what is said over and over: of the same level and message five lines pass within ten seconds, and the
/// rest is counted. The count is told when the ten seconds are over, or before that ahead of another line.
struct LogRateLimiter {
  /// What makes two lines the same.
  struct Fact: Hashable {
    var level: Log.Level
    var message: String
  }

  /// How often something was not said.
  struct Repeats: Equatable {
    var fact: Fact
    var count: Int
  }

  private struct Span {
    var fact: Fact
    var end: MonotonicTime
    var passed = 0
    var held = 0
  }

  static let most = 5
  static let milliseconds: Int64 = 10_000

  /// In the order in which they began, which is that in which they end.
  private var spans: [Span] = []

  /// When the first span ends that holds something back.
  var due: MonotonicTime? { spans.first { $0.held > 0 }?.end }

  /// Takes a line: whether it is written, and what is to be told before it.
  mutating func take(_ fact: Fact, at now: MonotonicTime) -> (isWritten: Bool, repeats: [Repeats]) {
    var repeats = expire(at: now)
    let place = spans.firstIndex { $0.fact == fact }
    if let place, spans[place].passed >= Self.most {
      spans[place].held += 1
      return (false, repeats)
    }
    // Another line goes out: what was held back before it is told before it. A line that is held back itself is none,
    // or two facts in turn would each let the other out.
    repeats += drain()
    if let place {
      spans[place].passed += 1
    } else {
      spans.append(Span(fact: fact, end: now.adding(milliseconds: Self.milliseconds), passed: 1))
    }
    return (true, repeats)
  }

  /// Ends the spans that are over; gives what they held back.
  mutating func expire(at now: MonotonicTime) -> [Repeats] {
    let over = spans.prefix { $0.end <= now }
    spans.removeFirst(over.count)
    return over.compactMap { $0.held > 0 ? Repeats(fact: $0.fact, count: $0.held) : nil }
  }

  /// Gives all that is held back; the spans go on.
  mutating func drain() -> [Repeats] {
    var repeats: [Repeats] = []
    for place in spans.indices where spans[place].held > 0 {
      repeats.append(Repeats(fact: spans[place].fact, count: spans[place].held))
      spans[place].held = 0
    }
    return repeats
  }
}
