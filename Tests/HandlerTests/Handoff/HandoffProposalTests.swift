import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// A conversation whose agent asks for another one comes to a person at once, with whom the handler would have asked.
@Suite(.threaded) struct HandoffProposalTests {
  private let scene: HandoffScene

  init() throws { scene = try HandoffScene() }

  private func proposed(_ id: String) throws -> WaitingConversation.Proposed? {
    try WaitingConversation.ID(id).flatMap { try scene.waiting()[$0]?.proposed }
  }

  /// Waits until a conversation waits with a proposal.
  private func waitForProposal(_ id: String, of agent: AgentID) throws {
    try scene.server.wait { (try? proposed(id))??.agent == agent }
  }

  /// How often the stream says that a conversation waits.
  private func toldToWait(_ id: String) throws -> Int {
    try scene.handlers.entries(scene.keys.events).count { entry in
      guard let event = try? JSONValue.parse(entry), event["event_type"] == "agent.waiting" else { return false }
      return event["data"]?["conversation_id"]?.text == id
    }
  }

  /// Has the desk take what is asked for and choose nobody, until the handler ends or is given what it knew.
  private func holdChoices(_ handler: HandlerService) throws -> HandoffDesk {
    let desk = try #require(handler.activeHandler).handoffs
    desk.known = { nil }
    return desk
  }

  // MARK: The choice

  @Test func personSeesWhoWouldBeAskedAndWhyAndHandsOver() throws {
    try scene.start("h1", .propose)
    try scene.specialist("legal-1", open: 8, health: 0.99)
    try scene.specialist("legal-2", open: 3, health: 0.97)
    try scene.specialist("legal-3", open: 6, health: 0.97)
    try scene.request("c-1")
    try waitForProposal("c-1", of: "legal-2")
    let waits = try #require(try scene.waiting().oldest)
    let why = "legal, pt, 3 of 8 open, health 0.97; legal-1 had 8 of 8"
    #expect(waits.agent == "sales-1" && waits.proposed == .init(agent: "legal-2", why: why))
    #expect(waits.skill == "legal" && waits.language == "pt" && waits.summary == "asks for a contract")
    #expect(waits.lines == ["user: can I cancel?"] && waits.hand == nil)
    let lines = try scene.lines("c-1").map(\.short)
    #expect(lines == ["proposed: c-1 of sales-1 (legal, pt): proposes legal-2: \(why)"])
    #expect(try scene.book().isEmpty && scene.told("c-1").isEmpty && toldToWait("c-1") == 1)
    #expect(try scene.handlers.entries(scene.keys.commands).isEmpty)
    let outcome = try scene.handlers.send(.transfer, ["sales-1"], ["conversation_id": "c-1", "to": "legal-2"])
    #expect(outcome.last?.phase == .succeeded && outcome.last?.operator == "alice@bastion")
    #expect(try scene.told("c-1") == ["sales-1 → legal-2"])
    try scene.accept("c-1", "legal-2")
    try scene.server.wait { (try? scene.waiting().isEmpty) == true }
    #expect(try scene.lines("c-1").count == 1)
  }

