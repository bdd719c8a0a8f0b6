import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What events say of conversations that wait for a person stands in Redis once, whoever leads.
@Suite(.threaded) struct WaitingDeskTests {
  private let scene: WaitingScene

  init() throws { scene = try WaitingScene() }

  @Test func conversationIsKeptFromItsFirstEventToItsEnd() throws {
    try scene.start()
    try scene.event(
      "agent.waiting", "c-1",
      ["skill": "refunds", "language": "pt", "summary": "charged\u{1B}twice", "last_lines": ["user: help"]])
    let known = try #require(try scene.wait { !$0.isEmpty }.oldest)
    #expect(known.id.text == "c-1" && known.agent == "agent-7" && known.hand == nil)
    #expect(known.skill == "refunds" && known.language == "pt" && known.summary == "charged twice")
    let now = try scene.handlers.now()
    #expect(known.lines == ["user: help"] && known.since <= now)
    let revision = try #require(try scene.server.call("HGET", scene.keys.cursor, Keys.waitingRevision).text)
    try scene.event("agent.person_accepted", "c-1", ["person": "ana"])
    try scene.wait { $0.oldest == nil && !$0.isEmpty }
    #expect(try scene.conversation("c-1")?.hand?.by == "ana")
    #expect(try scene.server.call("HGET", scene.keys.cursor, Keys.waitingRevision).text != revision)
    try scene.event("agent.conversation_ended", "c-1")
    try scene.server.wait {
      (try? scene.server.call("EXISTS", scene.keys.waiting, scene.keys.waitingState)) == .integer(0)
    }
  }

  @Test func returnedConversationMayWaitAgain() throws {
    try scene.start()
    try scene.event("agent.waiting", "c-1")
    try scene.event("agent.person_accepted", "c-1", ["person": "ana"])
    try scene.event("agent.person_returned", "c-1")
    try scene.event("agent.waiting", "c-1", ["summary": "again"])
    try scene.server.wait { (try? scene.conversation("c-1"))??.summary == "again" }
    #expect(try scene.conversation("c-1")?.hand == nil)
  }

  /// Most conversations end without a person.
  @Test func fleetThatNobodyWaitsInPaysNothing() throws {
    try scene.start()
    try scene.event("agent.conversation_ended", "c-1")
    try scene.event("agent.person_accepted", "c-2", ["person": "ana"])
    try scene.event("agent.waiting", "")
    try scene.event("agent.handoff_requested", "c-3")
    try scene.server.wait { (try? scene.handlers.cursorIsAtEnd()) == true }
    #expect(try scene.server.call("EXISTS", scene.keys.waiting, scene.keys.waitingState) == .integer(0))
    for field in [Keys.waitingRevision, WaitingDesk.placeField(scene.keys)] {
      #expect(try scene.server.call("HEXISTS", scene.keys.cursor, field) == .integer(0))
    }
  }

  @Test func bookIsBoundedAndSaysHowManyFoundNoRoom() throws {
    try scene.start()
    try scene.fill(WaitingBook.most + 2)
    try scene.wait { $0.leftOut == 2 && $0.conversations.count == WaitingBook.most }
    try scene.event("agent.conversation_ended", "c0")
    try scene.wait { $0.conversations.count == WaitingBook.most - 1 }
    try scene.event("agent.waiting", "late")
    try scene.server.wait { (try? scene.conversation("late")) ?? nil != nil }
  }

  @Test func garbageIsTakenOutAndTheRestGoesOn() throws {
    for field in ["", "x", "y", String(repeating: "z", count: 500)] {
      _ = try scene.server.call("HSET", scene.keys.waiting, field, "{")
    }
    _ = try scene.server.call("SET", scene.keys.waitingState, "{")
    _ = try scene.server.call("HSET", scene.keys.cursor, WaitingDesk.placeField(scene.keys), "soon")
    try scene.start()
    try scene.event("agent.waiting", "x", ["summary": "real"])
    try scene.server.wait {
      (try? scene.server.call("HKEYS", scene.keys.waiting).elements?.compactMap(\.text)) == ["x"]
    }
    #expect(try scene.conversation("x")?.summary == "real")
    #expect(try scene.book().level == .hours(1))
  }

  @Test func levelOfNewSettingsIsTold() throws {
    let handler = try scene.start()
    try scene.event("agent.waiting", "c-1")
    try scene.wait { $0.level == .hours(1) && !$0.isEmpty }
    var options = handler.options
    options.waiting.level = .minutes(7)
    handler.apply(options)
    try scene.wait { $0.level == .minutes(7) }
  }

