/// How a consumer group of a stream stands at one moment: what waits for it, and who reads.
///
/// ```
///   trimmed │ read and done │ pending: read, not acknowledged │ waiting: not read │
///                             ▲ oldestPending                  ▲ oldestWaiting
/// ```
package struct QueueStanding: Equatable, Sendable {
  /// One who reads for the group.
  package struct Reader: Equatable, Sendable {
    package var name: String
    package var pending: Int
    /// How long ago it read or took over something, or asked for it.
    package var idle: TimeSpan

    package init(name: String, pending: Int, idle: TimeSpan) {
      (self.name, self.pending, self.idle) = (name, pending, idle)
    }
  }

  /// What is not read.
  package enum Waiting: Equatable, Sendable {
    case nothing
    case entries(Int)
    /// Something waits, and the server does not say how much: Redis before 7.0, or after entries were deleted.
    case some
    case unknown
  }

  package var stream: String
  /// Nil: the stream has no group, or cannot be looked at.
  package var group: String?
  /// Why nothing is known, in words; nil if the server has told.
  package var fault: String?
  /// Since when it has been looked at.
  package var seenSince: Instant
  /// How many entries the stream holds.
  package var length: Int?
  package var waiting = Waiting.unknown
  package var oldestWaiting: Instant?
  /// Entries that were read and not acknowledged.
  package var pending: Int?
  package var oldestPending: Instant?
  /// How often the oldest of these was delivered.
  package var deliveries: Int?
  /// How many read for the group.
  package var consumers: Int?
  /// Those who read last, the latest first.
  package var readers: [Reader] = []
  /// When somebody read last; nil if nobody has, or that is not known.
  package var lastRead: Instant?
  /// Whether its consumers are too many to be looked at one by one.
  package var hidesReaders = false
  package var trouble: QueueTrouble?

  package init(stream: String, group: String?, seenSince: Instant) {
    (self.stream, self.group, self.seenSince) = (stream, group, seenSince)
  }

  /// So many readers are kept of a group.
  package static let mostReaders = 8

  /// `orders / workers`; the stream alone if it has no group.
  package var name: String { group.map { "\(stream) / \($0)" } ?? stream }

  /// Whether it stands for the same queue.
  package func isSame(as other: QueueStanding) -> Bool {
    ExactText(stream) == ExactText(other.stream) && group.map(ExactText.init) == other.group.map(ExactText.init)
  }

  /// Whether something waits; nil if that is not known.
  package var waits: Bool? {
    switch waiting {
    case .nothing: false
    case .entries(let count): count > 0
    case .some: true
    case .unknown: nil
    }
  }

  /// The oldest entry that nobody has dealt with.
  package var oldest: Instant? { [oldestWaiting, oldestPending].compactMap(\.self).min() }
}
