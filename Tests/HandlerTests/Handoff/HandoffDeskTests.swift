import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// A conversation whose agent asks for another one comes to the best of them, or to a person, once.
@Suite(.threaded) struct HandoffDeskTests {
  private let scene: HandoffScene

  init() throws { scene = try HandoffScene() }

  // MARK: The choice

  @Test func bestIsToldToTheAgentThatAsksAndTheAuditSaysWhy() throws {
    try scene.start()
    try scene.specialist("legal-1", open: 8, health: 0.99)
    try scene.specialist("legal-2", open: 3, health: 0.97)
    try scene.specialist("legal-3", open: 6, health: 0.97)
    try scene.specialist("tax-1", ["tax"])
    try scene.request("c-1")
    try scene.waitForOffer("c-1", to: "legal-2")
    try scene.server.wait { (try? scene.told("c-1")) == ["sales-1 → legal-2"] }
    let told = try #require(try scene.handlers.control().first)
    #expect(told.arguments["context"] == #"{"tier":"gold"}"# && told.arguments["history"] == nil)
    let reasons = "legal-2: legal, pt, 3 of 8 open, health 0.97; legal-1 had 8 of 8"
    try scene.server.wait {
      (try? scene.handlers.audit().contains { $0.phase == .succeeded && $0.action == "transfer" }) == true
    }
    let command = try scene.handlers.audit().filter { $0.action == "transfer" }
    #expect(command.allSatisfy { $0.reason == reasons && $0.operator == "handler/h1" })
    #expect(command.contains { $0.target == "sales-1" && $0.detail.hasSuffix("c-1 goes to legal-2") })
    // The runtime's answer counts as of any command.
    try scene.handlers.report("sales-1", nil, command: told.commandID.text)
    try scene.server.wait { (try? scene.handlers.audit().contains { $0.phase == .obeyed }) == true }
    try scene.accept("c-1", "legal-2")
    try scene.waitForEnd()
    let lines = try scene.lines("c-1")
    #expect(lines.map(\.phase) == [.started, .succeeded] && Set(lines.map(\.detail)).count == 2)
    #expect(lines.first?.detail == "c-1 of sales-1 (legal, pt): \(reasons)")
    #expect(lines.last?.detail.hasPrefix("c-1 of sales-1 (legal, pt): legal-2 has it after ") == true)
  }

  @Test func nextBestIsAskedIfOneRefusesAndThenAPerson() throws {
    try scene.start()
    for (number, open) in [1, 2, 3, 4].enumerated() { try scene.specialist(AgentID("legal-\(number + 1)"), open: open) }
    try scene.request("c-1")
    for agent in ["legal-1", "legal-2", "legal-3"] as [AgentID] {
      try scene.waitForOffer("c-1", to: agent)
      // What one says that is not asked any more, or not at all, changes nothing.
      try scene.refuse("c-1", "legal-9")
      try scene.refuse("c-1", agent)
    }
    try scene.waitForEnd()
    try scene.server.wait { (try? scene.waiting().oldest?.id.text) == "c-1" }
    let waits = try #require(try scene.waiting().oldest)
    #expect(waits.agent == "sales-1" && waits.skill == "legal" && waits.language == "pt")
    #expect(waits.summary == "asks for a contract" && waits.lines == ["user: can I cancel?"])
    let faults = "legal-1 refused: full; legal-2 refused: full; legal-3 refused: full"
    #expect(try scene.lines("c-1").last?.detail == "c-1 of sales-1 (legal, pt): it waits for a person: \(faults)")
    #expect(try scene.lines("c-1").map(\.phase) == [.started, .failed])
    try scene.server.wait { (try? scene.told("c-1").count) == 3 }
    let second = try scene.handlers.audit().first { $0.action == "transfer" && $0.reason.hasPrefix("legal-2") }
    #expect(second?.reason == "legal-2: legal, pt, 2 of 8 open, health 1.00; legal-1 refused: full")
    // One of them has it after all: no person need come.
    try scene.accept("c-1", "legal-2")
    try scene.server.wait { (try? scene.waiting().isEmpty) == true }
  }

