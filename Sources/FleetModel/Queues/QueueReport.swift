/// What the handler found of all queues, at one moment.
package struct QueueReport: Equatable, Sendable {
  package var at: Instant
  package var queues: [QueueStanding]
  /// Groups that there was no room for.
  package var leftOut = 0

  package init(at: Instant, queues: [QueueStanding] = []) { (self.at, self.queues) = (at, queues) }

  /// More queues than this are not told.
  package static let most = 256
  /// How often the handler looks.
  package static let span = TimeSpan.seconds(5)

  /// Whether it is so old that nobody may take it for the present.
  package func isStale(at now: Instant) -> Bool { now - at > .seconds(30) }

  /// Those in trouble, the worst first.
  package var troubled: [QueueStanding] { worstFirst.filter { $0.trouble != nil } }

  /// In the order in which they are to be looked at.
  package var worstFirst: [QueueStanding] {
    let ranked = queues.map { (rank: $0.rank, queue: $0) }
    return ranked.sorted { left, right in
      left.rank == right.rank ? ExactText(left.queue.name) < ExactText(right.queue.name) : left.rank < right.rank
    }.map { $0.queue }
  }
}

extension QueueStanding {
  /// The lower the worse: trouble, then what cannot be looked at, then the oldest entry.
  fileprivate var rank: Rank {
    // What somebody has in hand comes behind what nobody has.
    let kinds = QueueTrouble.Kind.allCases
    let kind = trouble.flatMap { trouble in
      kinds.firstIndex(of: trouble.kind).map { trouble.hand == nil ? $0 : $0 + kinds.count }
    }
    return Rank(kind: kind ?? .max, isKnown: fault == nil ? 1 : 0, oldest: oldest ?? Instant(milliseconds: .max))
  }

  fileprivate struct Rank: Comparable {
    var kind: Int
    var isKnown: Int
    var oldest: Instant

    static func < (left: Rank, right: Rank) -> Bool {
      if left.kind != right.kind { return left.kind < right.kind }
      return left.isKnown == right.isKnown ? left.oldest < right.oldest : left.isKnown < right.isKnown
    }
  }
}
