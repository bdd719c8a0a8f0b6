import Automation
import Execution
import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What no rule may go beyond.
@Suite(.threaded) struct GuardTests {
  private static let pausing = """
    [guards]
    allowed = ["192.0.2.9"]

    \(RuleScene.calm)

    [[rules]]
    id = "attack"
    on = "agent.security_alert"
    do = [{ action = "pause", for = "15m" }, { action = "block_ip", each = "data.suspicious_ips", ip = "{item}", for = "1h" }]

    [[rules]]
    id = "more"
    on = "agent.high_traffic"
    do = [{ action = "scale", by = "+1" }]
    """

  /// A fleet of one role.
  private func fleet(_ count: Int, of rules: RuleScene) throws {
    for number in 1...count {
      try rules.event("agent.created", AgentID("agent-\(number)"), ["role": "support", "replicas_max": 2])
    }
  }

  @Test func agentOnItsOwnIsPaused() throws {
    let rules = try RuleScene(Self.pausing)
    try rules.degrade("agent-1")
    try rules.run(of: "calm")
    #expect(try rules.scene.record("agent-1").state == .paused)
  }

  @Test func noMoreOfARoleArePausedThanItsShare() throws {
    let rules = try RuleScene(Self.pausing)
    try fleet(20, of: rules)
    for number in 1...3 { try rules.degrade(AgentID("agent-\(number)")) }
    let lines = try rules.lines { $0.phase == .skipped && $0.target == "agent-3" }
    try rules.scene.server.wait { (try? rules.scene.record("agent-2").state) == .paused }
    #expect(
      lines.last { $0.phase == .skipped }?.detail
        == "guarded: pause agent-3 for 15m: rules have paused 2 of the 20 agents of its role, 2 may be")
    #expect(try rules.scene.record("agent-3") == AgentRecord())
    #expect(
      try rules.scene.alert(.escalation, "agent-3")?.summary.hasPrefix("rule calm: pause agent-3") == true)
  }

  @Test func lastHealthyAgentOfARoleIsLeft() throws {
    let rules = try RuleScene(Self.pausing)
    try fleet(4, of: rules)
    try rules.event("agent.created", "agent-9", ["role": "sales"])
    try rules.degrade("agent-9")
    let lines = try rules.lines { $0.phase == .skipped }
    #expect(lines.map(\.detail) == ["guarded: pause agent-9 for 15m: no other agent of its role is healthy"])
  }

  private func tally(_ rules: RuleScene) throws -> [String] {
    try rules.scene.server.call("HGETALL", rules.scene.keys.tally).pairs
      .map { "\(String(decoding: $0.name, as: UTF8.self))=\(String(decoding: $0.value, as: UTF8.self))" }.sorted()
  }

  @Test func whatHasNothingLeftToDoCountsAsGuarded() throws {
    let rules = try RuleScene(
      Self.pausing + """


        [[rules]]
        id = "idle"
        on = "agent.feedback"
        do = [{ action = "resume", when = "agent.state == 'paused'" }]
        """)
    try rules.scene.send(.activateBackup, ["agent-1"], ["backup": "agent-2"])
    for _ in 0..<2 {
      try rules.degrade("agent-2")
      try rules.event("agent.feedback", "agent-2", ["rating": 5])
    }
    try rules.scene.server.wait { (try? tally(rules)) == ["calm/guarded=2", "idle/guarded=2"] }
    let details = try rules.lines().map(\.detail).sorted()
    #expect(
      details == [
        "guarded: nothing to do, no action's own condition holds",
        "guarded: pause agent-2 for 15m: it stands in for agent-1",
      ])
  }

  @Test func activeBackupIsLeft() throws {
    let rules = try RuleScene(Self.pausing)
    try rules.scene.send(.activateBackup, ["agent-1"], ["backup": "agent-2"])
    try rules.degrade("agent-2")
    let lines = try rules.lines { $0.phase == .skipped }
    #expect(lines.map(\.detail) == ["guarded: pause agent-2 for 15m: it stands in for agent-1"])
    try rules.scene.send(.deactivateBackup, ["agent-1"])
    try rules.degrade("agent-2")
    try rules.run(of: "calm")
  }

  @Test func fleetThatIsIllStopsAutomationAndCallsAPerson() throws {
    let rules = try RuleScene(Self.pausing, fleet: RuleScene.fleet(5))
    for number in 1...2 {
      try rules.event("agent.metrics", AgentID("agent-\(number)"), ["error_rate": 0.9])
    }
    try rules.degrade("agent-3")
    let lines = try rules.lines { $0.phase == .skipped }
    #expect(lines.map(\.detail) == ["guarded: 60% of the fleet is unhealthy: automation waits for a person"])
    #expect(try rules.scene.alert(.escalation, "agent-3") != nil)
    #expect(try rules.scene.control().isEmpty)
  }

  @Test func thatPeopleWereCalledMakesNoFleetIll() throws {
    let rules = try RuleScene(Self.pausing)
    try fleet(5, of: rules)
    try rules.scene.send(.escalate, ["agent-1", "agent-2"], ["to": "support", "severity": "critical"])
    try rules.degrade("agent-3")
    try rules.run(of: "calm")
    #expect(try rules.scene.record("agent-3").state == .paused)
  }

  @Test func dryRunTellsThatTheFleetIsIllAndCallsNobody() throws {
    let rules = try RuleScene(Self.pausing, mode: nil, fleet: RuleScene.fleet(5))
    for number in 1...2 {
      try rules.event("agent.metrics", AgentID("agent-\(number)"), ["error_rate": 0.9])
    }
    try rules.degrade("agent-3")
    let lines = try rules.lines { $0.phase == .skipped }
    #expect(lines.map(\.detail) == ["guarded: 60% of the fleet is unhealthy: automation waits for a person"])
    #expect(try rules.scene.alert(.escalation, "agent-3") == nil)
  }

  @Test func deadTelemetryStopsAutomationAndCallsAPerson() throws {
    let scene = try HandlerScene(start: false)
    _ = try scene.server.call("SET", scene.keys.automation, "on")
    // Metrics of five agents, a minute apart, and none since. They have stopped after three of these minutes; half a
    // minute more is for a slow machine. A handler that begins reads five minutes back.
    let now = try scene.now()
    for seconds in [Int64(270), 210] {
      let past = (now - .seconds(seconds)).milliseconds
      for number in 1...5 {
        let event: JSONValue = [
          "entity_id": .string("agent-\(number)"), "event_type": "agent.metrics", "data": ["error_rate": 0.01],
        ]
        _ = try scene.server.call("XADD", scene.keys.events, "\(past)-\(number)", Keys.dataField, event.encoded)
      }
    }
    let runbook = try RuleScene.read(Self.pausing)
    try scene.startHandler("h1") { $0.runbook = runbook }
    let rules = RuleScene(on: scene)
    try rules.degrade("agent-1")
    let lines = try rules.lines { $0.phase == .skipped }
    #expect(
      lines.allSatisfy {
        $0.detail
          == "guarded: 5 of the 5 agents that send metrics have stopped: telemetry may be dead, automation waits for a person"
      })
    #expect(try scene.alert(.escalation, "agent-1") != nil)
  }

  @Test func illFleetCallsAPersonOnceAndForEachAttack() throws {
    let rules = try RuleScene(Self.pausing, fleet: RuleScene.fleet(8))
    for number in 1...4 {
      try rules.event("agent.metrics", AgentID("agent-\(number)"), ["error_rate": 0.9])
    }
    for number in 5...7 { try rules.degrade(AgentID("agent-\(number)")) }
    for number in 6...7 { try rules.event("agent.security_alert", AgentID("agent-\(number)"), ["risk_level": "high"]) }
    let lines = try rules.lines { $0.rule == "attack" && $0.target == "agent-7" }
    #expect(lines.count { $0.rule == "calm" && $0.phase == .skipped } == 3)
    let called = try (1...8).filter { try rules.scene.alert(.escalation, AgentID("agent-\($0)")) != nil }
    #expect(called == [5, 6, 7])
  }

  @Test func metricsOlderThanThreeOfTheirOwnIntervalsHaveStopped() throws {
    var fleet = Fleet(seed: 1, keepsHistory: false, tracksAgentChanges: true)
    let health = FleetHealth()
    func report(_ agent: String, _ seconds: Int64) throws {
      let event: JSONValue = ["entity_id": .string(agent), "event_type": "agent.metrics", "data": ["error_rate": 0]]
      let instant = Instant.epoch + .seconds(seconds)
      try event.encoded.withUnsafeBytes { bytes in
        _ = fleet.apply(try EventDecoder().decode(bytes, channel: nil, receivedAt: instant))
      }
    }
    for second in stride(from: Int64(0), through: 300, by: 10) { try report("often", second) }
    for second in stride(from: Int64(0), through: 300, by: 100) { try report("seldom", second) }
    try report("once", 300)
    func silent(_ seconds: Int64) -> Int {
      health.update(&fleet, at: .epoch + .seconds(300 + seconds), silence: .seconds(30))
      return health.counts.settled.silent + health.counts.new.silent
    }
    #expect([20, 29, 30, 299, 300, 10_000].map(silent) == [0, 0, 1, 1, 2, 2])
  }

  @Test func securityPauseThatIsRefusedCallsAPersonAndTheRestIsDone() throws {
    let rules = try RuleScene(Self.pausing)
    try fleet(4, of: rules)
    try rules.event("agent.created", "agent-9", ["role": "sales"])
    try rules.event(
      "agent.security_alert", "agent-9",
      ["risk_level": "medium", "suspicious_ips": ["10.1.2.3", "192.0.2.9", "127.0.0.1"]])
    try rules.run(of: "attack")
    #expect(try rules.scene.record("agent-9") == AgentRecord())
    #expect(try rules.scene.alert(.escalation, "agent-9") != nil)
    let blocked = try rules.scene.server.call("ZRANGE", rules.scene.keys.blocked, 0, -1).elements?.compactMap(\.text)
    #expect(blocked == ["10.1.2.3"])
    let details = try rules.lines().filter { $0.phase == .skipped }.map(\.detail)
    #expect(details.contains("guarded: block 192.0.2.9 for 1h: 192.0.2.9 is allow-listed"))
    #expect(details.contains { $0.hasPrefix("127.0.0.1 is a loopback") })
  }

  @Test func objectAmongAddressesKeepsNoneFromBeingBlocked() throws {
    let rules = try RuleScene(Self.pausing)
    try rules.event(
      "agent.security_alert", "agent-9",
      ["risk_level": "medium", "suspicious_ips": ["10.1.2.3", ["ip": "10.1.2.4"], "10.1.2.5"]])
    try rules.run(of: "attack")
    let blocked = try rules.scene.server.call("ZRANGE", rules.scene.keys.blocked, 0, -1).elements?.compactMap(\.text)
    #expect(blocked?.sorted() == ["10.1.2.3", "10.1.2.5"])
    #expect(FactValue(["a", ["b": 1], 2] as JSONValue) == .list([.text("a"), .number(2)]))
    #expect(FactValue([["b": 1]] as JSONValue) == .text(#"[{"b":1}]"#))
    #expect(FactValue([] as JSONValue) == .list([]))
  }

  @Test func replicasStayWithinTheAgentsOwnBounds() throws {
    let rules = try RuleScene(Self.pausing)
    try fleet(1, of: rules)
    for _ in 0..<2 { try rules.event("agent.high_traffic", "agent-1", ["queue_size": 50]) }
    try rules.lines { $0.detail == "guarded: it has 2 replicas, of 1 to 2" }
    #expect(try rules.scene.record("agent-1").replicas == 2)
  }

  @Test func whatIsToGiveReplicasTakesNone() throws {
    let rules = try RuleScene(Self.pausing)
    try fleet(1, of: rules)
    try rules.scene.send(.scale, ["agent-1"], ["replicas": "5"])
    try rules.event("agent.high_traffic", "agent-1", ["queue_size": 50])
    try rules.lines { $0.detail == "guarded: it has 5 replicas, of 1 to 2" }
    #expect(try rules.scene.record("agent-1").replicas == 5)
  }

  @Test func pausesGrowLongerAndThenCallAPerson() {
    var input = GuardCheck.Input(FleetHealth(), "a")
    let pause = PlannedAction(kind: .action(.pause), target: "a", arguments: ["for": "15m"])
    func result(_ pauses: Int) -> GuardCheck.Result {
      input.pauses = pauses
      return GuardCheck(guards: Guards(), input: input).filter([pause])
    }
    #expect((0...4).map { result($0).ruleActions.first?.arguments["for"] } == ["15m", "30m", "1h", "2h", "4h"])
    #expect(result(5).ruleActions.isEmpty && result(5).opensEscalation)
  }

  @Test func approvedPauseKeepsTheLengthThatWasApproved() {
    var input = GuardCheck.Input(FleetHealth(), "a")
    let approved = PlannedAction(kind: .action(.pause), target: "a", arguments: ["for": "4h"])
    input.pauses = 4
    let result = GuardCheck(guards: Guards(), input: input).refusing([approved])
    #expect(result.ruleActions == [approved] && result.refused.isEmpty)
    input.standsInFor = "b"
    let other = GuardCheck(guards: Guards(), input: input).refusing([approved])
    #expect(other.ruleActions.isEmpty && other.refused.map(\.reason) == ["it stands in for b"])
  }

  @Test func otherAgentsAreNeitherPausedNorRestarted() {
    let input = GuardCheck.Input(FleetHealth(), "a")
    let ruleActions = [Action.pause, .restart, .scale].map { PlannedAction(kind: .action($0), target: "b") }
    let result = GuardCheck(guards: Guards(), input: input).filter(ruleActions)
    #expect(result.ruleActions == [ruleActions[2]] && result.opensEscalation)
    #expect(
      result.refused.map(\.reason) == [String](repeating: "a rule pauses or restarts its own agent only", count: 2))
  }

  @Test func specialistIsWhoHasTheSkillSpeaksTheLanguageAndIsWell() throws {
    let rules = try RuleScene(
      """
      [[rules]]
      id = "hand"
      on = "agent.handoff_requested"
      do = [
        { action = "transfer", conversation_id = "{data.conversation_id}", to = "{fleet.specialist}", when = "fleet.specialist" },
        { action = "escalate", to = "support", when = "not fleet.specialist" },
      ]
      """)
    let agents: [(AgentID, [JSONValue], [JSONValue], Double)] = [
      ("agent-1", ["billing"], ["en"], 1), ("agent-2", ["billing"], ["es"], 0.8),
      ("agent-3", ["billing"], ["es"], 0.95),
      ("agent-4", ["tech"], ["es"], 1),
    ]
    for (agent, skills, languages, health) in agents {
      try rules.event("agent.created", agent, ["skills": .array(skills), "languages": .array(languages)])
      try rules.event("agent.metrics", agent, ["health_score": .number(health)])
    }
    try rules.event(
      "agent.handoff_requested", "agent-1", ["conversation_id": "c-7", "skill": "billing", "language": "es"])
    try rules.run(of: "hand")
    #expect(try rules.scene.control().map(\.arguments) == [["conversation_id": "c-7", "to": "agent-3"]])
    try rules.event("agent.handoff_requested", "agent-4", ["conversation_id": "c-8", "skill": "law", "language": "es"])
    try rules.lines { $0.action == "escalate" && $0.target == "agent-4" }
  }

  @Test func replicasBeyondAllMeasureEndNoHandler() throws {
    let rules = try RuleScene(
      """
      [[rules]]
      id = "grow"
      on = "agent.high_traffic"
      do = [{ action = "scale", by = "+1" }]
      """)
    try rules.event("agent.created", "agent-1", ["replicas_min": 9_223_372_036_854_775_807])
    for _ in 0..<2 { try rules.event("agent.high_traffic", "agent-1", ["queue_size": 500]) }
    try rules.lines { $0.detail == "guarded: it has 1000000000 replicas, of 1000000000 to 1000000000" }
    _ = try rules.scene.server.call("HSET", rules.scene.keys.agent("agent-2"), "replicas", "\(Int.max)")
    #expect(try rules.scene.send(.scale, ["agent-2"], ["by": "+1"]).last?.phase == .failed)
  }

  /// One rule blocks and limits for a short time.
  private static let brief = """
    [[rules]]
    id = "brief"
    on = "agent.security_alert"
    do = [
      { action = "block_ip", ip = "10.1.2.3", for = "1h", target = "" },
      { action = "rate_limit", per_minute = 100, for = "10m" },
      { action = "pause", for = "15m" },
    ]
    """

  @Test func nothingOfAnOperatorsIsLoosened() throws {
    let rules = try RuleScene(Self.brief.replacing(", target = \"\"", with: ""))
    try rules.scene.send(.blockIP, [], ["ip": "10.1.2.3", "for": "24h"])
    try rules.scene.send(.rateLimit, ["agent-1"], ["per_minute": "10", "for": "24h"])
    try rules.scene.send(.pause, ["agent-1"], ["for": "4h"])
    let before = try rules.scene.record("agent-1")
    let blocked = try rules.scene.server.call("ZRANGE", rules.scene.keys.blocked, 0, -1, "WITHSCORES")
    try rules.event("agent.security_alert", "agent-1", ["risk_level": "high"])
    let lines = try rules.run(of: "brief")
    #expect(
      lines.filter { $0.phase == .skipped && !$0.isEndOfRun }.map(\.detail) == [
        "guarded: 10.1.2.3 is blocked for longer", "guarded: 10 a minute are allowed for longer",
        "guarded: it is paused for longer",
      ])
    #expect(lines.last?.short.hasPrefix("skipped: 0 of 3 done: 10.1.2.3 is blocked for longer; ") == true)
    #expect(try rules.scene.record("agent-1") == before)
    #expect(try rules.scene.server.call("ZRANGE", rules.scene.keys.blocked, 0, -1, "WITHSCORES") == blocked)
  }

  @Test func tighterLimitOfARuleHoldsUntilAnOperatorsWouldHaveEnded() throws {
    let rules = try RuleScene(Self.brief.replacing(", target = \"\"", with: ""))
    try rules.scene.send(.rateLimit, ["agent-1"], ["per_minute": "500", "for": "24h"])
    let end = try rules.scene.record("agent-1").rateLimitedUntil
    try rules.event("agent.security_alert", "agent-1", ["risk_level": "high"])
    try rules.run(of: "brief")
    let record = try rules.scene.record("agent-1")
    #expect(record.rateLimit == 100 && record.rateLimitedUntil == end)
  }

  @Test func backupThatIsNeededMeanwhileIsNotPaused() throws {
    let rules = try RuleScene(Self.pausing)
    let run = "rule/calm/1-0/agent-2"
    var record = RunRecord(rule: "calm", agent: "agent-2", event: "1-0", reason: "", ruleActions: [])
    record.ruleActions = [PlannedAction(kind: .action(.pause), target: "agent-2", arguments: ["for": "15m"])]
    _ = try rules.scene.server.call("SET", rules.scene.keys.mark(run), record.encoded)
    _ = try rules.scene.server.call(
      "ZADD", rules.scene.keys.paused, try rules.scene.now(.minutes(15)), "agent-2")
    _ = try rules.scene.server.call("SADD", rules.scene.keys.standIns(of: "agent-2").key, "agent-1")
    let job = Job(.ruleAction(run: run, .ruleActions, 0), "agent-2").encoded
    _ = try rules.scene.server.call("ZADD", rules.scene.keys.schedule, try rules.scene.now(), job)
    try rules.scene.send(.pause, ["agent-9"])
    let lines = try rules.run(of: "calm")
    #expect(lines.map(\.detail) == ["guarded: it stands in for agent-1", "0 of 1 done: it stands in for agent-1"])
    #expect(try rules.scene.record("agent-2").state == .running)
    #expect(try rules.scene.server.call("ZCARD", rules.scene.keys.paused) == .integer(0), "its place is free")
  }

  @Test func backupThatIsPausedStandsInForNobody() throws {
    let rules = try RuleScene(
      """
      [[rules]]
      id = "help"
      on = "agent.performance_degraded"
      do = [{ action = "activate_backup", backup = "agent-2" }, { action = "escalate", to = "support" }]
      """)
    try rules.event("agent.created", "agent-2", ["role": "support"])
    try rules.scene.send(.pause, ["agent-2"])
    try rules.event("agent.performance_degraded", "agent-1", ["error_rate": 0.5])
    let lines = try rules.run(of: "help")
    #expect(lines.contains { $0.short == "skipped agent-1: guarded: agent-2 is paused" })
    #expect(lines.last?.detail == "1 of 2 done: agent-2 is paused; done: called support")
    #expect(try rules.scene.record("agent-1").backup == nil)
  }

  @Test func agentThatSomebodyDrainsIsNotRestarted() throws {
    let rules = try RuleScene(
      """
      [[rules]]
      id = "anew"
      on = "agent.performance_degraded"
      do = [{ action = "restart" }, { action = "escalate", to = "support" }]
      """)
    try rules.scene.send(.drain, ["agent-1"], ["for": "15m"])
    try rules.event("agent.performance_degraded", "agent-1", ["error_rate": 0.5])
    let lines = try rules.run(of: "anew")
    #expect(lines.contains { $0.short == "skipped agent-1: guarded: it is draining" })
    #expect(try rules.scene.record("agent-1").state == .draining)
  }

  @Test func addressThatIsAllowListedIsNotBlockedByAnotherSpelling() {
    var guards = Guards()
    guards.allowed = ["10.0.0.5"]
    let ruleAction = PlannedAction(kind: .action(.blockIP), target: "a", arguments: ["ip": "::ffff:10.0.0.5"])
    let result = GuardCheck(guards: guards, input: .init(FleetHealth(), "a")).filter([ruleAction])
    #expect(result.ruleActions.isEmpty)
  }

  @Test func oneAgentThatSendsNoMetricsAnyMoreIsNoDeadTelemetry() throws {
    var fleet = Fleet(seed: 1, keepsHistory: false, tracksAgentChanges: true)
    func apply(_ type: String, _ agent: String, _ seconds: Int64) throws {
      let event: JSONValue = [
        "entity_id": .string(agent), "event_type": .string(type), "data": ["error_rate": 0, "role": "support"],
      ]
      try event.encoded.withUnsafeBytes { bytes in
        _ = fleet.apply(try EventDecoder().decode(bytes, channel: nil, receivedAt: .epoch + .seconds(seconds)))
      }
    }
    for second in [Int64(0), 60] {
      for number in 1...10 { try apply("agent.created", "agent-\(number)", second) }
    }
    for second in [Int64(50), 60] { try apply("agent.metrics", "agent-1", second) }
    let health = FleetHealth()
    health.update(&fleet, at: .epoch + .minutes(10), silence: .seconds(30))
    let count = health.counts.settled
    #expect(count.size == 10 && count.reporting == 1 && count.silent == 1)
    #expect(GuardCheck(guards: Guards(), input: .init(health, .none)).fleetFault == nil)
  }

  @Test func agentsOwnPlaceDoesNotCountAgainstIt() throws {
    let rules = try RuleScene(
      """
      [[rules]]
      id = "attack"
      on = "agent.security_alert"
      do = [{ action = "pause", for = "15m" }]
      """)
    try fleet(10, of: rules)
    for _ in 0..<2 {
      try rules.event("agent.security_alert", "agent-1", ["risk_level": "high"])
      try rules.run(of: "attack")
    }
    // The attack goes on: so does the pause, and longer.
    try rules.lines { $0.action == "pause" && $0.detail == "paused for 30m" }
    #expect(try rules.scene.alert(.escalation, "agent-1") == nil)
    // Of another there is no place left.
    try rules.event("agent.security_alert", "agent-2", ["risk_level": "high"])
    try rules.lines { $0.detail.hasSuffix("rules have paused 1 of the 10 agents of its role, 1 may be") }
    #expect(try rules.scene.alert(.escalation, "agent-2") != nil)
  }
}
