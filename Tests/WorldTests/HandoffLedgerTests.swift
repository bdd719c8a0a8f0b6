import FleetModel
import Testing
import Wire

@testable import World

/// What the ledger of conversations that change hands says of false steps.
@Suite struct HandoffLedgerTests {
  private let id: Handoff.ID

  init() throws { id = try #require(Handoff.ID("c-1")) }

  private func ledger(_ mode: Autonomy = .auto) -> HandoffLedger {
    let member = HandoffRoster.Member(skills: ["legal"], languages: ["pt"], capacity: 2)
    var roster = HandoffRoster(["agent-1": member, "agent-2": member], lag: 1000)
    for agent in ["agent-1", "agent-2"] as [AgentID] { roster.told(agent, runs: true, open: 0) }
    roster.look(at: 0, asked: [:])
    return HandoffLedger(mode, roster)
  }

  /// An agent has asked, and another one is asked to take it.
  private func offer(to agent: AgentID = "agent-2", skill: String = "legal", isAsked: Bool = true) -> HandoffStep {
    var handoff = Handoff(id: id, agent: "agent-1", since: Instant(milliseconds: 0))
    handoff.skill = skill
    handoff.offers = [Handoff.Offer(agent: agent, command: CommandID("k"), until: Instant(milliseconds: 4000))]
    let command = Command(
      id: CommandID("k"), action: .transfer, targets: ["agent-1"],
      arguments: ["conversation_id": "c-1", "to": "\(agent)"], operator: "handler/h1", reason: "the best",
      issuedAt: Instant(milliseconds: 0), expiresAt: Instant(milliseconds: 4000))
    var step = HandoffStep(book: [id: handoff], offers: [command])
    if isAsked { step.words = [(id, .asked(by: "agent-1"))] }
    return step
  }

  @Test func offerThatWasAskedForIsRight() throws {
    var ledger = ledger()
    try ledger.take(offer())
    #expect(ledger.given.count == 1)
  }

  @Test func offerThatNobodyMayMakeIsFound() {
    var (proposing, switchedOff, unasked, unskilled) = (ledger(.propose), ledger(), ledger(), ledger())
    #expect(throws: Violation.self) { try proposing.take(offer()) }
    var step = offer()
    step.automation = "off"
    #expect(throws: Violation.self) { try switchedOff.take(step) }
    #expect(throws: Violation.self) { try unasked.take(offer(isAsked: false)) }
    #expect(throws: Violation.self) { try unskilled.take(offer(skill: "returns")) }
  }

  @Test func conversationThatIsLostIsFound() throws {
    var ledger = ledger()
    try ledger.take(offer())
    #expect(throws: Violation.self) { try ledger.take(HandoffStep()) }
  }

  @Test func personWhoLosesAConversationIsFound() throws {
    var ledger = ledger()
    var waits = WaitingConversation(id: id, agent: "agent-1", since: Instant(milliseconds: 0))
    try ledger.take(HandoffStep(waiting: [id: waits], words: [(id, .waits(isOfHandler: false))]))
    waits.hand = WaitingConversation.Hand(by: "ana@ops", at: Instant(milliseconds: 1))
    #expect(throws: Violation.self) { try ledger.take(HandoffStep(waiting: [id: waits])) }
  }
}
