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
  package private(set) var levels: WaitingLevels
  /// By each conversation's skill.
  private var levelOf: [WaitingConversation.ID: TimeSpan] = [:]
  /// Nil: nobody was paged, or all is well again.
  package var page: Page?

  package init(level: TimeSpan = WaitingSettings().level) { levels = WaitingLevels(usual: level) }

  /// More conversations than this are not kept.
  package static let most = 256

  package var isEmpty: Bool { conversations.isEmpty }

  package var isFull: Bool { conversations.count >= Self.most }

  /// The longest that one should wait whose skill has no level of its own.
  package var level: TimeSpan { levels.usual }

  /// The longest that a conversation should wait.
  package func level(of conversation: WaitingConversation) -> TimeSpan {
    levelOf[conversation.id] ?? levels.level(of: conversation.skill)
  }

  /// Whether conversations may have other levels than the usual one: skills have their own, or shards go by other settings.
  package var hasSeveralLevels: Bool {
    !levels.entries.isEmpty || conversations.values.contains { level(of: $0) != level }
  }

  package mutating func setLevels(_ levels: WaitingLevels) {
    guard levels != self.levels else { return }
    self.levels = levels
    for conversation in conversations.values { levelOf[conversation.id] = levels.level(of: conversation.skill) }
  }

  package subscript(id: WaitingConversation.ID) -> WaitingConversation? { conversations[id] }

  /// Takes one as it stands in the store; beyond ``most`` it counts as left out.
  package mutating func set(_ conversation: WaitingConversation) {
    guard conversations[conversation.id] != nil || conversations.count < Self.most else {
      leftOut += 1
      return
    }
    conversations[conversation.id] = conversation
    levelOf[conversation.id] = levels.level(of: conversation.skill)
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
      guard let known = conversations[id] else { return nil }
      // The same person's is the answer to a command: that was the moment. One without a name may be that, too.
      if let before = known.hand, before.by == hand.by || !hand.isNamed { return nil }
      conversations[id]?.hand = hand
      // If a person has it from another one, it was taken before.
      return known.hand == nil ? .taken : nil
    case .moved(let id, let to, let sender):
      guard let known = conversations[id],
        to.map({ Handoff.moves(to: $0, from: sender, holder: known.agent) }) ?? true
      else { return nil }
      return remove(id, .handedOver)
    case .returned(let id): return remove(id, .handedBack)
    case .ended(let id): return remove(id, .ended)
    case .refused(let id, let agent):
      guard let known = conversations[id], agent == nil || agent == known.proposed?.agent else { return nil }
      conversations[id]?.proposed = nil
      return nil
    }
  }

  private mutating func remove(_ id: WaitingConversation.ID, _ outcome: WaitingOutcome) -> WaitingOutcome? {
    levelOf[id] = nil
    return conversations.removeValue(forKey: id).map { _ in outcome }
  }

  /// Who waits longest first; behind them those that a person has.
  package var longestFirst: [WaitingConversation] {
    conversations.values.sorted { left, right in
      (left.hand == nil) == (right.hand == nil) ? Self.precedes(left, right) : left.hand == nil
    }
  }

  /// The one that has waited longest of those that nobody has taken.
  package var oldest: WaitingConversation? {
    conversations.values.lazy.filter { $0.hand == nil }.min(by: Self.precedes)
  }

  /// The one of those that nobody has taken that has waited for the largest share of its level. If all have the same level
  /// it is the ``oldest``.
  package func mostUrgent(at now: Instant) -> WaitingConversation? {
    let shares = conversations.values.lazy.compactMap { conversation in
      conversation.wait(at: now).map { wait in
        (conversation, share: Double(wait.milliseconds) / Double(level(of: conversation).milliseconds))
      }
    }
    return shares.max { $0.share == $1.share ? Self.precedes($1.0, $0.0) : $0.share < $1.share }?.0
  }

  private static func precedes(_ left: WaitingConversation, _ right: WaitingConversation) -> Bool {
    left.since == right.since ? ExactText(left.id.text) < ExactText(right.id.text) : left.since < right.since
  }

  /// How many wait, and nobody has taken them.
  package var waitingCount: Int { conversations.values.count { $0.hand == nil } }

  /// How a conversation stands; nil if a person has it.
  package func serviceLevel(of conversation: WaitingConversation, at now: Instant) -> ServiceLevel? {
    conversation.wait(at: now).map { ServiceLevel(wait: $0, level: level(of: conversation)) }
  }

  /// How many have waited for longer than they should.
  package func overCount(at now: Instant) -> Int {
    conversations.values.count { serviceLevel(of: $0, at: now) == .over }
  }

  /// Takes in those of another shard.
  package mutating func merge(_ other: WaitingBook) {
    // Where nobody waits no levels are stored: what such a book has are those of nobody.
    if !other.isEmpty { levels = isEmpty ? other.levels : levels.joined(other.levels) }
    for conversation in other.conversations.values {
      conversations[conversation.id] = conversation
      levelOf[conversation.id] = other.level(of: conversation)
    }
    leftOut += other.leftOut
    page = [page, other.page].compactMap(\.self).min { $0.since < $1.since }
  }
}