  @Test func nobodyIsProposedIfNobodyCanOrNobodyKnowsWhatIsAskedFor() throws {
    try scene.start("h1", .propose)
    try scene.specialist("legal-1")
    try scene.request("c-1", "law")
    let long: JSONValue = .string(String(repeating: "x", count: 70_000))
    try scene.event("agent.handoff_requested", "sales-1", ["conversation_id": "c-2", "context": long])
    try scene.server.wait { (try? scene.waiting().conversations.count) == 2 }
    #expect(try scene.waiting().conversations.values.allSatisfy { $0.proposed == nil })
    let ends = try ["c-1", "c-2"].map { try #require(try scene.lines($0).last?.short) }
    #expect(ends[0].hasSuffix("it waits for a person: nobody healthy is there for law, pt"))
    #expect(ends[1].contains("it waits for a person: what it needs is not known"))
    #expect(ends.allSatisfy { $0.hasPrefix("failed: ") })
  }

  /// No more is proposed to one agent than it has room for, if it is asked for at once.
  @Test func proposalsOfOneStepAreSpread() throws {
    let handler = try scene.start("h1", .propose)
    try scene.specialist("legal-1", open: 7)
    try scene.specialist("legal-2", open: 6, health: 0.8)
    try scene.server.wait { (try? scene.handlers.cursorIsAtEnd()) == true }
    let known = try #require(handler.activeHandler).handoffs.known
    let desk = try holdChoices(handler)
    for id in ["c-1", "c-2", "c-3"] { try scene.request(id) }
    try scene.server.wait { (try? scene.book().undecided.count) == 3 }
    desk.known = known
    try scene.server.wait { (try? scene.waiting().conversations.count) == 3 }
    let agents = try ["c-1", "c-2", "c-3"].map { try proposed($0)?.agent }
    #expect(agents == ["legal-1", "legal-2", "legal-2"])
    // They took room for as long as the step lasted.
    try scene.request("c-4")
    try waitForProposal("c-4", of: "legal-1")
  }

  /// It asks no agent, so the age of a request does not matter.
  @Test(arguments: [Autonomy.propose, .auto]) func proposalIsMadeHoweverOldARequestIs(_ mode: Autonomy) throws {
    // Then every request is too old to be acted on.
    try scene.start("h1", mode) { $0.actWithin = .seconds(-10) }
    try scene.specialist("legal-1")
    try scene.request("c-1")
    try scene.server.wait { (try? scene.waiting().conversations.count) == 1 }
    #expect(try proposed("c-1")?.agent == (mode == .propose ? "legal-1" : nil))
    #expect(try scene.lines("c-1").map(\.phase) == [mode == .propose ? .proposed : .failed])
  }

  @Test func requestThatIsSaidOnceMoreChangesWhoIsProposed() throws {
    try scene.start("h1", .propose)
    try scene.specialist("legal-1", open: 1)
    try scene.specialist("legal-2", open: 4)
    try scene.request("c-1")
    try waitForProposal("c-1", of: "legal-1")
    let since = try #require(try scene.waiting().oldest?.since)
    try scene.specialist("legal-1", open: 8)
    try scene.request("c-1")
    try waitForProposal("c-1", of: "legal-2")
    try scene.specialist("legal-2", open: 8)
    try scene.request("c-1")
    try scene.server.wait { (try? scene.waiting().conversations.values.allSatisfy { $0.proposed == nil }) == true }
    #expect(try scene.waiting().conversations.count == 1 && scene.waiting().oldest?.since == since)
    #expect(try scene.lines("c-1").map(\.phase) == [.proposed, .proposed, .failed] && toldToWait("c-1") == 3)
  }

  /// It has not told anew how many it has open.
  @Test func whoTakesAProposedConversationHasLessRoom() throws {
    try scene.start("h1", .propose)
    try scene.specialist("legal-1", open: 7)
    try scene.specialist("legal-2", open: 6, health: 0.8)
    try scene.request("c-1")
    try waitForProposal("c-1", of: "legal-1")
    try scene.accept("c-1", "legal-1")
    try scene.request("c-2")
    try waitForProposal("c-2", of: "legal-2")
    // Who has had it is not proposed, nor is who has no room.
    try scene.request("c-1", by: "legal-1")
    try waitForProposal("c-1", of: "legal-2")
  }

  // MARK: Switches

  @Test func nothingIsProposedUnlessAutomationIsOn() throws {
    _ = try scene.server.call("DEL", scene.keys.automation)
    try scene.start("h1", .propose)
    try scene.specialist("legal-1")
    try scene.request("c-1")
    try scene.request("c-2", "law")
    for id in ["c-1", "c-2"] { try scene.server.wait { (try? scene.lines(id).count) == 1 } }
    let dry = "automation is dry; would propose legal-1: legal, pt, 0 of 8 open, health 1.00"
    #expect(try scene.lines("c-1").last?.short == "skipped: c-1 of sales-1 (legal, pt): \(dry)")
    let nobody = "automation is dry; nobody healthy is there for law, pt"
    #expect(try scene.lines("c-2").last?.short == "skipped: c-2 of sales-1 (law, pt): \(nobody)")
    _ = try scene.server.call("SET", scene.keys.automation, "off")
    try scene.request("c-3")
    try scene.server.wait { (try? scene.lines("c-3").count) == 1 }
    #expect(try scene.lines("c-3").last?.short == "skipped: c-3 of sales-1 (legal, pt): automation is off")
    #expect(try scene.waiting().isEmpty && toldToWait("c-1") == 0)
    _ = try scene.server.call("SET", scene.keys.automation, "on")
    try scene.request("c-4")
    try waitForProposal("c-4", of: "legal-1")
  }

  @Test func offerThatStandsComesToItsEndIfTheModeChanges() throws {
    let handler = try scene.start()
    for number in 1...3 { try scene.specialist(AgentID("legal-\(number)"), open: 5 * number, of: 50) }
    for id in ["c-1", "c-2"] {
      try scene.request(id)
      try scene.waitForOffer(id, to: "legal-1")
      try scene.server.wait { (try? scene.told(id)) == ["sales-1 → legal-1"] }
    }
    var options = handler.options
    options.handoff.mode = .propose
    handler.apply(options)
    try scene.refuse("c-1", "legal-1")
    try waitForProposal("c-1", of: "legal-2")
    #expect(try proposed("c-1")?.why == "legal, pt, 10 of 50 open, health 1.00; legal-1 refused: full")
    #expect(try scene.handoff("c-2")?.standing?.agent == "legal-1")
    try scene.accept("c-2", "legal-1")
    try scene.waitForEnd()
    #expect(try scene.lines("c-1").map(\.phase) == [.started, .proposed])
    #expect(try scene.lines("c-2").map(\.phase) == [.started, .succeeded])
    #expect(try scene.told("c-1") == ["sales-1 → legal-1"])
    // That one has it after all.
    try scene.accept("c-1", "legal-1")
    try scene.server.wait { (try? scene.waiting().isEmpty) == true }
    options.handoff.mode = .auto
    handler.apply(options)
    try scene.request("c-3")
    try scene.server.wait { (try? scene.handoff("c-3"))??.standing != nil }
  }

  /// Two who choose would give one conversation to two agents.
  @Test(arguments: Autonomy.allCases) func rulesActOnARequestOnlyWhileItIsOff(_ mode: Autonomy)
    throws
  {
    let runbook = try RuleScene.read(
      """
      [[rules]]
      id = "asks"
      on = "agent.handoff_requested"
      do = [{ action = "pause", for = "15m" }]

      \(RuleScene.calm)
      """)
    try scene.start("h1", mode) { $0.runbook = runbook }
    try scene.handlers.waitForRecording()
    try scene.request("c-1")
    let rules = RuleScene(on: scene.handlers)
    try rules.degrade("agent-1")
    try rules.lines { $0.rule == (mode == .off ? "asks" : "calm") && $0.phase == .succeeded }
    let isAsked = try rules.lines().contains { $0.rule == "asks" }
    #expect(isAsked == (mode == .off))
  }

  // MARK: Takeover

  /// The request stands in the book, and nobody is chosen yet.
  @Test func successorProposesOnceWhatWasAskedForBefore() throws {
    let first = try scene.start("h1", .propose)
    try scene.specialist("legal-1")
    try scene.server.wait { (try? scene.handlers.cursorIsAtEnd()) == true }
    _ = try holdChoices(first)
    try scene.request("c-1")
    try scene.server.wait { (try? scene.book().undecided.count) == 1 }
    try scene.kill(first)
    let second = try scene.start("h2", .propose)
    try waitForProposal("c-1", of: "legal-1")
    try scene.waitForEnd()
    try scene.kill(second)
    // What is written is not written again.
    try scene.start("h3", .propose)
    try scene.request("c-2")
    try waitForProposal("c-2", of: "legal-1")
    for id in ["c-1", "c-2"] {
      #expect(try toldToWait(id) == 1 && scene.lines(id).map(\.phase) == [.proposed], "\(id)")
    }
    #expect(try scene.book().isEmpty && scene.handlers.control().isEmpty)
  }

  /// Wherever a handler ends, each request comes to one proposal.
  @Test(arguments: [1, 2] as [UInt64]) func handlersThatEndAnywhereProposeOnce(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var handler = try scene.start("h0", .propose)
    try scene.specialist("legal-1", of: 500)
    var ids: [String] = []
    for step in 1...12 {
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        ids.append("c-\(ids.count + 1)")
        try scene.request(ids[ids.count - 1])
      }
      guard Bool.random(using: &random) else { continue }
      if Bool.random(using: &random) { try scene.server.wait { (try? toldToWait(ids[0])) == 1 } }
      try scene.kill(handler)
      handler = try scene.start("h\(step)", .propose)
    }
    try scene.server.wait { (try? scene.waiting().conversations.count) == ids.count }
    try scene.waitForEnd()
    for id in ids {
      #expect(try toldToWait(id) == 1 && scene.lines(id).map(\.phase) == [.proposed], "\(id)")
    }
  }
}
