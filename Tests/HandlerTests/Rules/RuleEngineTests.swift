import Automation
import Execution
import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// From an event's bytes to what the rules have done about it.
@Suite(.threaded) struct RuleEngineTests {
  private static let pausing = """
    [[rules]]
    id = "calm"
    on = "agent.performance_degraded"
    when = "data.error_rate >= 0.25"
    throttle = [{ once_within = "15m" }]
    do = [{ action = "pause", for = "15m" }, { action = "schedule", job = "analysis", at = "1h" }]
    """

  @Test func matchingEventIsActedOnStepByStep() throws {
    let rules = try RuleScene(Self.pausing)
    try rules.event("agent.performance_degraded", "agent-1", ["error_rate": 0.31])
    let lines = try rules.run(of: "calm")
    #expect(
      lines.map(\.short) == [
        "started agent-1: pause agent-1 for 15m and schedule analysis for agent-1 in 1h",
        "succeeded agent-1: paused for 15m", lines[2].short, lines[3].short,
      ])
    #expect(lines[2].short.hasPrefix("succeeded agent-1: analysis at "))
    #expect(lines[3].short.hasPrefix("succeeded: paused for 15m, analysis at "))
    #expect(lines.allSatisfy { $0.reason == "error rate 31% (at least 25% asked)" })
    #expect(try rules.scene.record("agent-1").state == .paused)
    #expect(try rules.scene.control().map(\.action) == [.pause])
  }

  @Test func eventThatDoesNotMatchCausesNothing() throws {
    let rules = try RuleScene(Self.pausing)
    try rules.event("agent.performance_degraded", "agent-1", ["error_rate": 0.1])
    try rules.event("agent.performance_degraded", "agent-2", ["error_rate": 0.5])
    try rules.run(of: "calm")
    #expect(try rules.lines().allSatisfy { $0.target != "agent-1" })
  }

  @Test func secondEventInTheSpanIsThrottledAndSaidOnce() throws {
    let rules = try RuleScene(Self.pausing)
    for _ in 0..<3 { try rules.event("agent.performance_degraded", "agent-1", ["error_rate": 0.31]) }
    try rules.event("agent.performance_degraded", "agent-2", ["error_rate": 0.31])
    try rules.lines { $0.target == "agent-2" && $0.phase == .succeeded && $0.action == "schedule" }
    let lines = try rules.lines().filter { $0.target == "agent-1" }
    #expect(lines.count { $0.phase == .started } == 1)
    let skipped = lines.filter { $0.phase == .skipped }.map(\.detail)
    #expect(
      skipped.count == 1 && skipped[0].hasPrefix("throttled: acted ") && skipped[0].hasSuffix(" ago, once in 15m"))
    #expect(try rules.scene.record("agent-1").version == 1)
  }

  @Test func oldEventPausesNobody() throws {
    let rules = try RuleScene(Self.pausing)
    let event: JSONValue = [
      "entity_id": "agent-1", "event_type": "agent.performance_degraded", "data": ["error_rate": 0.9],
    ]
    let hourAgo = try rules.scene.now(.seconds(-3000)).milliseconds
    // As entries that were written while no handler lived.
    rules.scene.handlers[0].halt()
    _ = try rules.scene.server.call("DEL", rules.scene.keys.lease, rules.scene.keys.events, rules.scene.keys.cursor)
    _ = try rules.scene.server.call("HSET", rules.scene.keys.cursor, rules.scene.keys.events, "\(hourAgo - 1)-0")
    _ = try rules.scene.server.call(
      "XADD", rules.scene.keys.events, "\(hourAgo)-0", Keys.dataField, event.encoded)
    let runbook = try RuleScene.read(Self.pausing)
    try rules.scene.startHandler("h2") { $0.runbook = runbook }
    let lines = try rules.lines { $0.phase == .skipped }
    #expect(lines.map { $0.detail.prefix(21) } == ["stale: the event is 3"])
    #expect(try rules.scene.record("agent-1") == AgentRecord())
  }

  @Test func withoutTheSwitchRulesOnlySayWhatTheyWouldDo() throws {
    let rules = try RuleScene(Self.pausing, mode: nil)
    try rules.event("agent.performance_degraded", "agent-1", ["error_rate": 0.31])
    let lines = try rules.lines { $0.phase == .skipped }
    #expect(lines.map(\.detail) == ["dry_run: would pause agent-1 for 15m and schedule analysis for agent-1 in 1h"])
    #expect(try rules.scene.record("agent-1") == AgentRecord())
    #expect(try rules.scene.control().isEmpty)
    // Switched on, it acts at once: what was only said throttles nothing.
    try rules.scene.send(.automation, [], ["mode": "on"])
    try rules.event("agent.performance_degraded", "agent-1", ["error_rate": 0.31])
    try rules.run(of: "calm")
    #expect(try rules.scene.record("agent-1").state == .paused)
  }

  private static let asking = """
    [[rules]]
    id = "ask"
    on = "agent.satisfaction_low"
    mode = "approve"
    approve = { ttl = "15m", on_expire = "escalate" }
    do = [{ action = "offer_coupon", conversation_ids = "{data.conversation_ids}" }]
    """

  private func proposal(_ rules: RuleScene) throws -> Proposal {
    try rules.event("agent.satisfaction_low", "agent-1", ["avg_rating": 1.5, "conversation_ids": ["c-1", "c-2"]])
    let line = try #require(try rules.lines { $0.phase == .proposed }.first { $0.phase == .proposed })
    return try #require(line.proposal)
  }

  @Test func approvedProposalIsDone() throws {
    let rules = try RuleScene(Self.asking)
    let proposal = try proposal(rules)
    #expect(
      proposal.steps == [
        Proposal.Step(action: "offer_coupon", target: "agent-1", arguments: ["conversation_ids": "c-1,c-2"])
      ])
    #expect(try rules.scene.control().isEmpty)
    let wrong = try rules.scene.send(.approve, [], ["proposal": proposal.id.text, "sha256": "00"])
    #expect(wrong.last?.phase == .failed)
    let lines = try rules.scene.send(.approve, [], ["proposal": proposal.id.text, "sha256": proposal.digest])
    #expect(lines.last?.short == "succeeded: approved: ask for agent-1")
    try rules.run(of: "ask")
    #expect(try rules.scene.control().map(\.arguments) == [["conversation_ids": "c-1,c-2"]])
    #expect(try rules.scene.server.call("HLEN", rules.scene.keys.proposals) == .integer(0))
    #expect(try rules.scene.schedule().isEmpty)
  }

  @Test func declinedProposalIsNotDone() throws {
    let rules = try RuleScene(Self.asking)
    let proposal = try proposal(rules)
    let lines = try rules.scene.send(.reject, [], ["proposal": proposal.id.text, "sha256": proposal.digest])
    #expect(lines.contains { $0.proposal?.state == .declined })
    let twice = try rules.scene.send(.approve, [], ["proposal": proposal.id.text, "sha256": proposal.digest])
    #expect(twice.last?.phase == .failed)
    #expect(try rules.scene.control().isEmpty)
  }

  @Test func proposalThatNobodyAnswersEndsAndCallsAPerson() throws {
    let rules = try RuleScene(Self.asking)
    let proposal = try proposal(rules)
    let end = Job(.proposalEnd(proposal.id), "agent-1").encoded
    _ = try rules.scene.server.call("ZADD", rules.scene.keys.schedule, try rules.scene.now(), end)
    // What is appointed makes the handler look at its schedule.
    try rules.scene.send(.pause, ["agent-2"])
    let lines = try rules.lines { $0.phase == .expired }
    #expect(lines.last?.proposal?.state == .expired)
    #expect(try rules.scene.alert(.escalation, "agent-1")?.summary.contains("nobody answered") == true)
  }

  @Test func verificationThatFailsDoesTheRest() throws {
    let rules = try RuleScene(
      """
      [[rules]]
      id = "heal"
      on = "agent.health_critical"
      do = [{ action = "restart" }]
      verify = { after = "1s", when = "agent.state == 'running'", else = [{ action = "escalate", to = "on-call" }] }
      """)
    try rules.event("agent.health_critical", "agent-1", ["health_score": 0.1])
    let lines = try rules.lines { $0.action == "escalate" && $0.phase == .succeeded }
    #expect(lines.contains { $0.short == "failed: not verified: state restarting (running asked)" })
    #expect(try rules.scene.alert(.escalation, "agent-1") != nil)
  }

  @Test func limitStopsAndCallsAPerson() throws {
    let rules = try RuleScene(
      """
      [[rules]]
      id = "again"
      on = "agent.high_traffic"
      limits = { per_agent = { count = 2, within = "1h" } }
      do = [{ action = "scale", by = "+1" }]
      """)
    for _ in 0..<4 { try rules.event("agent.high_traffic", "agent-1", ["queue_size": 500]) }
    let lines = try rules.lines { $0.phase == .skipped }
    #expect(lines.count { $0.phase == .started } == 2)
    #expect(lines.last { $0.phase == .skipped }?.detail == "limited: acted 2 times within 1h on this agent")
    try rules.scene.server.wait { (try? rules.scene.record("agent-1").replicas) == 3 }
    #expect(try rules.scene.alert(.escalation, "agent-1") != nil)
  }

  @Test func ruleActsAgainOnlyOnceItsTroubleHasCleared() throws {
    let rules = try RuleScene(
      """
      [[rules]]
      id = "relief"
      on = "agent.high_traffic"
      when = "data.queue_size >= 100"
      clear = "metric.queue_size < 50"
      do = [{ action = "rate_limit", per_minute = 30, for = "1h" }]
      undo = [{ action = "rate_limit", per_minute = 0 }]
      """)
    try rules.event("agent.high_traffic", "agent-1", ["queue_size": 500])
    try rules.event("agent.high_traffic", "agent-1", ["queue_size": 400])
    try rules.lines { $0.detail.hasPrefix("not_cleared: ") }
    try rules.scene.server.wait { (try? rules.scene.record("agent-1").rateLimit) == 30 }
    try rules.event("agent.metrics", "agent-1", ["queue_size": 10])
    try rules.lines { $0.detail == "cleared: queue 10 (below 50 asked)" }
    try rules.lines { $0.detail == "no rate limit any more" }
    try rules.event("agent.high_traffic", "agent-1", ["queue_size": 600])
    try rules.scene.server.wait { (try? rules.lines().count { $0.phase == .started }) == 2 }
  }

  private static let relief = """
    [[rules]]
    id = "relief"
    on = "agent.high_traffic"
    when = "data.queue_size >= 100"
    clear = "metric.queue_size < 50"
    mode = "MODE"
    do = [{ action = "rate_limit", per_minute = 30, for = "1h" }]
    undo = [{ action = "rate_limit", per_minute = 0 }]
    """

  private func uncleared(_ rules: RuleScene) throws -> [String] {
    try rules.scene.server.call("HGETALL", rules.scene.keys.uncleared).pairs
      .map { String(decoding: $0.name, as: UTF8.self) }.sorted()
  }

  @Test func dryRunLeavesNothingToClear() throws {
    let rules = try RuleScene(Self.relief.replacing("MODE", with: "auto"), mode: nil)
    for _ in 0..<2 {
      try rules.event("agent.high_traffic", "agent-1", ["queue_size": 500])
    }
    try rules.scene.server.wait { (try? tally(rules)) == ["relief/dry_run=2"] }
    #expect(try uncleared(rules).isEmpty)
  }

  @Test func whatNoRuleClearsIsLetGo() throws {
    let scene = try HandlerScene(start: false)
    for field in ["dry/relief/agent-1", "gone/agent-1", "odd", "relief/agent-1"] {
      _ = try scene.server.call("HSET", scene.keys.uncleared, field, "rule/relief/1-0/agent-1")
    }
    let runbook = try RuleScene.read(Self.relief.replacing("MODE", with: "auto"))
    try scene.startHandler("h1") { $0.runbook = runbook }
    let rules = RuleScene(on: scene)
    try scene.server.wait { (try? uncleared(rules)) == ["relief/agent-1"] }
    // Of its run nothing is known either.
    try scene.waitForRecording()
    try rules.event("agent.metrics", "agent-1", ["queue_size": 10])
    try scene.server.wait { (try? uncleared(rules)) == [] }
    #expect(try rules.lines().isEmpty)
  }

  @Test func proposalIsToClearOnlyOnceItIsApproved() throws {
    let rules = try RuleScene(Self.relief.replacing("MODE", with: "approve"))
    try rules.event("agent.high_traffic", "agent-1", ["queue_size": 500])
    let lines = try rules.lines { $0.phase == .proposed }
    let proposal = try #require(lines.compactMap(\.proposal).first)
    #expect(try uncleared(rules).isEmpty)
    // It is not proposed again while it stands.
    try rules.event("agent.high_traffic", "agent-1", ["queue_size": 500])
    try rules.lines { $0.detail == "not_cleared: what it proposed on this still stands" }
    try rules.scene.send(.approve, [], ["proposal": proposal.id.text, "sha256": proposal.digest])
    try rules.run(of: "relief")
    #expect(try uncleared(rules) == ["relief/agent-1"])
    try rules.event("agent.metrics", "agent-1", ["queue_size": 10])
    try rules.lines { $0.detail == "no rate limit any more" }
    #expect(try uncleared(rules).isEmpty)
  }

  @Test func declinedProposalHoldsItsRuleBackNoLonger() throws {
    let rules = try RuleScene(Self.relief.replacing("MODE", with: "approve"))
    try rules.event("agent.high_traffic", "agent-1", ["queue_size": 500])
    let proposal = try #require(try rules.lines { $0.phase == .proposed }.compactMap(\.proposal).first)
    try rules.event("agent.high_traffic", "agent-1", ["queue_size": 500])
    try rules.lines { $0.detail == "not_cleared: what it proposed on this still stands" }
    try rules.scene.send(.reject, [], ["proposal": proposal.id.text, "sha256": proposal.digest])
    try rules.event("agent.high_traffic", "agent-1", ["queue_size": 500])
    try rules.lines { $0.phase == .proposed && $0.proposal?.id != proposal.id }
  }

  @Test func proposalThatIsDeclinedTakesNothingBack() throws {
    let rules = try RuleScene(Self.relief.replacing("MODE", with: "approve"))
    try rules.event("agent.high_traffic", "agent-1", ["queue_size": 500])
    let lines = try rules.lines { $0.phase == .proposed }
    let proposal = try #require(lines.compactMap(\.proposal).first)
    try rules.scene.send(.reject, [], ["proposal": proposal.id.text, "sha256": proposal.digest])
    try rules.event("agent.metrics", "agent-1", ["queue_size": 10])
    try rules.event("agent.high_traffic", "agent-2", ["queue_size": 500])
    try rules.lines { $0.phase == .proposed && $0.target == "agent-2" }
    #expect(try !rules.lines().contains { $0.detail.hasPrefix("cleared") || $0.action == "rate_limit" })
  }

  @Test func undoWaitsForTheActionsThatItTakesBack() throws {
    let rules = try RuleScene(Self.relief.replacing("MODE", with: "auto"))
    let run = "rule/relief/1-0/agent-1"
    var record = RunRecord(rule: "relief", agent: "agent-1", event: "1-0", reason: "", ruleActions: [])
    record.ruleActions = [PlannedAction(kind: .action(.rateLimit), target: "agent-1", arguments: ["per_minute": "30"])]
    record.undo = [PlannedAction(kind: .action(.rateLimit), target: "agent-1", arguments: ["per_minute": "0"])]
    let keys = rules.scene.keys
    let job = Job(.ruleAction(run: run, .ruleActions, 0), "agent-1").encoded
    _ = try rules.scene.server.call("SET", keys.mark(run), record.encoded)
    _ = try rules.scene.server.call("HSET", keys.uncleared, "relief/agent-1", run)
    // It is due only in a while.
    _ = try rules.scene.server.call("ZADD", keys.schedule, try rules.scene.now(.minutes(5)), job)
    rules.scene.handlers[0].halt()
    _ = try rules.scene.server.call("DEL", keys.lease)
    let runbook = try RuleScene.read(Self.relief.replacing("MODE", with: "auto"))
    try rules.scene.startHandler("h2") { $0.runbook = runbook }
    try rules.event("agent.metrics", "agent-1", ["queue_size": 10])
    try rules.event("agent.high_traffic", "agent-2", ["queue_size": 500])
    try rules.lines { $0.phase == .started && $0.target == "agent-2" }
    #expect(try uncleared(rules).contains("relief/agent-1"))
    _ = try rules.scene.server.call("ZREM", keys.schedule, job)
    try rules.lines { $0.detail == "cleared: queue 10 (below 50 asked)" }
  }

  @Test func throttlesOfTheFleetEndNoneOfEachOther() throws {
    let rules = try RuleScene(RehearsalTests.sharing)
    let keys = rules.scene.keys
    try rules.event("agent.custom", "agent-1", ["x": 1])
    try rules.run(of: "rested")
    #expect(try rules.scene.server.call("GET", keys.mark("throttle/fleet")).bytes == nil)
    try rules.event("agent.feedback", "agent-1", ["rating": 5])
    try rules.run(of: "brief")
    let left = try #require(try rules.scene.server.call("PTTL", keys.mark("throttle/fleet")).integer)
    #expect(left > TimeSpan.hours(1).milliseconds)
    try rules.event("agent.high_traffic", "agent-1", ["queue_size": 500])
    try rules.lines { $0.rule == "hourly" && $0.detail.hasPrefix("throttled: acted ") }
  }

  @Test func floodIsSettledWithoutWordsAndCounted() throws {
    let rules = try RuleScene(Self.pausing)
    for number in 0..<3000 {
      let rate: JSONValue = number % 3 == 0 ? 0.1 : 0.31
      try rules.event("agent.performance_degraded", "agent-1", ["error_rate": rate])
    }
    try rules.event("agent.performance_degraded", "agent-2", ["error_rate": 0.31])
    try rules.lines { $0.target == "agent-2" && $0.phase == .succeeded && $0.action == "schedule" }
    #expect(try rules.lines().filter { $0.target == "agent-1" && $0.phase == .skipped }.count == 1)
    try rules.scene.server.wait {
      (try? tally(rules)) == ["calm/acted=2", "calm/not_met=1000", "calm/throttled=1999"]
    }
  }

  private func tally(_ rules: RuleScene) throws -> [String] {
    try rules.scene.server.call("HGETALL", rules.scene.keys.tally).pairs
      .map { "\(String(decoding: $0.name, as: UTF8.self))=\(String(decoding: $0.value, as: UTF8.self))" }.sorted()
  }

  @Test func occurrenceOfAnEventCountsOnceHoweverOftenItIsRead() throws {
    let third = """
      [[rules]]
      id = "third"
      on = "agent.performance_degraded"
      for = { count = 3, within = "10m" }
      do = [{ action = "pause", for = "15m" }]
      """
    let rules = try RuleScene(third)
    for _ in 0..<2 { try rules.event("agent.performance_degraded", "agent-1", ["error_rate": 0.31]) }
    try rules.scene.server.wait { (try? tally(rules)) == ["third/counting=2"] }
    // The handler that takes over reads both once more.
    rules.scene.handlers[0].halt()
    _ = try rules.scene.server.call("DEL", rules.scene.keys.lease)
    _ = try rules.scene.server.call("HSET", rules.scene.keys.cursor, rules.scene.keys.events, "0-1")
    let runbook = try RuleScene.read(third)
    try rules.scene.startHandler("h2") { $0.runbook = runbook }
    try rules.scene.server.wait { (try? tally(rules)) == ["third/counting=4"] }
    #expect(try rules.lines().isEmpty)
    try rules.event("agent.performance_degraded", "agent-1", ["error_rate": 0.31])
    try rules.run(of: "third")
    #expect(try rules.scene.record("agent-1").state == .paused)
  }
}