  @Test func oneIsTooLateByTheLevelOfItsSkill() throws {
    let handler = try scene.start()
    try scene.event("agent.waiting", "law", ["skill": "law"])
    try scene.event("agent.waiting", "refund", ["skill": "refunds-eu"])
    try scene.waitFor("refund")
    #expect(try scene.book().page == nil)
    var options = handler.options
    let skill = try #require(Glob("refunds*"))
    options.waiting.levels = WaitingLevels(usual: .hours(1), [.init(skill: skill, level: .milliseconds(50))])
    handler.apply(options)
    let book = try scene.wait { $0.page != nil }
    let now = try scene.handlers.now()
    #expect(book.levels == options.waiting.levels && book.overCount(at: now) == 1)
    let line = try #require(try scene.handlers.audit().first { $0.action == "waiting" })
    #expect(line.detail.hasPrefix("1 conversation waits for a person for longer than "), "\(line.detail)")
    #expect(line.detail.contains("; refund of agent-7 has waited for "), "\(line.detail)")
    // What is left waits for its own level.
    try scene.event("agent.conversation_ended", "refund")
    try scene.wait { $0.page == nil && !$0.isEmpty }
  }

  // MARK: Takeover

  @Test func successorKnowsWhoWaitsAndWhoHasTakenWhat() throws {
    let first = try scene.start()
    try scene.event("agent.waiting", "c-1", ["summary": "one"])
    try scene.event("agent.waiting", "c-2")
    try scene.waitFor("c-1")
    try scene.waitFor("c-2")
    #expect(try scene.send(.take, "c-1").hasPrefix("succeeded: c-1 taken after "))
    let before = try scene.book()
    try scene.kill(first)
    try scene.start("h2")
    #expect(try scene.send(.take, "c-1", by: "bob@ops").hasSuffix("c-1 is already taken by ana@ops"))
    #expect(try scene.book() == before)
    try scene.event("agent.person_returned", "c-1")
    try scene.wait { $0.conversations.count == 1 }
  }

  /// The cursor has passed the event, and Redis refused what it says: whoever leads next takes it.
  @Test func whatCouldNotBeWrittenIsTakenByTheNextHandler() throws {
    _ = try scene.server.call("SET", scene.keys.waiting, "no hash")
    let first = try scene.start()
    let entry = try scene.event("agent.waiting", "c-1", ["summary": "late"])
    try scene.event("agent.feedback", "c-9")
    try scene.server.wait { (try? scene.handlers.cursorIsAtEnd()) == true }
    let reports = EventSaver.reportField(scene.keys)
    #expect(try scene.server.call("HGET", scene.keys.cursor, reports).text == entry)
    try scene.kill(first)
    _ = try scene.server.call("DEL", scene.keys.waiting)
    try scene.start("h2")
    try scene.waitFor("c-1")
    #expect(try scene.conversation("c-1")?.summary == "late")
    // And it is held back no longer.
    try scene.server.wait { (try? scene.server.call("HEXISTS", scene.keys.cursor, reports)) == .integer(0) }
  }

  @Test func handlerThatEndsBetweenTwoStepsLosesNothingAndBringsNothingBack() throws {
    try scene.fill(200)
    for number in 0..<100 { try scene.event("agent.conversation_ended", "c\(number)") }
    _ = try scene.server.call("HSET", scene.keys.cursor, scene.keys.events, "0-0")
    let first = try scene.start()
    try scene.server.wait { (try? scene.server.call("HLEN", scene.keys.waiting).integer) ?? 0 > 0 }
    try scene.kill(first)
    try scene.start("h2")
    let expected = Set((100..<200).map { "c\($0)" })
    try scene.wait { Set($0.conversations.keys.map(\.text)) == expected }
    try scene.server.wait { (try? scene.handlers.cursorIsAtEnd()) == true }
    #expect(Set(try scene.book().conversations.keys.map(\.text)) == expected)
  }

  /// A handler that comes back reads no event a second time that stands in the book.
  @Test func closedConversationDoesNotComeBackByTheEventThatBroughtIt() throws {
    let first = try scene.start()
    let entry = try scene.event("agent.waiting", "c-1")
    try scene.waitFor("c-1")
    #expect(try scene.send(.closeConversation, "c-1") == "succeeded: c-1 closed")
    try scene.kill(first)
    // As if the cursor had not been saved.
    let before = "\(entry.split(separator: "-")[0])-0"
    _ = try scene.server.call("HSET", scene.keys.cursor, scene.keys.events, before == entry ? "0-0" : before)
    try scene.start("h2")
    try scene.event("agent.waiting", "c-2")
    try scene.waitFor("c-2")
    #expect(try scene.conversation("c-1") == nil)
  }
}
