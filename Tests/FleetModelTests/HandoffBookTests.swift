import FleetModel
import Testing

/// What events make of conversations that are to change hands.
@Suite struct HandoffBookTests {
  private let start = Instant(milliseconds: 1_795_000_000_000)

  private func handoff(_ id: String = "c-1", by agent: AgentID = "sales-1", at seconds: Int64 = 0) throws -> Handoff {
    Handoff(id: try #require(Handoff.ID(id)), agent: agent, since: start + .seconds(seconds))
  }

  private func offered(_ agents: [AgentID], _ id: String = "c-1") throws -> Handoff {
    var handoff = try handoff(id)
    for (number, agent) in agents.enumerated() {
      handoff.fail("refused")
      handoff.offers.append(.init(agent: agent, command: CommandID("\(number)"), until: start + .seconds(20)))
    }
    return handoff
  }

  @Test func whoHasItHasItWhoeverWasAskedLast() throws {
    var book = HandoffBook()
    let id = try #require(Handoff.ID("c-1"))
    #expect(book.apply(.accepted(id, by: "legal-1", from: "sales-1")) == nil)
    book.set(try handoff())
    // Nobody was asked, and nobody is named.
    #expect(book.apply(.accepted(id, by: nil, from: "sales-1")) == nil && book[id] != nil)
    let two = try offered(["legal-1", "legal-2"])
    for sender in ["sales-1", "legal-1"] as [AgentID] {
      book.set(two)
      let end = book.apply(.accepted(id, by: "legal-1", from: sender))
      #expect(end == .init(two, .accepted(by: "legal-1")) && book.isEmpty)
    }
    // Of who was asked last anybody may say it; without a name it is who says it.
    for (agent, sender) in [("legal-2", "router"), (nil, "sales-1"), (nil, "legal-2")] as [(AgentID?, AgentID)] {
      book.set(two)
      #expect(book.apply(.accepted(id, by: agent, from: sender))?.kind == .accepted(by: "legal-2"))
    }
  }

  /// Whoever is told a second time to give away what it has given away says again who has got it.
  @Test func wordThatIsRepeatedIsNoAnswerToTheNextRequest() throws {
    var book = HandoffBook()
    let id = try #require(Handoff.ID("c-1"))
    book.set(try offered(["legal-1", "legal-2"]))
    #expect(book.apply(.accepted(id, by: "legal-1", from: "sales-1")) != nil)
    #expect(book.apply(.requested(try handoff(by: "legal-1", at: 5))) == nil)
    #expect(book.apply(.accepted(id, by: "legal-1", from: "sales-1")) == nil && book[id]?.agent == "legal-1")
    // It has come further meanwhile.
    #expect(book.apply(.accepted(id, by: "tax-1", from: "legal-1")) != nil)
    #expect(book.apply(.requested(try handoff(by: "tax-1", at: 9))) == nil)
    for (agent, sender) in [
      ("legal-1", "sales-1"), ("tax-1", "legal-1"), (nil, "legal-1"), (nil, "tax-1"),
    ] as [(AgentID?, AgentID)] {
      #expect(book.apply(.accepted(id, by: agent, from: sender)) == nil && book[id]?.agent == "tax-1")
    }
  }

  @Test func nobodyAsksInPlaceOfTheOneThatHasIt() throws {
    var book = HandoffBook()
    let first = try offered(["legal-1"])
    book.set(first)
    #expect(book.apply(.requested(try handoff(by: "mallory", at: 1))) == nil && book[first.id] == first)
    #expect(book.apply(.requested(try handoff(by: "mallory", at: 1)), after: "legal-1") == nil)
    #expect(book[first.id] == first)
    // It was given to that one without vigia's choice.
    #expect(book.apply(.requested(try handoff(by: "tax-1", at: 1)), after: "tax-1") == nil)
    #expect(book[first.id]?.agent == "tax-1")
  }

  @Test func requestThatCannotBeReadChangesNothingOfOneThatStands() throws {
    var book = HandoffBook()
    var first = try offered(["legal-1"])
    first.language = "pt"
    book.set(first)
    var unread = try handoff(at: 1)
    unread.isUnread = true
    #expect(book.apply(.requested(unread)) == nil && book[first.id] == first)
    unread.agent = "legal-1"
    #expect(book.apply(.requested(unread)) == nil && book[first.id]?.isUnread == true)
  }

  @Test func refusalIsOfWhoIsAsked() throws {
    var book = HandoffBook()
    book.set(try offered(["legal-1", "legal-2"]))
    let id = try #require(Handoff.ID("c-1"))
    #expect(book.apply(.refused(id, by: "legal-1", why: "full")) == nil && book[id]?.standing?.agent == "legal-2")
    // Nobody can say whose that is.
    #expect(book.apply(.refused(id, by: nil, why: "full")) == nil && book[id]?.standing?.agent == "legal-2")
    #expect(book.undecided.isEmpty)
    #expect(book.apply(.refused(id, by: "legal-2", why: "full")) == nil && book[id]?.standing == nil)
    #expect(book.undecided.map(\.id) == [id] && book[id]?.faults == "legal-1 refused; legal-2 refused: full")
    #expect(book[id]?.mayAsk == true)
    book.set(try offered(["legal-1"]))
    #expect(book.apply(.refused(id, by: nil, why: "")) == nil && book[id]?.faults == "legal-1 refused")
    book.set(try offered(["a", "b", "c"]))
    #expect(book[id]?.mayAsk == false)
  }

  @Test func requestOnceMoreKeepsWhoWasAskedAndSinceWhen() throws {
    var book = HandoffBook()
    let first = try offered(["legal-1"])
    book.set(first)
    var again = try handoff(at: 9)
    again.summary = "more"
    #expect(book.apply(.requested(again)) == nil)
    #expect(book[first.id]?.since == start && book[first.id]?.summary == "more")
    #expect(book[first.id]?.offers == first.offers)
    // It has got to the one that was asked, and that one asks too.
    #expect(book.apply(.requested(try handoff(by: "legal-1", at: 10))) == nil)
    #expect(book[first.id]?.agent == "legal-1" && book[first.id]?.standing == nil)
    #expect(book[first.id]?.faults == "legal-1 asks again")
  }

  @Test func offersFailByTheClockAndWithTheirAgents() throws {
    var book = HandoffBook()
    book.set(try offered(["legal-1"]))
    book.set(try offered(["legal-2"], "c-2"))
    #expect(book.nextLimit == start + .seconds(20))
    let failed = book.failOffers(at: start + .seconds(19), within: .seconds(20)) {
      $0 == "legal-2" ? "is in trouble" : nil
    }
    #expect(failed.map(\.text) == ["c-2"] && book.undecided.map(\.faults) == ["legal-2 is in trouble"])
    #expect(book.failOffers(at: start + .seconds(20), within: .seconds(20)) { _ in nil }.map(\.text) == ["c-1"])
    #expect(book.undecided.count == 2 && book.nextLimit == nil)
    #expect(book.undecided.first?.faults == "legal-1 said nothing for 20s")
  }

  @Test func fewFailAtOnceAndThoseOfWhichMoreIsKnownNotAtAll() throws {
    var book = HandoffBook()
    for number in 0..<10 { book.set(try offered(["legal-1"], "c-\(number)")) }
    #expect(book.asked == ["legal-1": 10])
    let left = Set(["c-0", "c-1"].compactMap { Handoff.ID($0) })
    var failed: [Handoff.ID] = []
    for count in [4, 4, 0] {
      let some = book.failOffers(at: start + .minutes(1), within: .seconds(20), atMost: 4, besides: left) { _ in nil }
      #expect(some.count == count)
      failed += some
    }
    #expect(Set(failed).count == 8 && left.isDisjoint(with: failed) && book.asked == ["legal-1": 2])
  }

  /// Nobody waits for a day because the clock was set back by one.
  @Test func offerIsOpenForNoLongerThanOneMayBe() throws {
    var book = HandoffBook()
    book.set(try offered(["legal-1"]))
    #expect(book.limitOffers(at: start - .milliseconds(900), within: .seconds(20)).isEmpty)
    #expect(book.nextLimit == start + .seconds(20))
    #expect(book.limitOffers(at: start - .days(1), within: .seconds(20)).map(\.text) == ["c-1"])
    #expect(book.nextLimit == start - .days(1) + .seconds(20))
  }

  @Test func conversationThatIsPassedOnAgainAndAgainIsWornOut() throws {
    var trail = HandoffTrail()
    let id = try #require(Handoff.ID("c-1"))
    for (number, agents) in [("a", "b"), ("b", "c"), ("c", "d")].enumerated() {
      #expect(!trail.isWornOut(id, at: start))
      trail.note(
        try handoff(by: AgentID(agents.0)), takenBy: AgentID(agents.1), at: start + .minutes(Int64(number)))
    }
    #expect(trail.isWornOut(id, at: start + .minutes(2)) && trail.agents(of: id, at: start) == ["a", "b", "c", "d"])
    #expect(!trail.isWornOut(id, at: start + .minutes(12)) && trail.agents(of: id, at: start + .minutes(12)).isEmpty)
    #expect(
      trail.holder(of: id, at: start + .minutes(3)) == "d" && trail.holder(of: id, at: start + .minutes(12)) == nil)
  }

