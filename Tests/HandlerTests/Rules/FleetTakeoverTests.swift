import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What a handler knows of the fleet when it begins, and of agents that somebody has paused.
@Suite(.threaded) struct FleetTakeoverTests {
  private static let pausing = """
    [[rules]]
    id = "calm"
    on = "agent.performance_degraded"
    do = [{ action = "pause", for = "15m" }]
    """

  private let rules: RuleScene

  init() throws {
    rules = try RuleScene(Self.pausing)
    for number in 1...4 { try rules.event("agent.created", AgentID("agent-\(number)"), ["role": "support"]) }
    for number in 5...6 { try rules.event("agent.created", AgentID("agent-\(number)"), ["role": "sales"]) }
    try rules.scene.server.wait {
      (try? rules.scene.server.call("HLEN", rules.scene.keys.profiles)) == .integer(6)
    }
  }

  private func takeOver() throws {
    rules.scene.handlers[0].halt()
    _ = try rules.scene.server.call("DEL", rules.scene.keys.lease)
    let runbook = try RuleScene.read(Self.pausing)
    try rules.scene.startHandler("h2") { $0.runbook = runbook }
  }

  @Test func pausedPeerIsNobodysHealthyOne() throws {
    try rules.scene.send(.pause, ["agent-6"], ["for": "1h"])
    try rules.event("agent.performance_degraded", "agent-5", ["error_rate": 0.06])
    let lines = try rules.lines { $0.phase == .skipped }
    #expect(lines.map(\.detail) == ["guarded: pause agent-5 for 15m: no other agent of its role is healthy"])
  }

  @Test func whoTakesOverKnowsRolesAndStates() throws {
    try rules.scene.send(.pause, ["agent-6"], ["for": "1h"])
    try takeOver()
    try rules.event("agent.performance_degraded", "agent-5", ["error_rate": 0.06])
    let lines = try rules.lines { $0.phase == .skipped }
    #expect(lines.map(\.detail) == ["guarded: pause agent-5 for 15m: no other agent of its role is healthy"])
    try rules.event("agent.performance_degraded", "agent-1", ["error_rate": 0.06])
    try rules.run(of: "calm")
    #expect(try rules.scene.record("agent-1").state == .paused)
  }

  @Test func deletedAgentIsForgotten() throws {
    try rules.event("agent.deleted", "agent-6", [:])
    try rules.scene.server.wait {
      (try? rules.scene.server.call("HLEN", rules.scene.keys.profiles)) == .integer(5)
    }
    try takeOver()
    try rules.event("agent.performance_degraded", "agent-5", ["error_rate": 0.06])
    let lines = try rules.lines { $0.phase == .skipped }
    #expect(lines.map(\.detail) == ["guarded: pause agent-5 for 15m: no other agent of its role is healthy"])
  }

  @Test func eventThatIsSaidTwiceIsActedOnOnce() throws {
    let event: JSONValue = [
      "entity_id": "agent-1", "event_type": "agent.performance_degraded", "event_id": "e-1",
      "data": ["error_rate": 0.06],
    ]
    for _ in 0..<2 {
      _ = try rules.scene.server.call("XADD", rules.scene.keys.events, "*", Keys.dataField, event.encoded)
    }
    try rules.event("agent.performance_degraded", "agent-2", ["error_rate": 0.06])
    let lines = try rules.lines { $0.target == "agent-2" }
    #expect(lines.count { $0.target == "agent-1" && $0.phase == .started } == 1)
  }

