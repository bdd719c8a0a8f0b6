import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Answers that come late, twice or from the wrong one end nothing that they are not about.
@Suite(.threaded) struct HandoffAnswersTests {
  private let scene: HandoffScene

  init() throws { scene = try HandoffScene() }

  /// Waits until all that was published before has been taken.
  private func settle(_ id: String) throws {
    try scene.request(id)
    try scene.server.wait { (try? scene.handoff(id))??.standing != nil }
  }

  @Test func repeatedAcceptanceEndsNeitherTheNextRequestNorTheWaitForAPerson() throws {
    try scene.start()
    for number in 1...2 { try scene.specialist(AgentID("legal-\(number)"), open: number, of: 50) }
    try scene.request("c-1")
    try scene.waitForOffer("c-1", to: "legal-1")
    try scene.accept("c-1", "legal-1")
    try scene.waitForEnd()
    try scene.request("c-1", by: "legal-1")
    try scene.waitForOffer("c-1", to: "legal-2")
    // Told once more to give it away, the first one says again who has got it.
    try scene.accept("c-1", "legal-1")
    try settle("c-2")
    #expect(try scene.handoff("c-1")?.standing?.agent == "legal-2")
    try scene.refuse("c-1", "legal-2", by: "legal-1")
    try scene.server.wait { (try? scene.waiting().oldest?.agent) == "legal-1" }
    try scene.accept("c-1", "legal-1")
    try scene.event("agent.waiting", "sales-2", ["conversation_id": "c-3"])
    try scene.server.wait { (try? scene.waiting().conversations.count) == 2 }
    #expect(try scene.waiting().longestFirst.contains { $0.id.text == "c-1" })
    // Another one has it after all.
    try scene.accept("c-1", "legal-2", by: "legal-1")
    try scene.server.wait { (try? scene.waiting().longestFirst.map(\.id.text)) == ["c-3"] }
  }

  @Test func agentThatNeverHadAConversationDoesNotTakeItsRequestAway() throws {
    try scene.start()
    try scene.specialist("legal-1", of: 50)
    try scene.request("c-1")
    try scene.waitForOffer("c-1", to: "legal-1")
    try scene.request("c-1", by: "mallory")
    try settle("c-2")
    let handoff = try #require(try scene.handoff("c-1"))
    #expect(handoff.agent == "sales-1" && handoff.standing?.agent == "legal-1")
  }

  /// An agent asks once more while its conversation waits for a person, and a person takes it meanwhile.
  @Test func conversationThatAPersonHasTakenIsOfferedToNobodyElse() throws {
    try scene.start()
    for number in 1...2 { try scene.specialist(AgentID("legal-\(number)"), open: number, of: 50) }
    try scene.event("agent.waiting", "sales-1", ["conversation_id": "c-1"])
    try scene.server.wait { (try? scene.waiting().conversations.count) == 1 }
    try scene.request("c-1")
    try scene.waitForOffer("c-1", to: "legal-1")
    let taken = try scene.handlers.send(.take, ["sales-1"], ["conversation_id": "c-1"])
    #expect(taken.last?.phase == .succeeded)
    try scene.refuse("c-1", "legal-1")
    try scene.waitForEnd()
    #expect(try scene.told("c-1") == ["sales-1 → legal-1"])
    #expect(try scene.lines("c-1").last?.detail.contains("a person has it") == true)
    #expect(try scene.waiting().conversations.values.map { $0.hand != nil } == [true])
  }

  /// Nobody told the handler that the list has changed.
  @Test func listThatSomebodyElseHasSpoiltHoldsNothingUp() throws {
    try scene.start()
    for number in 1...2 { try scene.specialist(AgentID("legal-\(number)"), open: number, of: 50) }
    try scene.event("agent.waiting", "sales-1", ["conversation_id": "c-1"])
    try scene.server.wait { (try? scene.waiting().conversations.count) == 1 }
    try scene.request("c-1")
    try scene.waitForOffer("c-1", to: "legal-1")
    _ = try scene.server.call("HSET", scene.keys.waiting, "c-1", "{nonsense")
    try scene.refuse("c-1", "legal-1")
    try scene.waitForOffer("c-1", to: "legal-2")
  }

  /// An operator hands a conversation over, and who gets it asks for another agent at once.
  @Test func requestThatComesBeforeTheWordWhoHasItCountsAfterThatWord() throws {
    try scene.start()
    try scene.specialist("legal-1", of: 50)
    try scene.request("c-1")
    try scene.waitForOffer("c-1", to: "legal-1")
    let first = try #require(try scene.handoff("c-1")?.standing)
    for agent in ["tax-1", "mallory"] as [AgentID] { try scene.request("c-1", by: agent) }
    try scene.accept("c-1", "tax-1")
    try scene.server.wait { (try? scene.handoff("c-1"))??.agent == "tax-1" }
    try scene.waitForOffer("c-1", to: "legal-1")
    #expect(try scene.handoff("c-1")?.standing?.command != first.command)
    #expect(try scene.lines("c-1").contains { $0.detail.contains("tax-1 has it after ") })
    // The word that is repeated is no answer to it.
    try scene.accept("c-1", "tax-1")
    try settle("c-2")
    #expect(try scene.handoff("c-1")?.agent == "tax-1" && scene.handoff("c-1")?.standing?.agent == "legal-1")
    try scene.accept("c-1", "legal-1", by: "tax-1")
    try scene.accept("c-2", "legal-1")
    try scene.waitForEnd()
  }

