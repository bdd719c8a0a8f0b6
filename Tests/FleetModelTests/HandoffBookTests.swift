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
    #expect(book.apply(.accepted(id, by: "legal-1")) == nil)
    book.set(try handoff())
    // Nobody was asked, and nobody is named.
    #expect(book.apply(.accepted(id, by: nil)) == nil && book[id] != nil)
    let two = try offered(["legal-1", "legal-2"])
    book.set(two)
    #expect(book.apply(.accepted(id, by: "legal-1")) == .init(two, .accepted(by: "legal-1")) && book.isEmpty)
    book.set(two)
    #expect(book.apply(.accepted(id, by: nil))?.kind == .accepted(by: "legal-2"))
  }

  @Test func refusalIsOfWhoIsAsked() throws {
    var book = HandoffBook()
    book.set(try offered(["legal-1", "legal-2"]))
    let id = try #require(Handoff.ID("c-1"))
    #expect(book.apply(.refused(id, by: "legal-1", why: "full")) == nil && book[id]?.standing?.agent == "legal-2")
    #expect(book.undecided.isEmpty)
    #expect(book.apply(.refused(id, by: nil, why: "full")) == nil && book[id]?.standing == nil)
    #expect(book.undecided.map(\.id) == [id] && book[id]?.faults == "legal-1 refused; legal-2 refused: full")
    #expect(book[id]?.mayAsk == true)
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
    for number in 0..<5000 {
      trail.note(try handoff("c\(number)"), takenBy: "b", at: start + .minutes(3))
    }
    #expect(trail.agents(of: try #require(Handoff.ID("c4999")), at: start + .minutes(4)) == ["sales-1", "b"])
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
}
