import Automation
import Configuration
import Execution
import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What rules look at once their actions are done.
@Suite(.threaded) struct VerificationTests {
  private static let handing = """
    [[rules]]
    id = "hand"
    on = "agent.handoff_requested"
    do = [{ action = "transfer", conversation_id = "{data.conversation_id}", to = "agent-2" }]
    verify = { after = "1s", when = "run.obeyed", else = [{ action = "escalate", to = "support", severity = "medium" }] }
    """

  private func handOver(_ rules: RuleScene) throws -> String {
    let entry = try rules.event("agent.handoff_requested", "agent-1", ["conversation_id": "c-1"])
    try rules.lines { $0.action == "transfer" && $0.phase == .succeeded }
    return "rule/hand/\(entry)/agent-1/do/0"
  }

  @Test func transferThatTheRuntimeConfirmsIsVerified() throws {
    let rules = try RuleScene(Self.handing)
    let id = try handOver(rules)
    try rules.scene.report("agent-1", "running", command: id)
    let lines = try rules.run(of: "hand")
    #expect(lines.contains { $0.phase == .obeyed && $0.action == "transfer" })
    try rules.lines { $0.detail == "verified: every agent has confirmed it" }
    #expect(try rules.scene.alert(.escalation, "agent-1") == nil)
  }

  @Test func transferThatNobodyConfirmsFallsBackToAPerson() throws {
    let rules = try RuleScene(Self.handing)
    _ = try handOver(rules)
    let lines = try rules.lines { $0.action == "escalate" && $0.phase == .succeeded }
    #expect(lines.contains { $0.short == "failed: not verified: not every agent has confirmed it" })
    #expect(try rules.scene.alert(.escalation, "agent-1")?.summary == "to support")
  }

  private static let falling = """
    [[rules]]
    id = "fall"
    on = "agent.health_critical"
    do = [{ action = "scale", by = "+1" }]
    verify = { after = "1s", when = "run.failed", else = [{ action = "pause", for = "15m" }] }
    """

