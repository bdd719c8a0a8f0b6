import Exposition
import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What a page tells of conversations that wait for a person.
@Suite(.threaded) struct WaitingSectionTests {
  private let scene: WaitingScene

  init() throws { scene = try WaitingScene() }

  private func start() throws -> HandlerService {
    try scene.handlers.startHandler("h1") {
      ($0.waiting.level, $0.waitingSpan) = (.days(1), .milliseconds(50))
      $0.monitoring.address = ListenAddress("127.0.0.1:0")
    }
  }

  private func page(_ handler: HandlerService) throws -> PageText {
    var found: ServedReply?
    handler.monitor.answer(ServedRequest(path: "/metrics")) { found = $0 }
    try scene.server.wait { found != nil }
    return PageText(try #require(found).body.joined())
  }

  private func states(_ page: PageText) -> [String?] {
    ["ok", "near", "over", "taken"].map { page["vigia_waiting_conversations{state=\"\($0)\"}"] }
  }

  private func outcomes(_ page: PageText) -> [String?] {
    WaitingOutcome.allCases.map { page["vigia_waiting_outcomes_total{outcome=\"\($0.rawValue)\"}"] }
  }

  @Test func conversationsAreCountedByTheirStateAndNoneIsNamed() throws {
    let handler = try start()
    try scene.server.wait { (try? self.states(self.page(handler))) == ["0", "0", "0", "0"] }
    #expect(try page(handler)["vigia_waiting_oldest_seconds"] == "0")
    let now = try scene.handlers.now()
    try scene.event("agent.waiting", "over", ["since": (now - .days(2)).json])
    try scene.event("agent.waiting", "near", ["since": (now - .hours(20)).json])
    try scene.event("agent.waiting", "fresh-17")
    try scene.event("agent.waiting", "held", ["since": (now - .days(3)).json])
    try scene.event("agent.person_accepted", "held", ["person": "bo"])
    try scene.server.wait { (try? self.states(self.page(handler))) == ["1", "1", "1", "1"] }
    let page = try self.page(handler)
    let oldest = try #require(Int(page["vigia_waiting_oldest_seconds"] ?? ""))
    #expect((172_800..<180_000).contains(oldest), "\(oldest)")
    #expect(page["vigia_waiting_left_out"] == "0")
    #expect(page.series("vigia_waiting_conversations").count == 4 && !page.text.contains("fresh-17"))
  }

  @Test func whatBecomesOfThemIsCountedOnceWhoeverSaysSo() throws {
    let handler = try start()
    #expect(try outcomes(page(handler)) == ["0", "0", "0", "0"])
    for name in ["a", "b", "c", "d"] {
      try scene.event("agent.waiting", name)
      try scene.waitFor(name)
    }
    #expect(try scene.send(.take, "a").contains("taken"))
    // The runtime's answer says nothing new.
    try scene.event("agent.person_accepted", "a", ["person": "ana@ops"])
    #expect(try scene.send(.handBack, "a").contains("handed back"))
    try scene.event("agent.person_returned", "a")
    #expect(try scene.send(.closeConversation, "b").contains("closed"))
    try scene.event("agent.person_accepted", "c", ["person": "bo"])
    try scene.event("agent.conversation_ended", "c")
    try scene.event("agent.handoff_accepted", "d", ["to": "agent-8"])
    try scene.wait { $0.isEmpty }
    #expect(WaitingOutcome.allCases == [.taken, .handedBack, .handedOver, .ended])
    try scene.server.wait { (try? self.outcomes(self.page(handler))) == ["2", "1", "1", "2"] }
  }
}