  @Test func eventThatIsSaidAgainAfterATakeoverIsActedOnOnce() throws {
    let event: JSONValue = [
      "entity_id": "agent-1", "event_type": "agent.performance_degraded", "event_id": "e-1",
      "data": ["error_rate": 0.06],
    ]
    let scene = rules.scene
    _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, event.encoded)
    try rules.run(of: "calm")
    try scene.server.wait { (try? scene.cursorIsAtEnd()) == true }
    let count = try scene.alert(.performanceDegraded, "agent-1")?.count
    try takeOver()
    _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, event.encoded)
    try rules.event("agent.performance_degraded", "agent-2", ["error_rate": 0.06])
    let lines = try rules.lines { $0.target == "agent-2" }
    #expect(lines.count { $0.target == "agent-1" && $0.phase == .started } == 1)
    try scene.server.wait { (try? scene.cursorIsAtEnd()) == true }
    #expect(try count != nil && scene.alert(.performanceDegraded, "agent-1")?.count == count)
  }

  @Test func repeatThatIsReadOnceMoreIsNotJudged() throws {
    let scene = rules.scene
    scene.handlers[0].halt()
    let first: JSONValue = ["entity_id": "agent-1", "event_type": "agent.feedback", "event_id": "e-1", "data": [:]]
    let second: JSONValue = [
      "entity_id": "agent-1", "event_type": "agent.performance_degraded", "event_id": "e-1",
      "data": ["error_rate": 0.06],
    ]
    _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, first.encoded)
    let entry = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, second.encoded).text ?? ""
    // As a handler leaves it that ended with the second one still unsettled.
    _ = try scene.server.call(
      "HSET", scene.keys.cursor, scene.keys.events, entry, "agentos:events#reports", entry)
    _ = try scene.server.call("DEL", scene.keys.lease)
    let runbook = try RuleScene.read(Self.pausing)
    try scene.startHandler("h2") { $0.runbook = runbook }
    try rules.event("agent.performance_degraded", "agent-2", ["error_rate": 0.06])
    let lines = try rules.lines { $0.target == "agent-2" }
    #expect(!lines.contains { $0.target == "agent-1" })
  }

  @Test func illFleetCallsAPersonThoughNoRuleIsAsked() throws {
    let rules = try RuleScene(Self.pausing, fleet: RuleScene.fleet(6))
    for number in 1...3 { try rules.event("agent.metrics", AgentID("agent-\(number)"), ["error_rate": 0.9]) }
    try rules.scene.server.loop.wait(seconds: 30) {
      (try? rules.scene.alert(.escalation, "agent-1")?.summary)
        == "50% of the fleet is unhealthy: automation waits for a person"
    }
    // Every console reads it there.
    try rules.scene.server.wait {
      (try? rules.scene.server.call("GET", rules.scene.keys.lease).bytes.flatMap { LeaseCoding.decode($0)?.held })
        == "50% of the fleet is unhealthy"
    }
  }

  @Test func whoTakesOverKnowsThatMetricsHaveStopped() throws {
    let clock = try SteppedClock(folder: BuildFolder.path)
    let rules = try RuleScene(Self.pausing, clock: clock)
    let (scene, runbook) = (rules.scene, try RuleScene.read(Self.pausing))
    for number in 1...7 {
      try rules.event("agent.created", AgentID("agent-\(number)"), ["role": "support"])
      try rules.event("agent.metrics", AgentID("agent-\(number)"), ["error_rate": 0.01])
    }
    clock.set(seconds: 61)
    for number in 1...7 { try rules.event("agent.metrics", AgentID("agent-\(number)"), ["error_rate": 0.01]) }
    // Of who is gone nobody waits for any.
    try rules.event("agent.deleted", "agent-7", [:])
    try scene.server.wait { (try? scene.cursorIsAtEnd()) == true }
    // That they have been heard for long enough to count outlasts the handler.
    try scene.server.wait {
      (try? scene.server.call("HVALS", scene.keys.profiles).elements)?
        .count { $0.bytes.flatMap { AgentProfileCoding.heardSince($0) } != nil } == 6
    }
    scene.handlers[0].halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
    clock.set(seconds: 600)
    try scene.startHandler("h2") { $0.runbook = runbook }
    try rules.event("agent.performance_degraded", "agent-1", ["error_rate": 0.06])
    let lines = try rules.lines { $0.phase == .skipped }
    #expect(
      lines.map(\.detail) == [
        "guarded: 6 of the 6 agents that send metrics have stopped: telemetry may be dead, automation waits for a person"
      ])
    #expect(try scene.record("agent-1").state == .running)
  }
}
