import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// A conversation has one proposal, however often somebody asks for another agent.
@Suite(.threaded) struct HandoffRepeatTests {
  private let scene: HandoffScene

  init() throws { scene = try HandoffScene() }

  private func proposed(_ id: String) throws -> AgentID? {
    try WaitingConversation.ID(id).flatMap { try scene.waiting()[$0]?.proposed?.agent }
  }

  /// Waits until a conversation waits with a proposal.
  private func waitForProposal(_ id: String, of agent: AgentID) throws {
    try scene.server.wait { (try? proposed(id)) == agent }
  }

  /// How often the stream says that a conversation waits.
  private func toldToWait(_ id: String) throws -> Int {
    try scene.handlers.entries(scene.keys.events).count { entry in
      guard let event = try? JSONValue.parse(entry), event["event_type"] == "agent.waiting" else { return false }
      return event["data"]?["conversation_id"]?.text == id
    }
  }

  /// Waits until all that was asked for before is decided.
  private func settle(by id: String) throws {
    let conversation = try #require(WaitingConversation.ID(id))
    try scene.request(id)
    try scene.server.wait { (try? scene.waiting().conversations.keys.contains(conversation)) == true }
  }

  @Test func requestThatIsRepeatedIsProposedOnce() throws {
    try scene.start("h1", .propose)
    try scene.specialist("legal-1", ["legal", "tax"])
    try scene.request("c-1")
    try waitForProposal("c-1", of: "legal-1")
    for _ in 1...3 { try scene.request("c-1") }
    try settle(by: "c-2")
    #expect(try scene.lines("c-1").map(\.phase) == [.proposed] && toldToWait("c-1") == 1)
    for _ in 1...3 { try scene.request("c-1", "tax") }
    try settle(by: "c-3")
    #expect(try scene.waiting().oldest?.skill == "tax", "later words count")
    #expect(try scene.lines("c-1").map(\.phase) == [.proposed, .proposed] && toldToWait("c-1") == 2)
  }

  @Test func whoDoesNotHaveAProposedConversationAsksForNobody() throws {
    try scene.start("h1", .propose)
    try scene.specialist("legal-1")
    try scene.request("c-1")
    try waitForProposal("c-1", of: "legal-1")
    try scene.request("c-1", by: "sales-2", "tax")
    try settle(by: "c-2")
    #expect(try scene.lines("c-1").map(\.phase) == [.proposed] && scene.waiting().oldest?.agent == "sales-1")
  }

  @Test func requestAfterARefusalIsProposedAnew() throws {
    try scene.start("h1", .propose)
    try scene.specialist("legal-1")
    try scene.request("c-1")
    try waitForProposal("c-1", of: "legal-1")
    try scene.refuse("c-1", "legal-1")
    try scene.server.wait { (try? scene.waiting().conversations.values.allSatisfy { $0.proposed == nil }) == true }
    try scene.request("c-1")
    try waitForProposal("c-1", of: "legal-1")
    #expect(try scene.lines("c-1").map(\.phase) == [.proposed, .proposed])
  }

  /// The agent says of its own accord that the conversation waits: nobody sees the proposal any more.
  @Test func proposalThatHasLeftTheListIsMadeAnew() throws {
    try scene.start("h1", .propose)
    try scene.specialist("legal-1")
    try scene.request("c-1")
    try waitForProposal("c-1", of: "legal-1")
    try scene.event("agent.waiting", "sales-1", ["conversation_id": "c-1"])
    try scene.server.wait { (try? scene.waiting().conversations.values.map { $0.proposed == nil }) == [true] }
    try scene.request("c-1")
    try waitForProposal("c-1", of: "legal-1")
    #expect(try scene.lines("c-1").map(\.phase) == [.proposed, .proposed])
  }

  /// What it proposed stands among the waiting.
  @Test func successorProposesNothingAnew() throws {
    let first = try scene.start("h1", .propose)
    try scene.specialist("legal-1")
    try scene.request("c-1")
    try waitForProposal("c-1", of: "legal-1")
    try scene.kill(first)
    try scene.start("h2", .propose)
    try settle(by: "c-2")
    try scene.request("c-1")
    try settle(by: "c-3")
    #expect(try scene.lines("c-1").map(\.phase) == [.proposed] && toldToWait("c-1") == 1)
  }
}