  /// Whether its end is told while its request stands, or once another agent has it.
  @Test(arguments: [false, true]) func requestThatCameEarlyEndsWithItsConversation(isTaken: Bool) throws {
    try scene.start()
    for (agent, open) in [("legal-1", 0), ("legal-2", 9)] { try scene.specialist(AgentID(agent), open: open, of: 50) }
    try scene.request("c-1")
    try scene.waitForOffer("c-1", to: "legal-1")
    try scene.request("c-1", by: "tax-1")
    if isTaken { try scene.accept("c-1", "legal-1") }
    try scene.event("agent.conversation_ended", "legal-1", ["conversation_id": "c-1"])
    try scene.waitForEnd()
    // Another customer's has the same id.
    try scene.request("c-1", by: "sales-2")
    try scene.waitForOffer("c-1", to: isTaken ? "legal-2" : "legal-1")
    try scene.accept("c-1", "tax-1", by: "sales-2")
    try settle("c-2")
    #expect(try scene.handoff("c-1") == nil)
    #expect(try scene.lines("c-1").last?.detail.contains("tax-1 has it after ") == true)
  }

  @Test func whoIsAskedAnswersForWhatItHasAskedEarly() throws {
    try scene.start()
    try scene.specialist("legal-1", of: 50)
    try scene.request("c-1")
    try scene.waitForOffer("c-1", to: "legal-1")
    try scene.request("c-1", by: "legal-2")
    try scene.specialist("legal-2", open: 9, of: 50)
    try scene.refuse("c-1", "legal-1")
    try scene.waitForOffer("c-1", to: "legal-2")
    try scene.accept("c-1", "legal-2")
    try settle("c-2")
    #expect(try scene.handoff("c-1") == nil)
    #expect(try scene.lines("c-1").last?.detail.contains("legal-2 has it after ") == true)
  }

  /// Who reads events late gives nobody the blame for it.
  @Test func offerIsOpenUntilAllIsReadThatMayAnswerIt() throws {
    let handler = try scene.start(within: .seconds(2))
    for number in 1...2 { try scene.specialist(AgentID("legal-\(number)"), open: number) }
    try scene.server.wait { (try? scene.handlers.cursorIsAtEnd()) == true }
    let active = try #require(handler.activeHandler)
    let (judge, reached) = (active.follower.judge, try scene.handlers.now(.seconds(-10)))
    active.handoffs.known = { (judge.health, reached) }
    try scene.request("c-1")
    try scene.waitForOffer("c-1", to: "legal-1")
    try scene.event("agent.deleted", "legal-1", [:])
    let until = try #require(try scene.handoff("c-1")?.standing?.until)
    // The desk has looked at the clock, and at the agent, meanwhile.
    try scene.server.wait { ((try? scene.handlers.now()) ?? .epoch) > until + .milliseconds(700) }
    #expect(try scene.handoff("c-1")?.standing?.agent == "legal-1")
    try scene.accept("c-1", "legal-1")
    try scene.waitForEnd()
    #expect(try scene.lines("c-1").last?.detail.contains("legal-1 has it after ") == true)
    #expect(try scene.told("c-1").count == 1)
  }

  @Test func requestTooLongToBeReadWaitsForAPerson() throws {
    try scene.start()
    try scene.specialist("legal-1")
    let long: JSONValue = .string(String(repeating: "x", count: 70_000))
    try scene.event(
      "agent.handoff_requested", "sales-1", ["conversation_id": "c-1", "language": "de", "context": long])
    try scene.server.wait { (try? scene.waiting().oldest?.id.text) == "c-1" }
    let why = "it waits for a person: what it needs is not known: its request is longer than 65536 bytes"
    #expect(try scene.lines("c-1").last?.detail == "c-1 of sales-1: \(why)")
    #expect(try scene.told("c-1").isEmpty && scene.book().isEmpty)
  }

  /// Rights of an earlier version do not name the key.
  @Test func fleetThatDoesNotUseItKeepsNothingIfRedisDoesNotTellWhatIsInHand() throws {
    _ = try scene.server.call("SET", scene.keys.handoffs, "no hash")
    let handler = try scene.start("h1", .off)
    let active = try #require(handler.activeHandler)
    try scene.server.wait { !active.handoffs.wantsNews }
    for number in 1...3 {
      try scene.request("c-\(number)")
      try scene.accept("c-\(number)", "legal-1")
    }
    try scene.server.wait { (try? scene.handlers.cursorIsAtEnd()) == true }
    #expect(active.handoffs.oldest == nil && !active.handoffs.wantsNews)
    // Nor may everybody pass for a handler once it is on.
    var options = handler.options
    options.handoff.mode = .auto
    handler.apply(options)
    let transfer = try scene.handlers.command(.transfer, ["sales-1"]) { $0.operator = "handler/mallory" }
    try scene.server.wait { !active.session.hasGiven(transfer) }
    try scene.request("c-4")
    try scene.server.wait { active.handoffs.oldest != nil }
    #expect(!active.session.hasGiven(transfer))
  }
}