  @Test func whatWasAskedEarlyCountsOnceAndNotLong() throws {
    var early = EarlyRequests()
    let first = try handoff(by: "tax-1", at: 1)
    early.keep(first)
    early.keep(try handoff(by: "mallory", at: 2))
    #expect(early.take(first.id, of: "legal-1", at: start + .seconds(3)) == nil)
    #expect(early.take(first.id, of: "tax-1", at: start + .seconds(11)) == first)
    #expect(early.take(first.id, of: "tax-1", at: start + .seconds(11)) == nil)
    #expect(early.take(first.id, of: "mallory", at: start + .seconds(13)) == nil, "that is too long ago")
    early.keep(first)
    #expect(early.take(first.id, of: "tax-1", at: start - .hours(1)) == nil, "the clock was set back")
    // It asks once more, and says more.
    var again = try handoff(by: "tax-1", at: 2)
    again.summary = "more"
    for request in [first, again] { early.keep(request) }
    #expect(early.take(first.id, of: "tax-1", at: start + .seconds(3)) == again)
    #expect(early.take(first.id, of: "tax-1", at: start + .seconds(3)) == nil)
    // What is dropped is of one conversation, and may be of one agent.
    for (id, agent) in [("c-1", "tax-1"), ("c-1", "legal-1"), ("c-2", "tax-1")] {
      early.keep(try handoff(id, by: AgentID(agent), at: 2))
    }
    early.drop(first.id, of: "tax-1")
    #expect(early.take(first.id, of: "tax-1", at: start + .seconds(3)) == nil && early.holds(first.id))
    early.drop(first.id)
    #expect(early.take(first.id, of: "legal-1", at: start + .seconds(3)) == nil && !early.holds(first.id))
    let other = try #require(Handoff.ID("c-2"))
    #expect(early.take(other, of: "tax-1", at: start + .seconds(3)) != nil)
    // Many others make room for themselves, and not more.
    for number in 0..<65 { early.keep(try handoff("c\(number)", by: "tax-1", at: 1)) }
    let (oldest, next) = (try #require(Handoff.ID("c0")), try #require(Handoff.ID("c1")))
    #expect(early.take(oldest, of: "tax-1", at: start) == nil && early.take(next, of: "tax-1", at: start) != nil)
  }

  @Test func fewAreRememberedOfOneAndOfAll() throws {
    var trail = HandoffTrail()
    let id = try #require(Handoff.ID("c-1"))
    for number in 0..<5000 {
      trail.note(try handoff(by: "sales-1"), takenBy: AgentID("a\(number)"), at: start + .milliseconds(Int64(number)))
    }
    let now = start + .minutes(3)
    #expect(trail.agents(of: id, at: now) == ["sales-1", "a0", "a1", "a2"] && trail.isWornOut(id, at: now))
    #expect(trail.holder(of: id, at: now) == "a4999")
    for number in 0..<1024 {
      trail.note(try handoff("c\(number)"), takenBy: "b", at: now + .milliseconds(Int64(number)))
    }
    // The one that moved longest ago has made room.
    #expect(trail.agents(of: id, at: now).isEmpty)
    for text in ["c0", "c1023"] {
      #expect(trail.agents(of: try #require(Handoff.ID(text)), at: now + .minutes(1)) == ["sales-1", "b"])
    }
    // The clock was set back by an hour.
    #expect(trail.agents(of: try #require(Handoff.ID("c0")), at: now - .hours(1)).isEmpty)
  }

  @Test func whatFindsNoRoomIsGivenUpAtOnce() throws {
    var book = HandoffBook()
    for number in 0..<HandoffBook.most { #expect(book.apply(.requested(try handoff("c\(number)"))) == nil) }
    let late = try handoff("late")
    #expect(
      book.apply(.requested(late)) == .init(late, .givenUp(why: "512 conversations change hands already")))
    #expect(book[late.id] == nil)
    #expect(
      book.apply(.settled(try #require(Handoff.ID("c0")), .conversationEnded))?.kind == .settled(.conversationEnded))
    #expect(book.apply(.requested(late)) == nil && book[late.id] != nil)
  }

  @Test func proposalIsKeptUntilAnAgentHasTheConversation() throws {
    let start = Instant.epoch + .seconds(100)
    let asked = Handoff(id: try #require(Handoff.ID("c-9")), agent: "sales-1", since: start)
    func take(_ agent: AgentID?, from sender: AgentID, after seconds: Int64 = 1) -> [AgentID] {
      var proposed = ProposedHandoffs()
      proposed.note(asked, "legal-2", at: start)
      let taken = proposed.take(asked.id, by: agent, from: sender, at: start + .seconds(seconds))
      #expect(proposed.holds(asked.id) == (taken == nil))
      return taken.map { [$0.holder, $0.taker] } ?? []
    }
    #expect(take("legal-3", from: "sales-1") == ["sales-1", "legal-3"])
    #expect(take(nil, from: "sales-1") == ["sales-1", "legal-2"] && take(nil, from: "tax-1") == ["sales-1", "tax-1"])
    #expect(take("sales-1", from: "sales-1").isEmpty && take("legal-2", from: "tax-1").isEmpty)
    #expect(take("legal-2", from: "sales-1", after: 601).isEmpty)
  }

  @Test func proposalStandsUntilItIsRefusedOrOld() throws {
    let start = Instant.epoch + .seconds(100)
    var asked = Handoff(id: try #require(Handoff.ID("c-9")), agent: "sales-1", since: start)
    var proposed = ProposedHandoffs()
    proposed.note(asked, "legal-2", at: start)
    asked.since = start + .seconds(5)
    #expect(proposed.says(asked, "legal-2", at: start + .seconds(600)))
    #expect(!proposed.says(asked, "legal-2", at: start + .seconds(601)) && !proposed.says(asked, "legal-3", at: start))
    #expect(proposed.holder(of: asked.id, besides: "tax-1", at: start) == "sales-1")
    #expect(proposed.holder(of: asked.id, besides: "sales-1", at: start) == nil)
    #expect(proposed.holder(of: asked.id, besides: "legal-2", at: start) == nil)
    proposed.refuse(asked.id, by: "legal-3")
    #expect(proposed.says(asked, "legal-2", at: start))
    asked.summary = "asks for more"
    #expect(!proposed.says(asked, "legal-2", at: start))
    asked.summary = ""
    proposed.refuse(asked.id, by: nil)
    #expect(!proposed.says(asked, "legal-2", at: start))
    var waits = WaitingConversation(id: asked.id, agent: "sales-1", since: start)
    waits.proposed = .init(agent: "legal-2", why: "")
    proposed.adopt(waits, at: start + .seconds(1))
    #expect(!proposed.says(asked, "legal-2", at: start), "what was heard here counts")
    proposed.drop(asked.id)
    proposed.adopt(waits, at: start + .seconds(1))
    #expect(proposed.says(asked, "legal-2", at: start + .seconds(1)))
  }
}
