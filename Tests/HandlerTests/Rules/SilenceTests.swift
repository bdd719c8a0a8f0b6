import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Agents that stop to report while others go on, from their last report to the people who hear of it.
@Suite(.threaded) struct SilenceTests {
  private let clock: SteppedClock
  private let rules: RuleScene
  private var scene: HandlerScene { rules.scene }

  init() throws {
    clock = try SteppedClock(folder: BuildFolder.path)
    rules = try RuleScene(clock: clock)
  }

  /// Has agents report every ten seconds in a stretch of time.
  private func report(_ agents: [AgentID], _ seconds: ClosedRange<Int64>) throws {
    for second in stride(from: seconds.lowerBound, through: seconds.upperBound, by: 10) {
      clock.set(seconds: second)
      for agent in agents { try rules.event("agent.metrics", agent, ["error_rate": 0.01]) }
      try scene.server.wait { (try? scene.cursorIsAtEnd()) ?? false }
    }
  }

  private func isSilent(_ agent: AgentID) throws -> Bool { try scene.alert(.silent, agent) != nil }

  /// The events of silence that were published, by agent.
  private func published() throws -> [String] {
    try scene.entries(scene.keys.events).compactMap { try? JSONValue.parse($0) }
      .filter { $0["event_type"] == "agent.silent" }.compactMap { $0["entity_id"]?.text }
  }

  private func takeOver() throws {
    scene.handlers.last?.halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
    let rules = try RuleScene.read(nil)
    try scene.startHandler("h\(scene.handlers.count + 1)") { $0.runbook = rules }
    // Once it has taken what comes next, it has judged what it found.
    try scene.send(.pause, ["agent-9"])
    try report(["b"], 100...100)
  }

  @Test func agentThatStopsIsToldOnceAndItsReportIsTheAllClear() throws {
    try report(["a", "b"], 0...30)
    try report(["b"], 40...70)
    try scene.server.wait { (try? isSilent("a")) ?? false }
    let lines = try rules.run(of: "silent")
    #expect(lines.first?.reason.hasPrefix("silent for ") == true)
    #expect(try published() == ["a"])
    try report(["a", "b"], 80...80)
    try scene.server.wait { (try? !isSilent("a")) ?? false }
    #expect(try scene.alert(.escalation, "a") == nil, "it has no role that could be left without anybody")
  }

  @Test func personIsCalledIfTheRoleHasNobodyLeft() throws {
    for (agent, role) in [("a", "sales"), ("b", "support"), ("c", "support")] as [(AgentID, JSONValue)] {
      try rules.event("agent.created", agent, ["role": role])
    }
    try report(["a", "b", "c"], 0...30)
    try report(["b"], 40...70)
    try scene.server.wait { (try? scene.alert(.escalation, "a")) ?? nil != nil }
    try rules.lines { $0.rule == "silent" && $0.isEndOfRun && $0.run.hasSuffix("/c") }
    #expect(try scene.alert(.escalation, "c") == nil, "another of its role is well")
  }

  /// One run an opening, whoever leads.
  @Test func takeoverTellsNothingAnew() throws {
    try report(["a", "b"], 0...30)
    try report(["b"], 40...70)
    try rules.run(of: "silent")
    let since = try scene.alert(.silent, "a")?.since
    try takeOver()
    #expect(try scene.alert(.silent, "a")?.since == since && since != nil)
    #expect(try published() == ["a"])
    #expect(try rules.lines().count { $0.rule == "silent" && $0.phase == .started } == 1)
    try report(["a", "b"], 110...110)
    try scene.server.wait { (try? !isSilent("a")) ?? false }
  }

  @Test func alertThatSomebodyHasClosedStaysClosed() throws {
    try report(["a", "b"], 0...30)
    try report(["b"], 40...70)
    try rules.run(of: "silent")
    try scene.send(.close, [], ["alert": "agent.silent/a"])
    try report(["b"], 80...90)
    try takeOver()
    #expect(try !isSilent("a"))
    #expect(try published() == ["a"])
  }

  @Test func agentThatFallsSilentWhileNobodyLeadsIsFoundByTheNextHandler() throws {
    try report(["a", "b"], 0...60)
    scene.handlers.last?.halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
    for second in stride(from: Int64(70), through: 130, by: 10) {
      clock.set(seconds: second)
      try rules.event("agent.metrics", "b", ["error_rate": 0.01])
    }
    let runbook = try RuleScene.read(nil)
    try scene.startHandler("h2") { $0.runbook = runbook }
    try report(["b"], 140...160)
    #expect(try !isSilent("a"), "what was published on channels meanwhile stands nowhere")
    try report(["b"], 170...180)
    try scene.server.wait { (try? isSilent("a")) ?? false }
    #expect(try published() == ["a"])
  }

  @Test func pauseExplainsTheSilence() throws {
    try report(["a", "b"], 0...30)
    try scene.send(.pause, ["a"])
    try report(["b"], 40...80)
    #expect(try !isSilent("a"))
    try scene.send(.resume, ["a"])
    try report(["b"], 90...100)
    #expect(try !isSilent("a"), "it is given its time to report")
    try report(["b"], 110...130)
    try scene.server.wait { (try? isSilent("a")) ?? false }
  }

  /// That is one trouble, and a person is called for it.
  @Test func wholeFleetThatFallsSilentIsOneAlert() throws {
    try report(["a", "b", "c"], 0...30)
    clock.set(seconds: 75)
    try scene.server.wait { (try? scene.alert(.escalation, "a")) ?? nil != nil }
    #expect(try scene.alert(.escalation, "a")?.summary.hasPrefix("no agent has reported for 4") == true)
    #expect(try scene.server.call("HKEYS", scene.keys.alerts).elements?.compactMap(\.text) == ["escalation/a"])
    try report(["a", "b", "c"], 80...110)
    #expect(try published().isEmpty)
  }
}
