/// Which conversations wait for a person, which of them a person has taken, and whether people were paged.
package struct WaitingBook: Equatable, Sendable {
  /// That people were paged because one has waited for too long.
  package struct Page: Equatable, Sendable {
    package var since: Instant
    /// The channels by which people were told.
    package var told: [String]

    package init(since: Instant, told: [String] = []) { (self.since, self.told) = (since, told) }
  }

  package private(set) var conversations: [WaitingConversation.ID: WaitingConversation] = [:]
  /// Conversations that there was no room for since the book was last empty.
  package var leftOut = 0
  /// The longest that one should wait.
  package var level: TimeSpan
  /// Nil: nobody was paged, or all is well again.
  package var page: Page?

  package init(level: TimeSpan = WaitingSettings().level) { self.level = level }

  /// More conversations than this are not kept.
  package static let most = 256

  package var isEmpty: Bool { conversations.isEmpty }

  package var isFull: Bool { conversations.count >= Self.most }

  package subscript(id: WaitingConversation.ID) -> WaitingConversation? { conversations[id] }

  /// Takes one as it stands in the store; beyond ``most`` it counts as left out.
  package mutating func set(_ conversation: WaitingConversation) {
    guard conversations[conversation.id] != nil || conversations.count < Self.most else {
      leftOut += 1
      return
    }
    conversations[conversation.id] = conversation
  }

  /// - Returns: what becomes of one that waited; nil if that stays as it was.
  @discardableResult
  package mutating func apply(_ news: WaitingNews) -> WaitingOutcome? {
    defer { if conversations.isEmpty { leftOut = 0 } }
    switch news {
    case .waits(var conversation):
      if let known = conversations[conversation.id] {
        // It has waited since it was first said, and stays with who has taken it.
        conversation.since = min(known.since, conversation.since)
        conversation.hand = known.hand
      }
      set(conversation)
      return nil
    case .taken(let id, let hand):
      // The same person's is the answer to a command: that was the moment.
      guard let known = conversations[id], known.hand?.by != hand.by else { return nil }
      conversations[id]?.hand = hand
      return .taken
    case .moved(let id, let to, let sender):
      guard let known = conversations[id],
        to.map({ Handoff.moves(to: $0, from: sender, holder: known.agent) }) ?? true
      else { return nil }
      return remove(id, .handedOver)
    case .returned(let id): return remove(id, .handedBack)
    case .ended(let id): return remove(id, .ended)
    }
  }

  private mutating func remove(_ id: WaitingConversation.ID, _ outcome: WaitingOutcome) -> WaitingOutcome? {
    conversations.removeValue(forKey: id).map { _ in outcome }
  }

  /// Who waits longest first; behind them those that a person has.
  package var longestFirst: [WaitingConversation] {
    conversations.values.sorted { left, right in
      if (left.hand == nil) != (right.hand == nil) { return left.hand == nil }
      return left.since == right.since
        ? ExactText(left.id.text) < ExactText(right.id.text) : left.since < right.since
    }
  }

  /// The one that has waited longest of those that nobody has taken.
  package var oldest: WaitingConversation? {
    conversations.values.lazy.filter { $0.hand == nil }.min { left, right in
      left.since == right.since
        ? ExactText(left.id.text) < ExactText(right.id.text) : left.since < right.since
    }
  }

  /// How many wait, and nobody has taken them.
  package var waitingCount: Int { conversations.values.count { $0.hand == nil } }

  /// How a conversation stands; nil if a person has it.
  package func serviceLevel(of conversation: WaitingConversation, at now: Instant) -> ServiceLevel? {
    conversation.wait(at: now).map { ServiceLevel(wait: $0, level: level) }
  }

  /// How many have waited for longer than they should.
  package func overCount(at now: Instant) -> Int {
    conversations.values.count { serviceLevel(of: $0, at: now) == .over }
  }

  /// Takes in those of another shard.
  package mutating func merge(_ other: WaitingBook) {
    for conversation in other.conversations.values { conversations[conversation.id] = conversation }
    leftOut += other.leftOut
    level = min(level, other.level)
    page = [page, other.page].compactMap(\.self).min { $0.since < $1.since }
  }
}
