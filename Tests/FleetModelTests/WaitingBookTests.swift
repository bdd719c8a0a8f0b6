import FleetModel
import Testing

/// Which conversations wait for a person, and for how long.
@Suite struct WaitingBookTests {
  private func time(_ seconds: Int64) -> Instant { Instant(milliseconds: 1_763_000_000_000 + seconds * 1000) }

  private func id(_ text: String) throws -> WaitingConversation.ID { try #require(WaitingConversation.ID(text)) }

  private func waits(_ text: String, since seconds: Int64, summary: String = "") throws -> WaitingNews {
    var conversation = WaitingConversation(id: try id(text), agent: "agent-7", since: time(seconds))
    conversation.summary = summary
    return .waits(conversation)
  }

  @Test func longestWaitComesFirstAndWhatIsTakenLast() throws {
    var book = WaitingBook()
    for news in [
      try waits("b", since: 20), try waits("a", since: 20), try waits("c", since: 10), try waits("d", since: 5),
      .taken(try id("d"), .init(by: "ana", at: time(30))),
    ] { book.apply(news) }
    #expect(book.longestFirst.map(\.id.text) == ["c", "a", "b", "d"])
    #expect(book.oldest?.id.text == "c" && book.waitingCount == 3)
  }

  @Test func secondEventChangesWhatIsKnownAndNeitherTheBeginningNorWhoHasIt() throws {
    var book = WaitingBook()
    book.apply(try waits("c", since: 10, summary: "first"))
    book.apply(.taken(try id("c"), .init(by: "ana", at: time(15))))
    book.apply(try waits("c", since: 60, summary: "second"))
    let conversation = try #require(book[try id("c")])
    #expect(conversation.since == time(10) && conversation.summary == "second" && conversation.hand?.by == "ana")
  }

  @Test func proposalIsTheOneOfTheLastEventAndStandsUntilAPersonHasIt() throws {
    func proposes(_ agent: AgentID?) throws -> WaitingNews {
      var conversation = WaitingConversation(id: try id("c"), agent: "agent-7", since: time(10))
      conversation.proposed = agent.map { .init(agent: $0, why: "pt") }
      return .waits(conversation)
    }
    var book = WaitingBook()
    for agent in ["legal-1", "legal-2", nil, "legal-3"] as [AgentID?] {
      book.apply(try proposes(agent))
      let found = book[try id("c")]?.standingProposal?.agent
      #expect(found == agent)
    }
    book.apply(.taken(try id("c"), .init(by: "ana", at: time(15))))
    let taken = try #require(book[try id("c")])
    #expect(taken.standingProposal == nil && taken.proposed?.agent == "legal-3")
  }

  @Test func proposalEndsIfThatAgentDoesNotTakeTheConversation() throws {
    var conversation = WaitingConversation(id: try id("c"), agent: "agent-7", since: time(10))
    conversation.proposed = .init(agent: "legal-2", why: "pt")
    for (agent, stands) in [("legal-1", true), ("legal-2", false), (nil, false)] as [(AgentID?, Bool)] {
      var book = WaitingBook()
      book.set(conversation)
      #expect(try book.apply(.refused(id("c"), by: agent)) == nil)
      #expect(try (book[id("c")]?.proposed != nil) == stands, "\(agent?.description ?? "")")
    }
    var book = WaitingBook()
    #expect(try book.apply(.refused(id("c"), by: nil)) == nil && book.isEmpty)
  }

  @Test func answerToACommandLeavesTheMomentAndAnotherPersonTakesOver() throws {
    var book = WaitingBook()
    book.apply(try waits("c", since: 10))
    for (by, seconds) in [("ana", 20), ("ana", 25)] as [(String, Int64)] {
      book.apply(.taken(try id("c"), .init(by: by, at: time(seconds))))
    }
    let first = book[try id("c")]?.hand
    #expect(first == .init(by: "ana", at: time(20)))
    book.apply(.taken(try id("c"), .init(by: "bob", at: time(30))))
    let second = book[try id("c")]?.hand
    #expect(second?.by == "bob")
  }

  /// An agent that is told again to give away what it has given away repeats who has got it.
  @Test func conversationGoesToAnotherAgentAndIsNotTakenOffByARepeatedWord() throws {
    var book = WaitingBook()
    book.apply(try waits("c", since: 10))
    let (id, holder) = (try id("c"), try #require(book[try id("c")]?.agent))
    for (to, sender) in [(holder, "sales-1"), ("legal-1", "sales-1"), (holder, holder)] as [(AgentID, AgentID)] {
      book.apply(.moved(id, to: to, from: sender))
      #expect(book[id] != nil, "\(to), \(sender)")
    }
    for (to, sender) in [("legal-1", holder), ("legal-1", "legal-1"), (nil, holder)] as [(AgentID?, AgentID)] {
      book.apply(.moved(id, to: to, from: sender))
      #expect(book[id] == nil)
      book.apply(try waits("c", since: 10))
    }
  }

  @Test func whatDoesNotWaitIsNeitherTakenNorReturned() throws {
    var book = WaitingBook()
    book.apply(.taken(try id("c"), .init(by: "ana", at: time(1))))
    book.apply(.returned(try id("c")))
    book.apply(.ended(try id("c")))
    #expect(book == WaitingBook())
  }

  @Test func newsSayWhatBecomesOfOneThatWaits() throws {
    var book = WaitingBook()
    func hand(_ person: String) -> WaitingConversation.Hand { WaitingConversation.Hand(by: person, at: time(9)) }
    #expect(try book.apply(.ended(id("a"))) == nil && book.apply(.taken(id("a"), hand("ana"))) == nil)
    for name in ["a", "b", "c"] { #expect(try book.apply(waits(name, since: 0)) == nil) }
    #expect(try book.apply(.taken(id("a"), hand("ana"))) == .taken)
    #expect(try book.apply(.taken(id("a"), hand("ana"))) == nil)
    #expect(try book.apply(.returned(id("a"))) == .handedBack && book.apply(.returned(id("a"))) == nil)
    let holder = try #require(try book[id("b")]).agent
    #expect(try book.apply(.moved(id("b"), to: holder, from: holder)) == nil)
    #expect(try book.apply(.moved(id("b"), to: "agent-8", from: holder)) == .handedOver)
    #expect(try book.apply(.ended(id("c"))) == .ended && book.isEmpty)
  }

  /// Whoever counts what was taken counts a conversation once.
  @Test func conversationIsTakenOnceHoweverManyPeopleHaveIt() throws {
    var book = WaitingBook()
    book.apply(try waits("c", since: 0))
    let said: [(by: String, WaitingOutcome?, holder: String)] = [
      ("a person", .taken, "a person"), ("a person", nil, "a person"), ("ana", nil, "ana"), ("a person", nil, "ana"),
      ("bob", nil, "bob"),
    ]
    for (by, outcome, holder) in said {
      #expect(try book.apply(.taken(id("c"), .init(by: by, at: time(9)))) == outcome, "\(by)")
      #expect(try book[id("c")]?.hand?.by == holder, "\(by)")
    }
  }

  @Test func moreThanThereIsRoomForIsCountedUntilTheBookIsEmpty() throws {
    var book = WaitingBook()
    for number in 0..<WaitingBook.most + 3 { book.apply(try waits("c\(number)", since: Int64(number))) }
    #expect(book.conversations.count == WaitingBook.most && book.leftOut == 3 && book.isFull)
    // One that is known has its room.
    book.apply(try waits("c0", since: 0, summary: "more"))
    let known = book[try id("c0")]
    #expect(book.leftOut == 3 && known?.summary == "more")
    for number in 0..<WaitingBook.most { book.apply(.ended(try id("c\(number)"))) }
    #expect(book.isEmpty && book.leftOut == 0)
  }

  @Test(
    arguments: [
      (0, .ok), (224, .ok), (225, .near), (299, .near), (300, .over), (10_000, .over),
    ] as [(Int64, ServiceLevel)])
  func stateFollowsFromTheLevel(_ seconds: Int64, _ state: ServiceLevel) {
    #expect(ServiceLevel(wait: .seconds(seconds), level: .minutes(5)) == state)
  }

  @Test func takenOneHasNoServiceLevelAndTheFutureNoWait() throws {
    var book = WaitingBook(level: .minutes(1))
    book.apply(try waits("a", since: 0))
    book.apply(try waits("b", since: 1000))
    #expect(book.overCount(at: time(100)) == 1)
    let later = try #require(book[try id("b")])
    #expect(later.wait(at: time(0)) == .zero)
    book.apply(.taken(try id("a"), .init(by: "ana", at: time(50))))
    #expect(book.overCount(at: time(100)) == 0)
    let taken = try #require(book[try id("a")])
    #expect(book.serviceLevel(of: taken, at: time(100)) == nil)
  }

  /// Two spellings of a letter are two ids, as they are to Redis.
  @Test func idsAreComparedByTheirBytesAndAreNeverCut() throws {
    let (composed, decomposed) = (try id("é"), try id("e\u{301}"))
    #expect(composed != decomposed)
    #expect(WaitingConversation.ID("") == nil)
    #expect(WaitingConversation.ID(String(repeating: "x", count: WaitingConversation.ID.mostBytes + 1)) == nil)
  }

  // MARK: Levels of skills

  private func waits(_ text: String, since seconds: Int64, skill: String) throws -> WaitingNews {
    var conversation = WaitingConversation(id: try id(text), agent: "agent-7", since: time(seconds))
    conversation.skill = skill
    return .waits(conversation)
  }

  private func levels(_ usual: TimeSpan, _ entries: (String, TimeSpan)...) -> WaitingLevels {
    let entries = entries.compactMap { skill, level in
      Glob(skill).map { WaitingLevels.Entry(skill: $0, level: level) }
    }
    return WaitingLevels(usual: usual, entries)
  }

  @Test func firstEntryThatFitsTheSkillCounts() {
    let levels = self.levels(.minutes(5), ("refunds*", .minutes(2)), ("refunds-vip", .minutes(1)), ("law", .hours(1)))
    #expect(levels.level(of: "refunds-vip") == .minutes(2) && levels.level(of: "law") == .hours(1))
    #expect(levels.level(of: "lawyer") == .minutes(5) && levels.level(of: "") == .minutes(5))
    #expect(levels.words == "levels 1m to 1h" && WaitingLevels(usual: .minutes(5)).words == "level 5m")
    let many = Array(repeating: levels.entries[0], count: WaitingLevels.mostEntries + 1)
    #expect(WaitingLevels(many).entries.count == WaitingLevels.mostEntries)
  }

  @Test func conversationsAreJudgedByTheLevelOfTheirSkill() throws {
    var book = WaitingBook(level: .minutes(5))
    book.apply(try waits("law", since: 0, skill: "law"))
    book.apply(try waits("refund", since: 100, skill: "refunds-eu"))
    #expect(book.overCount(at: time(310)) == 1)
    // Those that are known get the new levels, too.
    book.setLevels(levels(.minutes(5), ("refunds*", .minutes(3)), ("law", .hours(1))))
    book.apply(try waits("other", since: 60, skill: "sales"))
    let states = book.longestFirst.map { book.serviceLevel(of: $0, at: time(310)) }
    #expect(book.longestFirst.map(\.id.text) == ["law", "other", "refund"] && states == [.ok, .near, .over])
    #expect(book.overCount(at: time(310)) == 1)
    // More may be known of one later.
    book.apply(try waits("other", since: 60, skill: "refunds"))
    #expect(book.overCount(at: time(310)) == 2)
  }

  @Test func mostUrgentHasWaitedForTheLargestShareOfItsLevel() throws {
    var book = WaitingBook(level: .minutes(5))
    #expect(book.mostUrgent(at: time(0)) == nil)
    book.apply(try waits("b", since: 0, skill: "law"))
    book.apply(try waits("a", since: 0, skill: "law"))
    book.apply(try waits("c", since: 100, skill: "refunds"))
    #expect(book.mostUrgent(at: time(200)) == book.oldest && book.oldest?.id.text == "a")
    // Nobody waits from the future on: then the first of them is it.
    #expect(book.mostUrgent(at: time(-10)) == book.oldest)
    book.setLevels(levels(.minutes(5), ("refunds", .minutes(1))))
    #expect(book.mostUrgent(at: time(200))?.id.text == "c")
    book.apply(.taken(try id("c"), .init(by: "ana", at: time(200))))
    #expect(book.mostUrgent(at: time(200))?.id.text == "a")
  }

  /// The handlers of shards may have read other settings.
  @Test func conversationOfAnotherShardKeepsItsLevel() throws {
    var (first, second) = (WaitingBook(level: .minutes(5)), WaitingBook(level: .minutes(5)))
    second.setLevels(levels(.minutes(10), ("law", .hours(1))))
    first.apply(try waits("a", since: 0, skill: "law"))
    second.apply(try waits("b", since: 0, skill: "law"))
    first.merge(second)
    #expect(first.overCount(at: time(600)) == 1 && first.level == .minutes(5))
    #expect(first.mostUrgent(at: time(600))?.id.text == "a" && first.levels.words == "levels 5m to 1h")
  }

  /// Where nobody waits nothing says which levels hold.
  @Test func levelsOfAShardWhereNobodyWaitsDoNotCount() throws {
    var full = WaitingBook()
    full.setLevels(levels(.minutes(10), ("law", .hours(1))))
    full.apply(try waits("a", since: 0, skill: "refunds"))
    var (merged, other) = (full, WaitingBook())
    merged.merge(WaitingBook())
    other.merge(full)
    #expect(merged.levels == full.levels && other.levels == full.levels)
  }

  @Test func shardsOfOtherSettingsHaveSeveralLevels() throws {
    var (first, second) = (WaitingBook(level: .minutes(5)), WaitingBook(level: .minutes(3)))
    first.apply(try waits("a", since: 0))
    #expect(!first.hasSeveralLevels)
    second.apply(try waits("b", since: 0))
    first.merge(second)
    #expect(first.hasSeveralLevels && first.levels.words == "levels 3m to 5m")
    var third = WaitingBook(level: .minutes(4))
    third.apply(try waits("c", since: 0))
    first.merge(third)
    #expect(first.levels.words == "levels 3m to 5m")
    var same = WaitingBook(level: .minutes(3))
    same.apply(try waits("d", since: 0))
    second.merge(same)
    #expect(!second.hasSeveralLevels && second.levels == same.levels && second.levels.words == "level 3m")
  }

  @Test func shardsAreAddedUp() throws {
    var (first, second) = (WaitingBook(level: .minutes(5)), WaitingBook(level: .minutes(3)))
    first.apply(try waits("a", since: 20))
    second.apply(try waits("b", since: 10))
    (first.leftOut, second.leftOut) = (1, 2)
    first.page = .init(since: time(9))
    second.page = .init(since: time(4))
    first.merge(second)
    #expect(first.longestFirst.map(\.id.text) == ["b", "a"] && first.leftOut == 3)
    #expect(first.level == .minutes(3) && first.page?.since == time(4))
  }
}
