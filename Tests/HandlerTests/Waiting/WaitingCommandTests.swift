import Automation
import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What people do with conversations that wait for them, and how they are paged.
@Suite(.threaded) struct WaitingCommandTests {
  private let scene: WaitingScene

  init() throws { scene = try WaitingScene() }

  // MARK: Commands

  @Test func conversationIsTakenOnceHandedBackWithANoteAndTheRuntimeHearsOfIt() throws {
    try scene.start()
    try scene.event("agent.waiting", "c-1")
    try scene.waitFor("c-1")
    #expect(try scene.send(.take, "c-1").hasPrefix("succeeded: c-1 taken after "))
    let taken = try #require(try scene.conversation("c-1")?.hand)
    #expect(taken.by == "ana@ops")
    for person in ["bob@ops", "ana@ops"] {
      #expect(try scene.send(.take, "c-1", by: person).hasSuffix("c-1 is already taken by ana@ops"))
    }
    let back = try scene.send(.handBack, "c-1", note: "refund approved")
    #expect(back == "succeeded: c-1 handed back to agent-7: refund approved")
    #expect(try scene.conversation("c-1") == nil)
    #expect(try scene.send(.handBack, "c-1").hasSuffix("no conversation c-1 waits for a person"))
    let told = try scene.handlers.control()
    #expect(told.map(\.action) == [.take, .handBack] && told.allSatisfy { $0.agent == "agent-7" })
    #expect(told.first?.arguments == ["conversation_id": "c-1", "person": "ana@ops"])
    #expect(
      told.last?.arguments == ["conversation_id": "c-1", "person": "ana@ops", "note": "refund approved"])
    // The runtime's answer counts as of any command.
    try scene.handlers.report("agent-7", nil, command: told[0].commandID.text)
    try scene.server.wait {
      (try? scene.handlers.audit().contains { $0.phase == .obeyed && $0.action == "take" }) == true
    }
  }

  @Test func onlyWhoHasItClosesItAndAnybodyHandsItBack() throws {
    try scene.start()
    for id in ["c-1", "c-2"] { try scene.event("agent.waiting", id) }
    try scene.waitFor("c-1")
    try scene.waitFor("c-2")
    // One that waits can be closed by anybody.
    #expect(try scene.send(.closeConversation, "c-2", by: "bob@ops", note: "spam") == "succeeded: c-2 closed: spam")
    _ = try scene.send(.take, "c-1")
    let refused = try scene.send(.closeConversation, "c-1", by: "bob@ops")
    #expect(refused.hasSuffix("c-1 is taken by ana@ops, who can close it; hand_back gives it to agent-7"))
    #expect(try scene.send(.handBack, "c-1", by: "bob@ops") == "succeeded: c-1 handed back to agent-7")
    try scene.event("agent.waiting", "c-1")
    try scene.waitFor("c-1")
    _ = try scene.send(.take, "c-1")
    #expect(try scene.send(.closeConversation, "c-1") == "succeeded: c-1 closed")
    #expect(try scene.server.call("EXISTS", scene.keys.waiting) == .integer(0))
  }

  @Test func whatCannotBeDoneIsRefusedWithTheReason() throws {
    try scene.start()
    try scene.event("agent.waiting", "c-1")
    try scene.waitFor("c-1")
    let before = try scene.book()
    #expect(try scene.send(.take, "c-9").hasSuffix("no conversation c-9 waits for a person"))
    #expect(
      try scene.send(.take, "c-1", agent: "agent-8").hasSuffix("c-1 is a conversation of agent-7, not of agent-8"))
    let early = "nobody has taken c-1, which can be handed back by who has it: take it first"
    #expect(try scene.send(.handBack, "c-1").hasSuffix(early))
    let long = String(repeating: "x", count: 401)
    #expect(try scene.send(.take, long).hasSuffix("expected a conversation's id, of at most 400 bytes"))
    let nameless = try scene.handlers.send(.take, ["agent-7"])
    #expect(nameless.last?.short == #"rejected: take needs the argument "conversation_id""#)
    let command = try scene.handlers.command(.take, ["agent-7"], ["conversation_id": "c-1"])
    try scene.handlers.publish(command)
    _ = try scene.handlers.outcome(of: command.id)
    let undone = try scene.handlers.send(.undo, [], ["command_id": command.id.text])
    #expect(undone.last?.phase == .rejected)
    #expect(try scene.conversation("c-1")?.hand?.by == "alice@bastion")
    #expect(try scene.book().conversations.count == before.conversations.count)
  }

  /// Two people press the key at the same moment.
  @Test func oneOfManyWhoTakeAtOnceHasIt() throws {
    try scene.start()
    try scene.event("agent.waiting", "c-1")
    try scene.waitFor("c-1")
    let commands = try (0..<8).map { number in
      try scene.handlers.command(.take, ["agent-7"], ["conversation_id": "c-1"]) { $0.operator = "p\(number)@ops" }
    }
    for command in commands { try scene.handlers.publish(command) }
    let ends = try commands.map { try #require(try scene.handlers.outcome(of: $0.id).last) }
    let winners = zip(commands, ends).filter { $1.phase == .succeeded }
    #expect(winners.count == 1)
    #expect(try scene.conversation("c-1")?.hand?.by == winners.first?.0.operator)
    #expect(try scene.handlers.control().count == 1)
  }

  /// News of the conversation that come while it is taken do not undo that.
  @Test func eventsAndCommandsOfOneConversationAgree() throws {
    try scene.start()
    try scene.event("agent.waiting", "c-1")
    try scene.waitFor("c-1")
    let command = try scene.handlers.command(.take, ["agent-7"], ["conversation_id": "c-1"])
    for number in 0..<20 {
      try scene.event("agent.waiting", "c-1", ["summary": .string("\(number)")])
      if number == 10 { try scene.handlers.publish(command) }
    }
    #expect(try scene.handlers.outcome(of: command.id).last?.phase == .succeeded)
    try scene.server.wait { (try? scene.conversation("c-1"))??.summary == "19" }
    #expect(try scene.conversation("c-1")?.hand?.by == "alice@bastion")
  }

  // MARK: Paging

  private func pager(_ service: MockService) -> NotifyTable {
    NotifyTable(
      channels: ["pager": Channel(.pagerduty, url: service.url("/pagerduty"), routingKey: ServicesScene.routingKey)],
      defaultRoute: ["pager"], grouping: .init(wait: .milliseconds(50), interval: .milliseconds(50)))
  }

  private func told(_ service: MockService) -> [String] {
    service.requests.compactMap(Told.init).map { "\($0.body["event_action"]?.text ?? "") \($0.key ?? "")" }
  }

  @Test func peopleArePagedOnceWhoeverLeadsAndHearOfTheEnd() throws {
    let service = try MockService(loop: scene.server.loop) { _ in .status(202) }
    let first = try scene.start(level: .milliseconds(300), notify: pager(service))
    try scene.event("agent.waiting", "c-1", ["skill": "refunds", "summary": "a secret of the customer"])
    try scene.server.wait { told(service) == ["trigger waiting.too_long"] }
    let page = try #require(try scene.wait { $0.page != nil }.page)
    #expect(page.told == ["pager"])
    let text = service.requests.map(\.text).joined()
    #expect(text.contains("c-1") && text.contains("refunds") && !text.contains("secret"))
    // What is still in the outbox would be sent again by whoever leads next.
    try scene.server.wait { (try? scene.server.call("HLEN", scene.keys.notices)) == .integer(0) }
    try scene.kill(first)
    try scene.start("h2", level: .milliseconds(300), notify: pager(service))
    // Others that wait for too long are of the same page.
    try scene.event("agent.waiting", "c-2")
    try scene.waitFor("c-2")
    let now = try scene.handlers.now()
    try scene.server.wait { (try? scene.handlers.now()).map { $0 - now > .milliseconds(400) } ?? false }
    #expect(try scene.send(.take, "c-1").hasPrefix("succeeded"))
    #expect(try scene.book().page == page && told(service).count == 1)
    #expect(try scene.send(.take, "c-2").hasPrefix("succeeded"))
    try scene.server.wait { told(service).count == 2 }
    #expect(told(service).last == "resolve waiting.too_long")
    try scene.wait { $0.page == nil }
    let lines = try scene.handlers.audit().filter { $0.action == "waiting" }
    #expect(lines.map(\.phase) == [.started, .succeeded] && lines[0].origin == lines[1].origin)
    #expect(lines[0].detail.contains("c-1 of agent-7 has waited for "))
    #expect(lines[1].detail == "nobody waits for too long; 0 conversations wait, 2 have a person")
  }

  @Test func withoutChannelsTheAuditAloneSaysSo() throws {
    try scene.start(level: .milliseconds(100))
    try scene.event("agent.waiting", "c-1")
    try scene.wait { $0.page != nil }
    #expect(try scene.book().page?.told == [])
    try scene.event("agent.conversation_ended", "c-1")
    try scene.server.wait {
      (try? scene.handlers.audit().filter { $0.action == "waiting" }.map(\.phase)) == [.started, .succeeded]
    }
    #expect(try scene.server.call("EXISTS", scene.keys.waiting, scene.keys.waitingState) == .integer(0))
  }
}
