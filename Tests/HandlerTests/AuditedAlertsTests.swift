import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// The audit tells how alerts begin and end, if the settings ask for it.
@Suite(.threaded) struct AuditedAlertsTests {
  /// Lines about alerts of that kind: while a clock is stepped others may open.
  private func lines(_ scene: HandlerScene) -> [AuditLine] {
    ((try? scene.audit()) ?? []).filter { $0.alertKind == .performanceDegraded }
  }

  private func degrade(_ scene: HandlerScene, _ agent: AgentID = "agent-1", by rate: Double = 0.3) throws {
    let event: JSONValue = [
      "entity_id": .string(agent.bytes), "event_type": "agent.metrics",
      "data": ["error_rate": .number(rate), "response_time": 200],
    ]
    _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, event.encoded)
  }

  private func settle(_ scene: HandlerScene) throws {
    try scene.server.wait { (try? scene.cursorIsAtEnd()) ?? false }
  }

  @Test func beginningAndRecoveryAreToldOnceWhoeverLeads() throws {
    let clock = try SteppedClock(folder: BuildFolder.path)
    let scene = try HandlerScene(start: false, clock: clock)
    try scene.startHandler("h1") { $0.insight.learns = true }
    try degrade(scene)
    try scene.server.wait { lines(scene).count == 1 }
    let began = lines(scene)[0]
    let alert = try #require(try scene.alert(.performanceDegraded, "agent-1"))
    #expect(began.phase == .started && began.target == "agent-1")
    #expect(began.alert?.since == alert.since && began.alert?.severity == .critical)
    #expect(began.origin == .run("agent.performance_degraded/agent-1/\(alert.since.milliseconds)"))
    // It goes on, and another handler takes over.
    try degrade(scene, by: 0.4)
    try settle(scene)
    scene.handlers[0].halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
    try scene.startHandler("h2") { $0.insight.learns = true }
    try degrade(scene, by: 0.35)
    try settle(scene)
    #expect(lines(scene).count == 1)
    for seconds in stride(from: Int64(10), through: 310, by: 100) {
      clock.set(seconds: seconds)
      try degrade(scene, by: 0.01)
      try settle(scene)
    }
    try scene.server.wait { lines(scene).count == 2 }
    let ended = lines(scene)[1]
    #expect(ended.phase == .succeeded && ended.origin == began.origin && ended.target == "agent-1")
    #expect(ended.detail == "recovered" && ended.handler == "h2")
    // The next one is another case.
    try degrade(scene)
    try scene.server.wait { lines(scene).count == 3 }
    #expect(lines(scene)[2].phase == .started && lines(scene)[2].origin != began.origin)
  }

  @Test func alertThatAPersonClosesHasEndedToo() throws {
    let scene = try HandlerScene(start: false)
    try scene.startHandler("h1") { $0.insight.learns = true }
    try degrade(scene)
    try scene.server.wait { lines(scene).count == 1 }
    try scene.send(.close, [], ["alert": AlertID(.performanceDegraded, "agent-1").description])
    try scene.server.wait { lines(scene).count == 2 }
    #expect(lines(scene).map(\.detail).last == "closed")
  }

  @Test func escalationsAreNoCases() throws {
    let scene = try HandlerScene(start: false)
    try scene.startHandler("h1") { $0.insight.learns = true }
    try scene.send(.escalate, ["agent-1"], ["to": "on-call"])
    try degrade(scene, "agent-2")
    try scene.server.wait { lines(scene).count == 1 }
    #expect(lines(scene)[0].target == "agent-2")
  }

  @Test func nothingIsToldUnlessTheSettingsAskForIt() throws {
    let scene = try HandlerScene()
    try degrade(scene)
    try scene.server.wait { (try? scene.alert(.performanceDegraded, "agent-1")) != .some(nil) }
    #expect(try !scene.audit().contains(where: \.isAboutAlert))
  }

  @Test func floodOfAlertsIsToldWhole() throws {
    let scene = try HandlerScene(start: false)
    try scene.startHandler("h1") { $0.insight.learns = true }
    for number in 0..<600 { try degrade(scene, AgentID("agent-\(number)")) }
    try scene.server.wait { lines(scene).count >= 600 }
    #expect(Set(lines(scene).map(\.target)).count == 600 && lines(scene).count == 600)
  }
}