  @Test func whatIsDoneOtherwisePassesTheGuards() throws {
    let rules = try RuleScene(Self.falling)
    try rules.scene.send(.activateBackup, ["agent-2"], ["backup": "agent-1"])
    try rules.event("agent.health_critical", "agent-1", ["health_score": 0.1])
    let lines = try rules.lines { $0.phase == .skipped }
    #expect(
      lines.contains { $0.short == "skipped agent-1: guarded: pause agent-1 for 15m: it stands in for agent-2" })
    #expect(lines.last?.alert?.id == AlertID(.escalation, "agent-1"), "consoles learn of the call by the audit")
    #expect(
      try rules.scene.alert(.escalation, "agent-1")?.summary
        == "rule fall: not done: pause agent-1 for 15m: it stands in for agent-2")
    #expect(try rules.scene.record("agent-1").state == .running)
  }

  @Test func pauseThatIsDoneOtherwiseTakesItsPlace() throws {
    let rules = try RuleScene(Self.falling)
    try rules.event("agent.health_critical", "agent-1", ["health_score": 0.1])
    try rules.lines { $0.action == "pause" && $0.phase == .succeeded }
    #expect(try rules.scene.server.call("ZCARD", rules.scene.keys.paused) == .integer(1))
  }

  @Test func nothingIsDoneOtherwiseOnceAutomationIsOff() throws {
    let rules = try RuleScene(Self.falling)
    try rules.event("agent.health_critical", "agent-1", ["health_score": 0.1])
    try rules.lines { $0.action == "scale" && $0.phase == .succeeded }
    try rules.scene.send(.automation, [], ["mode": "off"])
    let lines = try rules.lines { $0.phase == .skipped }
    #expect(lines.last?.short == "skipped agent-1: automation is off")
    #expect(try rules.scene.record("agent-1").state == .running)
  }

  @Test(arguments: ["off", "dry"]) func runGoesNoFurtherOnceAutomationIsOff(mode: String) throws {
    let rules = try RuleScene(Self.falling, mode: mode)
    let run = "rule/fall/1-0/agent-1"
    var record = RunRecord(rule: "fall", agent: "agent-1", event: "1-0", reason: "", ruleActions: [])
    record.ruleActions = [Action.pause, .restart].map { PlannedAction(kind: .action($0), target: "agent-1") }
    _ = try rules.scene.server.call("SET", rules.scene.keys.mark(run), record.encoded)
    let job = Job(.ruleAction(run: run, .ruleActions, 0), "agent-1").encoded
    _ = try rules.scene.server.call("ZADD", rules.scene.keys.schedule, try rules.scene.now(), job)
    // What is appointed makes the handler look at its schedule.
    try rules.scene.send(.pause, ["agent-2"])
    let lines = try rules.run(of: "fall")
    #expect(
      lines.map(\.short) == ["skipped agent-1: automation is \(mode)", "skipped: stopped: automation is \(mode)"])
    #expect(try rules.scene.record("agent-1").state == .running)
    #expect(try rules.scene.schedule().count == 1, "agent-2's end of its pause")
  }

  /// A rule whose second action fails.
  private func failing(_ line: String) throws -> (RuleScene, MockService) {
    let scene = try HandlerScene(start: false)
    let service = try MockService(loop: scene.server.loop) { _ in .status(400, "no") }
    let runbook = try RuleScene.read(
      """
      [[rules]]
      id = "heal"
      on = "agent.health_critical"
      do = [{ action = "activate_backup", backup = "agent-2" }, { action = "restart", on_error = "stop" }]
      \(line)
      """)
    let actuator = HTTPActuator(url: try Template(service.url("/restart")))
    _ = try scene.server.call("SET", scene.keys.automation, "on")
    try scene.startHandler("h1") {
      $0.runbook = runbook
      $0.actuators = ActuatorTable(actions: [.restart: .http(actuator)])
    }
    try scene.waitForRecording()
    return (RuleScene(on: scene), service)
  }

  @Test func failureThatStopsARunDoesWhatIsToBeDoneThen() throws {
    let (rules, service) = try failing(
      #"verify = { after = "1h", when = "agent.state == 'running'", else = [{ action = "deactivate_backup" }] }"#)
    try rules.event("agent.health_critical", "agent-1", ["health_score": 0.1])
    try rules.lines { $0.action == "deactivate_backup" && $0.phase == .succeeded }
    #expect(try rules.scene.record("agent-1").backup == nil)
    #expect(try rules.lines().contains { $0.short.hasPrefix("failed: stopped: restart failed: ") })
    #expect(try rules.scene.schedule().isEmpty)
    #expect(service.requests.count == 1)
  }

  @Test func failureThatStopsARunCallsAPersonWhoIsToldWhatStands() throws {
    let (rules, service) = try failing("")
    try rules.event("agent.health_critical", "agent-1", ["health_score": 0.1])
    try rules.scene.server.wait { (try? rules.scene.alert(.escalation, "agent-1")) != nil }
    let summary = try rules.scene.alert(.escalation, "agent-1")?.summary ?? ""
    #expect(summary.hasPrefix("rule heal: stopped: restart failed: "))
    #expect(summary.contains(" Done: "))
    #expect(summary.contains("agent-2"))
    #expect(try rules.scene.record("agent-1").backup == "agent-2")
    #expect(service.requests.count == 1)
  }

  @Test func answerOfAServiceConfirmsInPlaceOfTheRuntime() throws {
    let scene = try HandlerScene(start: false)
    let service = try MockService(loop: scene.server.loop) { _ in .status(200, "ok") }
    let runbook = try RuleScene.read(Self.handing)
    let actuator = HTTPActuator(url: try Template(service.url("/transfer")))
    _ = try scene.server.call("SET", scene.keys.automation, "on")
    try scene.startHandler("h1") {
      $0.runbook = runbook
      $0.actuators = ActuatorTable(actions: [.transfer: .http(actuator)])
    }
    let rules = RuleScene(on: scene)
    _ = try handOver(rules)
    try rules.lines { $0.detail == "verified: every agent has confirmed it" }
    #expect(service.requests.count == 1)
  }

  @Test func eventsOwnWordsAreKnownAfterwards() throws {
    let rules = try RuleScene(
      """
      [[rules]]
      id = "relief"
      on = "agent.high_traffic"
      clear = "data.mode == 'short' and metric.queue_size < 50"
      do = [{ action = "rate_limit", per_minute = 30, for = "1h" }]
      undo = [{ action = "rate_limit", per_minute = 0 }]
      """)
    try rules.event("agent.high_traffic", "agent-1", ["queue_size": 500, "mode": "short"])
    try rules.scene.server.wait { (try? rules.scene.record("agent-1").rateLimit) == 30 }
    try rules.event("agent.metrics", "agent-1", ["queue_size": 10])
    try rules.lines { $0.detail == "cleared: mode short and queue 10 (below 50 asked)" }
    try rules.lines { $0.detail == "no rate limit any more" }
  }

  @Test func conversationsInARowGoToDifferentAgents() throws {
    let rules = try RuleScene()
    for agent: AgentID in ["agent-2", "agent-3"] {
      try rules.event("agent.created", agent, ["skills": ["billing"]])
    }
    for number in 1...4 {
      try rules.event(
        "agent.handoff_requested", "agent-1", ["conversation_id": .string("c-\(number)"), "skill": "billing"])
    }
    let lines = try rules.lines { $0.action == "transfer" && $0.detail.hasPrefix("c-4 ") }
    #expect(
      lines.filter { $0.action == "transfer" }.map(\.detail).sorted() == [
        "c-1 goes to agent-2", "c-2 goes to agent-3", "c-3 goes to agent-2", "c-4 goes to agent-3",
      ])
  }

  @Test func newAgentGetsItsDashboardOnce() throws {
    let scene = try HandlerScene(start: false)
    let service = try MockService(loop: scene.server.loop) { _ in .status(201, "made") }
    let runbook = try RuleScene.read(nil)
    let actuator = HTTPActuator(
      url: try Template(service.url("/api/dashboards/{agent}")), body: try Template(#"{{"uid": "{agent}"}}"#))
    _ = try scene.server.call("SET", scene.keys.automation, "on")
    try scene.startHandler("h1") {
      $0.runbook = runbook
      $0.actuators = ActuatorTable(jobs: ["dashboard": .http(actuator)])
    }
    let rules = RuleScene(on: scene)
    for _ in 0..<2 { try rules.event("agent.created", "agent-1", ["name": "One"]) }
    try rules.lines { $0.phase == .skipped && $0.detail.hasPrefix("throttled: ") }
    try scene.waitForLine("succeeded agent-1: dashboard done (HTTP 201)")
    #expect(service.requests.map(\.path) == ["/api/dashboards/agent-1"])
    #expect(service.requests.map(\.text) == [#"{"uid": "agent-1"}"#])
  }

  @Test func dashboardThatNothingMakesIsRefused() throws {
    let scene = try HandlerScene()
    let lines = try scene.send(.schedule, ["agent-1"], ["job": "dashboard"])
    #expect(
      lines.last?.short
        == "failed: nothing makes dashboards: [grafana] in the handler's file would")
  }

  @Test func closingLineCountsWhatWasDone() throws {
    let (rules, _) = try failing("")
    let runbook = """
      [[rules]]
      id = "mixed"
      on = "agent.odd"
      do = [{ action = "restart" }, { action = "scale", by = "+1" }, { action = "report", name = "r" }]
      """
    let scene = rules.scene
    let book = try RuleScene.read(runbook)
    scene.handlers[0].halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
    let service = try MockService(loop: scene.server.loop) { _ in .status(400, "no") }
    let actuator = HTTPActuator(url: try Template(service.url("/restart")))
    try scene.startHandler("h2") {
      $0.runbook = book
      $0.actuators = ActuatorTable(actions: [.restart: .http(actuator)])
    }
    try rules.event("agent.odd", "agent-1", [:])
    let lines = try rules.run(of: "mixed")
    #expect(lines.last?.short == "failed: 2 of 3 done: HTTP 400: no; done: replicas 1 → 2, report r")
  }

  @Test func whatWasNotDoneIsNotTakenBack() throws {
    let rules = try RuleScene(
      """
      [[rules]]
      id = "lend"
      on = "agent.health_critical"
      do = [{ action = "activate_backup", backup = "agent-2" }]
      verify = { after = "1s", when = "agent.state == 'running'" }
      undo = [{ action = "deactivate_backup" }]
      """)
    // An operator's backup stands in by the time that the rule acts.
    try rules.event("agent.created", "agent-2", ["role": "support"])
    try rules.scene.send(.pause, ["agent-2"])
    try rules.scene.send(.activateBackup, ["agent-1"], ["backup": "agent-3"])
    try rules.event("agent.health_critical", "agent-1", ["health_score": 0.1])
    try rules.lines { $0.detail == "there is nothing to take back" }
    #expect(try rules.scene.record("agent-1").backup == "agent-3")
  }

  @Test func nothingIsDoneOtherwiseInAFleetThatIsIll() throws {
    let rules = try RuleScene(Self.falling, fleet: RuleScene.fleet(5))
    try rules.event("agent.health_critical", "agent-1", ["health_score": 0.1])
    try rules.lines { $0.action == "scale" && $0.phase == .succeeded }
    for number in 2...4 { try rules.event("agent.metrics", AgentID("agent-\(number)"), ["error_rate": 0.9]) }
    let lines = try rules.lines { $0.phase == .skipped }
    let reason = "skipped agent-1: guarded: pause agent-1 for 15m: 80% of the fleet is unhealthy"
    #expect(lines.contains { $0.short.hasPrefix(reason) })
    #expect(try rules.scene.record("agent-1").state == .running)
  }

  @Test func fleetThatIsIllIsStillToldToPeople() throws {
    let rules = try RuleScene(Self.handing)
    for number in 1...5 { try rules.event("agent.created", AgentID("agent-\(number)"), ["role": "support"]) }
    _ = try handOver(rules)
    for number in 2...4 { try rules.event("agent.metrics", AgentID("agent-\(number)"), ["error_rate": 0.9]) }
    try rules.lines { $0.action == "escalate" && $0.phase == .succeeded }
    #expect(try rules.scene.alert(.escalation, "agent-1")?.summary == "to support")
  }

  @Test func whatIsNeverVerifiedIsAskedForADayAndThenToldToAPerson() throws {
    let clock = try SteppedClock(folder: BuildFolder.path)
    let rules = try RuleScene(
      """
      [[rules]]
      id = "lend"
      on = "agent.health_critical"
      do = [{ action = "activate_backup", backup = "agent-2" }]
      verify = { after = "12h", when = "metric.error_rate < 0.1" }
      undo = [{ action = "deactivate_backup" }]
      """, clock: clock)
    let scene = rules.scene
    try rules.event("agent.created", "agent-1", ["role": "support"])
    try rules.event("agent.health_critical", "agent-1", ["health_score": 0.1])
    try rules.actions(of: "lend")
    func due() throws -> Instant? { try scene.schedule().first { $0.job.contains("rule_verify") }?.due }
    for round in 1...3 as ClosedRange<Int64> {
      let before = try due()
      clock.set(seconds: round * 43_200 + 60)
      if round < 3 { try scene.server.wait { (try? due()) != before } }
    }
    let lines = try rules.lines { $0.phase == .unknown }
    #expect(lines.count { $0.detail.hasPrefix("not verified: ") } == 1)
    #expect(lines.contains { $0.detail == "not verified within 1d: error rate unknown" })
    #expect(
      try scene.alert(.escalation, "agent-1")?.summary
        == "rule lend: not verified within 1d, so that it is not taken back: deactivate the backup of agent-1")
    #expect(try due() == nil && scene.record("agent-1").backup == "agent-2")
  }
}
