import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What Redis never takes, for a value there is of another type, ends after a few attempts and keeps back nobody.
@Suite(.threaded) struct PatienceTests {
  @Test func eventWhoseMarksAreOfTheWrongTypeKeepsBackNoOther() throws {
    let rules = try RuleScene(
      """
      [[rules]]
      id = "calm"
      on = "agent.performance_degraded"
      throttle = [{ once_within = "15m" }]
      do = [{ action = "pause", for = "15m" }]
      """)
    _ = try rules.scene.server.call("HSET", rules.scene.keys.mark("throttle/0/calm/agent-1"), "a", "b")
    try rules.event("agent.performance_degraded", "agent-1", ["error_rate": 0.31])
    try rules.event("agent.performance_degraded", "agent-2", ["error_rate": 0.31])
    let lines = try rules.run(of: "calm")
    #expect(lines.filter { $0.target == "agent-1" }.map(\.phase) == [.failed])
    #expect(lines.first { $0.target == "agent-1" }?.detail.contains("WRONGTYPE") == true)
    #expect(try rules.scene.record("agent-2").state == .paused)
  }

  @Test func actionThatCannotBeWrittenFailsAndTheNextIsDone() throws {
    let rules = try RuleScene(
      """
      [[rules]]
      id = "tell"
      on = "agent.performance_degraded"
      do = [{ action = "report", name = "slow" }, { action = "pause", for = "15m" }]
      """)
    _ = try rules.scene.server.call("SET", rules.scene.keys.reports, "x")
    try rules.event("agent.performance_degraded", "agent-1", ["error_rate": 0.31])
    let lines = try rules.run(of: "tell")
    #expect(lines.contains { $0.phase == .failed && $0.detail.contains("WRONGTYPE") })
    #expect(try rules.scene.record("agent-1").state == .paused)
    #expect(try rules.scene.schedule().map(\.job) == [#"{"action":"resume","target":"agent-1"}"#])
  }

  @Test func approvedRunThatCannotBeginIsOver() throws {
    let rules = try RuleScene(
      """
      [[rules]]
      id = "ask"
      on = "agent.satisfaction_low"
      mode = "approve"
      do = [{ action = "pause", for = "15m" }]
      """)
    try rules.event("agent.satisfaction_low", "agent-1", ["avg_rating": 1.5])
    let line = try rules.lines { $0.phase == .proposed }.first { $0.phase == .proposed }
    let proposal = try #require(line?.proposal)
    _ = try rules.scene.server.call("HSET", rules.scene.keys.mark("rules/pauses/agent-1"), "a", "b")
    try rules.scene.send(.approve, [], ["proposal": proposal.id.text, "sha256": proposal.digest])
    try rules.scene.server.wait {
      ((try? rules.scene.audit()) ?? []).contains { $0.phase == .failed && $0.detail.contains("WRONGTYPE") }
    }
    #expect(try rules.scene.schedule().isEmpty)
  }

  @Test func proposalThatCannotEndIsOver() throws {
    let rules = try RuleScene(
      """
      [[rules]]
      id = "ask"
      on = "agent.handoff_requested"
      mode = "approve"
      approve = { ttl = "1s", on_expire = "escalate" }
      do = [{ action = "pause", for = "15m" }]
      """)
    _ = try rules.scene.server.call("SET", rules.scene.keys.alerts, "x")
    try rules.event("agent.handoff_requested", "agent-1", ["conversation_id": "c-1"])
    try rules.scene.server.wait {
      ((try? rules.scene.audit()) ?? []).contains { $0.phase == .failed && $0.detail.contains("WRONGTYPE") }
    }
    #expect(try rules.scene.schedule().isEmpty)
  }
}