  @Test func personIsTheLastResortIfNobodyCan() throws {
    try scene.start()
    try scene.specialist("legal-1", open: 8)
    try scene.request("c-1")
    try scene.request("c-2", "law")
    try scene.server.wait { (try? scene.waiting().conversations.count) == 2 }
    let ends = try ["c-1", "c-2"].map { try #require(try scene.lines($0).last?.detail) }
    #expect(ends[0].hasSuffix("it waits for a person: nobody with room is there for legal, pt; legal-1 had 8 of 8"))
    #expect(ends[1].hasSuffix("it waits for a person: nobody healthy is there for law, pt"))
    #expect(try scene.told("c-1").isEmpty && scene.book().isEmpty)
  }

  @Test func whoSaysNothingOrLeavesIsFollowedByTheNext() throws {
    let first = try scene.start(within: .milliseconds(300))
    for number in 1...3 { try scene.specialist(AgentID("legal-\(number)"), open: number) }
    try scene.request("c-1")
    try scene.server.wait { (try? scene.waiting().oldest?.id.text) == "c-1" }
    let faults = try #require(try scene.lines("c-1").last?.detail)
    for number in 1...3 { #expect(faults.contains("legal-\(number) said nothing for ")) }
    var options = first.options
    options.handoff.answerWithin = .hours(1)
    first.apply(options)
    try scene.request("c-2")
    try scene.waitForOffer("c-2", to: "legal-1")
    try scene.event("agent.deleted", "legal-1", [:])
    try scene.waitForOffer("c-2", to: "legal-2")
    #expect(try scene.handoff("c-2")?.faults.hasPrefix("legal-1 ") == true)
    // The first had it all the same: whoever has it has it.
    try scene.accept("c-2", "legal-1")
    try scene.waitForEnd()
    #expect(try scene.lines("c-2").last?.detail.contains("legal-1 has it after ") == true)
  }

  /// Two requests at once see each other: one room is given once.
  @Test func roomIsGivenOnce() throws {
    try scene.start()
    try scene.specialist("legal-1", open: 7)
    try scene.specialist("legal-2", open: 6, health: 0.8)
    for number in 1...3 { try scene.request("c-\(number)") }
    try scene.server.wait { (try? scene.book().handoffs.values.count { $0.standing != nil }) == 3 }
    let agents = try scene.book().handoffs.values.compactMap { $0.standing?.agent.description }
    #expect(agents.sorted() == ["legal-1", "legal-2", "legal-2"])
  }

  @Test func conversationThatEndsOrWaitsForAPersonNeedsNobody() throws {
    try scene.start()
    try scene.specialist("legal-1")
    for id in ["c-1", "c-2"] {
      try scene.request(id)
      try scene.server.wait { (try? scene.handoff(id)) ?? nil != nil }
    }
    try scene.event("agent.conversation_ended", "sales-1", ["conversation_id": "c-1"])
    try scene.event("agent.waiting", "sales-1", ["conversation_id": "c-2"])
    try scene.waitForEnd()
    #expect(try scene.lines("c-1").last?.short == "skipped: c-1 of sales-1 (legal, pt): it is over")
    #expect(try scene.lines("c-2").last?.phase == .skipped)
  }

  /// Two that send a conversation to and fro do not do so for ever.
  @Test func conversationThatIsPassedOnComesToAPerson() throws {
    try scene.start()
    for number in 1...3 { try scene.specialist(AgentID("legal-\(number)"), open: number) }
    var holder: AgentID = "sales-1"
    for agent in ["legal-1", "legal-2", "legal-3"] as [AgentID] {
      try scene.request("c-1", by: holder)
      try scene.waitForOffer("c-1", to: agent)
      try scene.accept("c-1", agent, by: holder)
      try scene.waitForEnd()
      holder = agent
    }
    try scene.request("c-1", by: holder)
    try scene.server.wait { (try? scene.waiting().oldest?.agent) == "legal-3" }
    let end = try #require(try scene.lines("c-1").last?.detail)
    #expect(end.hasSuffix("it waits for a person: within 10m it was with sales-1, legal-1, legal-2, legal-3"))
  }

  // MARK: Off

  @Test func fleetThatDoesNotUseItPaysNothing() throws {
    try scene.start("h1", .off)
    try scene.specialist("legal-1")
    try scene.request("c-1")
    try scene.accept("c-1", "legal-1")
    try scene.server.wait { (try? scene.handlers.cursorIsAtEnd()) == true }
    #expect(try scene.server.call("EXISTS", scene.keys.handoffs, scene.keys.control) == .integer(0))
    #expect(try scene.server.call("HEXISTS", scene.keys.cursor, HandoffDesk.placeField(scene.keys)) == .integer(0))
    #expect(try scene.lines("c-1").isEmpty)
  }

  @Test func nothingActsUnlessAutomationIsOn() throws {
    _ = try scene.server.call("DEL", scene.keys.automation)
    try scene.start()
    try scene.specialist("legal-1")
    try scene.request("c-1")
    try scene.server.wait { (try? scene.lines("c-1").count) == 1 }
    let dry = "automation is dry; legal-1: legal, pt, 0 of 8 open, health 1.00"
    #expect(try scene.lines("c-1").last?.short == "skipped: c-1 of sales-1 (legal, pt): \(dry)")
    #expect(try scene.waiting().isEmpty && scene.told("c-1").isEmpty)
    // As somebody turns the switch beside vigia.
    _ = try scene.server.call("SET", scene.keys.automation, "on")
    try scene.request("c-2")
    try scene.waitForOffer("c-2", to: "legal-1")
    _ = try scene.server.call("SET", scene.keys.automation, "off")
    try scene.refuse("c-2", "legal-1")
    try scene.server.wait { (try? scene.waiting().oldest?.id.text) == "c-2" }
    #expect(try scene.lines("c-2").last?.detail.hasSuffix("automation is off") == true)
  }

  /// Rules had what came while it was off.
  @Test func switchedOffItForgetsItsPlaceAndLetsNobodyWait() throws {
    let handler = try scene.start()
    try scene.specialist("legal-1")
    try scene.specialist("legal-2", open: 4)
    try scene.request("c-1")
    try scene.waitForOffer("c-1", to: "legal-1")
    var options = handler.options
    options.handoff.mode = .off
    handler.apply(options)
    try scene.refuse("c-1", "legal-1")
    try scene.server.wait { (try? scene.waiting().oldest?.id.text) == "c-1" }
    let field = HandoffDesk.placeField(scene.keys)
    try scene.server.wait { (try? scene.server.call("HEXISTS", scene.keys.cursor, field)) == .integer(0) }
    try scene.request("c-2")
    try scene.server.wait { (try? scene.handlers.cursorIsAtEnd()) == true }
    options.handoff.mode = .auto
    handler.apply(options)
    try scene.request("c-3")
    try scene.server.wait { (try? scene.handoff("c-3"))??.standing != nil }
    #expect(try scene.lines("c-2").isEmpty)
  }

  // MARK: Bounds

  @Test func garbageIsTakenOutAndTheRestGoesOn() throws {
    for field in ["", "x", String(repeating: "z", count: 500)] {
      _ = try scene.server.call("HSET", scene.keys.handoffs, field, "{")
    }
    _ = try scene.server.call("HSET", scene.keys.cursor, HandoffDesk.placeField(scene.keys), "soon")
    try scene.start()
    try scene.specialist("legal-1")
    try scene.request("c-1")
    try scene.waitForOffer("c-1", to: "legal-1")
    try scene.server.wait {
      (try? scene.server.call("HKEYS", scene.keys.handoffs).elements?.compactMap(\.text)) == ["c-1"]
    }
    try scene.event("agent.handoff_requested", "sales-1", ["conversation_id": ""])
    // Nobody can say whose answer that is.
    try scene.event("agent.handoff_accepted", "sales-1", ["conversation_id": "c-1", "to": ["deep": [1]]])
    try scene.server.wait { (try? scene.handlers.cursorIsAtEnd()) == true }
    #expect(try scene.handoff("c-1")?.standing?.agent == "legal-1")
    try scene.accept("c-1", "legal-1")
    try scene.waitForEnd()
    #expect(try scene.lines("c-1").last?.detail.contains("legal-1 has it") == true)
  }

  /// The operator's limit is not for what the handler says itself.
  @Test func limitOfOperatorsDoesNotHoldItBack() throws {
    try scene.start { $0.runbook.guards.commandsPerMinute = 1 }
    try scene.specialist("legal-1", of: 100)
    for number in 1...5 { try scene.request("c-\(number)") }
    for number in 1...5 { try scene.server.wait { (try? scene.told("c-\(number)").count) == 1 } }
  }

  // MARK: Takeover

  @Test func successorGoesOnWithWhatWasOffered() throws {
    let first = try scene.start()
    try scene.specialist("legal-1")
    try scene.specialist("legal-2", open: 4)
    try scene.request("c-1")
    try scene.waitForOffer("c-1", to: "legal-1")
    try scene.server.wait { (try? scene.told("c-1").count) == 1 }
    let before = try scene.book()
    try scene.kill(first)
    try scene.start("h2")
    try scene.request("c-2")
    try scene.server.wait { (try? scene.handoff("c-2"))??.standing != nil }
    #expect(try scene.handoff("c-1") == before.handoffs.values.first && scene.told("c-1").count == 1)
    try scene.refuse("c-1", "legal-1")
    try scene.waitForOffer("c-1", to: "legal-2")
    #expect(try scene.lines("c-1").map(\.phase) == [.started])
  }

  /// The cursor has passed the request, and Redis refused what it comes to: whoever leads next takes it.
  @Test func whatCouldNotBeWrittenIsTakenByTheNextHandler() throws {
    let first = try scene.start()
    try scene.specialist("legal-1")
    try scene.request("c-0")
    try scene.waitForOffer("c-0", to: "legal-1")
    try scene.accept("c-0", "legal-1")
    try scene.waitForEnd()
    _ = try scene.server.call("SET", scene.keys.handoffs, "no hash")
    let entry = try scene.request("c-1")
    try scene.server.wait { (try? scene.handlers.cursorIsAtEnd()) == true }
    let reports = EventSaver.reportField(scene.keys)
    try scene.server.wait { (try? scene.server.call("HGET", scene.keys.cursor, reports).text) == entry }
    try scene.kill(first)
    _ = try scene.server.call("DEL", scene.keys.handoffs)
    try scene.start("h2")
    try scene.server.wait { (try? scene.told("c-1").count) == 1 }
  }
}
