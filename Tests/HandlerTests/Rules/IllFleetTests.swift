import Automation
import Configuration
import Execution
import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What rules do while the fleet is ill, and who can make them think so.
@Suite(.threaded) struct IllFleetTests {
  private static let runbook = """
    [guards]
    blocks_per_hour = 3

    \(RuleScene.calm)

    [[rules]]
    id = "attack"
    on = "agent.security_alert"
    do = [
      { action = "pause", for = "15m" },
      { action = "block_ip", each = "data.suspicious_ips", ip = "{item}", for = "1h" },
      { action = "report", name = "attack" },
    ]

    [[rules]]
    id = "drowsy"
    on = "agent.custom"
    do = [{ action = "pause", for = "15m" }]

    [[rules]]
    id = "ask"
    on = "agent.feedback"
    mode = "approve"
    do = [{ action = "restart" }]

    [[rules]]
    id = "more"
    on = "agent.high_traffic"
    do = [{ action = "scale", by = "+1" }, { action = "rate_limit", per_minute = 60 }]
    """

  private func ill(_ count: Int = 6) throws -> RuleScene {
    let rules = try RuleScene(Self.runbook, fleet: RuleScene.fleet(count))
    for number in 1...count / 2 {
      try rules.event("agent.metrics", AgentID("agent-\(number)"), ["error_rate": 0.9])
    }
    return rules
  }

  private func attack(_ agent: AgentID, _ addresses: [String], _ rules: RuleScene) throws {
    try rules.event(
      "agent.security_alert", agent,
      ["risk_level": "high", "suspicious_ips": .array(addresses.map { .string($0) })])
  }

  private func blocked(_ rules: RuleScene) throws -> [String] {
    try rules.scene.server.call("ZRANGE", rules.scene.keys.blocked, 0, -1).elements?.compactMap(\.text).sorted() ?? []
  }

  @Test func addressesAreBlockedAndReportedWhilePausesAreHeldBack() throws {
    let rules = try ill()
    try attack("agent-6", ["192.0.2.1", "192.0.2.2"], rules)
    let lines = try rules.run(of: "attack")
    #expect(lines.last?.detail.hasPrefix("3 of 4 done: pause agent-6 for 15m: 67% of the fleet is unhealthy") == true)
    #expect(
      lines.contains {
        $0.detail
          == "guarded: pause agent-6 for 15m: 67% of the fleet is unhealthy: automation waits for a person"
      })
    #expect(try blocked(rules) == ["192.0.2.1", "192.0.2.2"])
    #expect(try rules.scene.record("agent-6").state == .running)
    #expect(try rules.scene.alert(.escalation, "agent-6") != nil, "each attack is worth a call")
  }

  @Test func peopleAreStillAsked() throws {
    let rules = try ill()
    try rules.event("agent.feedback", "agent-6", ["rating": 1])
    let lines = try rules.lines { $0.phase == .proposed }
    #expect(lines.last?.proposal?.steps.map(\.action) == ["restart"])
  }

  @Test func moreAddressesThanMayBeBlockedAreProposed() throws {
    let rules = try RuleScene(Self.runbook)
    try attack("agent-1", ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"], rules)
    try rules.run(of: "attack")
    #expect(try blocked(rules) == ["192.0.2.1", "192.0.2.2", "192.0.2.3"])
    let proposal = try #require(try rules.lines { $0.phase == .proposed }.compactMap(\.proposal).first)
    #expect(proposal.steps.map(\.arguments["ip"]) == ["192.0.2.4"])
    #expect(proposal.reason.hasSuffix("rules block 3 addresses an hour, more needs a person"))
    try rules.scene.send(.approve, [], ["proposal": proposal.id.text, "sha256": proposal.digest])
    try rules.scene.server.wait { (try? blocked(rules).count) == 4 }
  }

  @Test func whatIsBeyondACapIsProposedOnceUntilItIsAnswered() throws {
    let rules = try RuleScene(Self.runbook)
    try attack("agent-1", ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"], rules)
    let proposal = try #require(try rules.lines { $0.phase == .proposed }.compactMap(\.proposal).first)
    try attack("agent-1", ["192.0.2.5"], rules)
    try rules.lines { $0.detail.contains("192.0.2.5") && $0.detail.hasSuffix("what it proposed before still stands") }
    #expect(try rules.lines().count { $0.phase == .proposed } == 1)
    try rules.scene.send(.reject, [], ["proposal": proposal.id.text, "sha256": proposal.digest])
    try attack("agent-1", ["192.0.2.6"], rules)
    let lines = try rules.lines { $0.proposal?.steps.map(\.arguments["ip"]) == ["192.0.2.6"] }
    #expect(lines.count { $0.phase == .proposed } == 2)
  }

  @Test(arguments: ["9223372036854775807", "odd", nil])
  func noValueInTheMarkOfChangesStopsAPause(_ value: String?) throws {
    let rules = try RuleScene(Self.runbook, fleet: RuleScene.fleet(10))
    let key = rules.scene.keys.pausedChanges
    if let value {
      _ = try rules.scene.server.call("SET", key, value)
    } else {
      _ = try rules.scene.server.call("HSET", key, "a", "b")
    }
    try rules.degrade("agent-1")
    try rules.lines { $0.target == "agent-1" && $0.action == "pause" && $0.phase == .succeeded }
    #expect(try rules.scene.server.call("GET", key).bytes.map { $0 != Array((value ?? "").utf8) } == true)
    try rules.degrade("agent-2")
    let lines = try rules.lines { $0.target == "agent-2" }
    #expect(lines.last?.detail.hasSuffix("rules have paused 1 of the 10 agents of its role, 1 may be") == true)
  }

  @Test func whoTakesOverCountsTheBlocksOfTheOneBefore() throws {
    let rules = try RuleScene(Self.runbook)
    try attack("agent-1", ["192.0.2.1", "192.0.2.2"], rules)
    try rules.run(of: "attack")
    rules.scene.handlers[0].halt()
    _ = try rules.scene.server.call("DEL", rules.scene.keys.lease)
    let runbook = try RuleScene.read(Self.runbook)
    try rules.scene.startHandler("h2") { $0.runbook = runbook }
    try attack("agent-2", ["192.0.2.3", "192.0.2.4"], rules)
    try rules.lines { $0.phase == .proposed && $0.target == "agent-2" }
    try rules.scene.server.wait { (try? blocked(rules)) == ["192.0.2.1", "192.0.2.2", "192.0.2.3"] }
  }

  @Test func agentIsGivenMoreOnceAndThenAPersonIsAsked() throws {
    let rules = try ill()
    for _ in 0..<2 { try rules.event("agent.high_traffic", "agent-6", ["queue_size": 10]) }
    let lines = try rules.lines { $0.phase == .proposed }
    try rules.scene.server.wait { (try? rules.scene.record("agent-6").replicas) == 2 }
    let proposal = try #require(lines.compactMap(\.proposal).first)
    #expect(proposal.steps.map(\.action) == ["scale"])
    #expect(proposal.reason == "while the fleet is ill rules give an agent more once in 10m")
    #expect(try rules.scene.record("agent-6").rateLimit == nil, "a tighter limit is held back")
    // Another agent is another one.
    try rules.event("agent.high_traffic", "agent-5", ["queue_size": 10])
    try rules.scene.server.wait { (try? rules.scene.record("agent-5").replicas) == 2 }
  }

  @Test func everyActionHasItsPlaceInTheTableOfTheRunbook() throws {
    #expect(
      Action.allCases.filter { $0.whileIll == [.held] }.map(\.rawValue) == [
        "pause", "restart", "rebalance", "activate_backup", "deactivate_backup", "offer_coupon", "tune",
        "rollback",
      ])
    let record = AgentRecord()
    func course(_ action: Action, _ arguments: [String: String]) -> IllFleet.Course {
      PlannedAction(kind: .action(action), target: "a", arguments: arguments).whileIll(record)
    }
    #expect(course(.scale, ["by": "+1"]) == .scalesUp && course(.scale, ["by": "-1"]) == .held)
    #expect(course(.scale, ["replicas": "3"]) == .scalesUp && course(.scale, ["replicas": "0"]) == .held)
    #expect(course(.scale, [:]) == .scalesUp && course(.scale, ["cpu": "1"]) == .held)
    #expect(course(.rateLimit, ["per_minute": "0"]) == .goesOn && course(.rateLimit, ["per_minute": "9"]) == .held)
    #expect(course(.schedule, ["job": "audit"]) == .goesOn && course(.schedule, ["job": "retraining"]) == .held)
    #expect(course(.blockIP, [:]) == .blocks && course(.transfer, [:]) == .goesOn)
  }

  /// Names in a row of the table that the runbook inside the program has for its readers.
  private func documented(_ row: String) throws -> Set<String> {
    let text = String(decoding: RunbookFile.builtInText, as: UTF8.self)
    let start = try #require(text.firstRange(of: "rules do not do what could make things worse:"))
    let end = try #require(text[start.upperBound...].firstRange(of: "# Shares count"))
    var words = ""
    var isRow = false
    for line in text[start.upperBound..<end.lowerBound].split(separator: "\n") {
      let line = line.dropFirst()
      // A row's name stands in front; further lines of it are indented.
      if line.hasPrefix("   "), !line.hasPrefix("     ") { isRow = line.dropFirst(3).hasPrefix(row + "  ") }
      if isRow { words += line.replacing("   " + row, with: "") + " " }
    }
    let names = words.replacing(" with what", with: "").split { $0 == "," || $0 == " " || $0 == "(" || $0 == ")" }
    let known = Set(Action.allCases.map(\.rawValue))
    return known.intersection(names.map(String.init))
  }

  @Test func tableInTheRunbookIsTheOneThatRulesGoBy() throws {
    func names(_ course: IllFleet.Course) -> Set<String> {
      Set(Action.allCases.filter { $0.whileIll.contains(course) }.map(\.rawValue))
    }
    #expect(try documented("held back") == names(.held))
    #expect(try documented("goes on, capped") == names(.blocks).union(names(.scalesUp)))
    // Lifting a limit stands beside setting one; and these are no rule's business, or go without saying.
    let unsaid: Set = [
      "rate_limit", "ack", "unack", "unsilence", "close", "approve", "reject", "undo", "automation", "take",
      "hand_back", "close_conversation", "drain", "plan_maintenance", "cancel_maintenance",
    ]
    #expect(try documented("goes on").union(unsaid) == names(.goesOn))
  }

  /// Until they end, whatever version counted them.
  @Test func pausesOfTheVersionBeforeCountUntilTheyEnd() throws {
    let scene = try HandlerScene(start: false)
    _ = try scene.server.call("SET", scene.keys.automation, "on")
    let end = try scene.now(.minutes(10)).milliseconds
    for (agent, state) in [("agent-1", "paused"), ("agent-2", "running"), ("agent-3", "paused")] {
      _ = try scene.server.call("HSET", scene.keys.agent(AgentID(agent)), "state", state, "version", 1)
      // The third one's is over.
      _ = try scene.server.call("ZADD", "agentos:mark:paused/support", agent == "agent-3" ? 1000 : end, agent)
    }
    for number in 1...10 {
      let profile = #"{"entity_id":"agent-\#(number)","event_type":"agent.updated","data":{"role":"support"},"#
      let (past, now) = (try scene.now(.hours(-1)).milliseconds, try scene.now().milliseconds)
      _ = try scene.server.call(
        "HSET", scene.keys.profiles, "agent-\(number)", profile + #""heard_since":\#(past),"heard":\#(now)}"#)
    }
    _ = try scene.server.call("HSET", scene.keys.cursor, scene.keys.events, "\(try scene.now().milliseconds)-0")
    let runbook = try RuleScene.read(Self.runbook)
    try scene.startHandler("h1") { $0.runbook = runbook }
    let rules = RuleScene(on: scene)
    try rules.degrade("agent-4")
    let lines = try rules.lines { $0.target == "agent-4" }
    #expect(lines.last?.detail.hasSuffix("rules have paused 1 of the 10 agents of its role, 1 may be") == true)
    // Somebody ends it: its place is free, and the next handler does not take it in again.
    try scene.send(.resume, ["agent-1"])
    try rules.degrade("agent-5")
    try rules.lines { $0.target == "agent-5" && $0.action == "pause" && $0.phase == .succeeded }
    scene.handlers[0].halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
    let next = try scene.startHandler("h2") { $0.runbook = runbook }
    try scene.server.wait { next.session?.knowsFleet == true }
    #expect(try scene.server.call("ZSCORE", scene.keys.paused, "agent-1") == .null)
    #expect(try scene.server.call("ZSCORE", scene.keys.paused, "agent-5") != .null)
  }

  @Test func forgedEventsOfStrangersStopNothing() throws {
    let rules = try RuleScene(Self.runbook, fleet: RuleScene.fleet(10))
    for number in 1...8 { try rules.event("agent.health_critical", AgentID("forged-\(number)"), ["health_score": 0.1]) }
    try rules.degrade("agent-1")
    try rules.run(of: "calm")
    #expect(try rules.scene.record("agent-1").state == .paused)
  }

  @Test func strangersTakeNoPlaceAmongThePaused() throws {
    let rules = try RuleScene(Self.runbook, fleet: RuleScene.fleet(10))
    for number in 1...12 { try rules.event("agent.created", AgentID("forged-\(number)"), ["role": "support"]) }
    try rules.degrade("forged-1")
    try rules.lines { $0.target == "forged-1" && $0.action == "pause" && $0.phase == .succeeded }
    try rules.degrade("agent-1")
    try rules.lines { $0.target == "agent-1" && $0.action == "pause" && $0.phase == .succeeded }
  }

  @Test func agentsThatChangeTheirRoleArePausedNoMoreThanTheFleetsShare() throws {
    let rules = try RuleScene(Self.runbook, fleet: RuleScene.fleet(10))
    for number in 1...8 {
      let agent = AgentID("agent-\(number)")
      // It takes somebody healthy along, so that it is not the last of its role.
      for other in [agent, "agent-10"] { try rules.event("agent.updated", other, ["role": .string("role-\(number)")]) }
      try rules.event("agent.custom", agent, ["note": "tired"])
      try rules.lines { $0.target == agent }
    }
    let lines = try rules.lines { $0.target == "agent-8" }
    try rules.scene.server.wait { (try? rules.scene.record("agent-1").state) == .paused }
    #expect(try (2...8).allSatisfy { try rules.scene.record(AgentID("agent-\($0)")).state == .running })
    #expect(
      lines.filter { $0.target == "agent-8" }.map(\.detail) == [
        "guarded: pause agent-8 for 15m: rules have paused 1 of the 10 agents of the fleet, 1 may be"
      ])
  }

  @Test func placeOfWhoIsResumedIsFree() throws {
    let rules = try RuleScene(Self.runbook, fleet: RuleScene.fleet(10))
    try rules.degrade("agent-1")
    try rules.run(of: "calm")
    try rules.degrade("agent-2")
    try rules.lines { $0.target == "agent-2" && $0.phase == .skipped }
    try rules.scene.send(.resume, ["agent-1"])
    try rules.degrade("agent-3")
    try rules.lines { $0.target == "agent-3" && $0.action == "pause" && $0.phase == .succeeded }
  }

  @Test func whoTakesOverCountsThePausesOfTheOneBefore() throws {
    let rules = try RuleScene(Self.runbook, fleet: RuleScene.fleet(10))
    try rules.degrade("agent-1")
    try rules.run(of: "calm")
    try rules.scene.server.wait {
      (try? rules.scene.server.call("HVALS", rules.scene.keys.profiles).elements)?
        .count { $0.bytes.flatMap { AgentProfileCoding.heardSince($0) } != nil } == 10
    }
    rules.scene.handlers[0].halt()
    _ = try rules.scene.server.call("DEL", rules.scene.keys.lease)
    let runbook = try RuleScene.read(Self.runbook)
    try rules.scene.startHandler("h2") { $0.runbook = runbook }
    try rules.degrade("agent-2")
    let lines = try rules.lines { $0.target == "agent-2" }
    #expect(lines.last?.detail.hasSuffix("rules have paused 1 of the 10 agents of its role, 1 may be") == true)
  }
}
