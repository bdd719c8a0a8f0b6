import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

@Suite(.threaded) struct RefusalTests {
  @Test(arguments: [
    (Action.pause, ["for": "soon"], #"pause: "for" is "soon"; expected a duration up to 365d, as 90s, 15m, 1h or 2d"#),
    (.pause, ["fro": "1m"], #"pause has no argument "fro"; it takes for"#),
    (.resume, ["for": "1m"], #"resume has no argument "for"; it takes none"#),
    (.scale, [:], "scale needs one of replicas, by, cpu, memory"),
    (.scale, ["by": "-9223372036854775808"], #"scale: "by" is "-9223372036854775808"; expected +n or -n"#),
    (.scale, ["replicas": "-1"], #"scale: "replicas" is "-1"; expected a whole number from 0"#),
    (.scale, ["replicas": "1", "by": "+1"], #"scale takes "replicas" or "by", not both"#),
    (.rateLimit, [:], #"rate_limit needs the argument "per_minute""#),
    (
      .escalate, ["to": "x", "severity": "bad"],
      #"escalate: "severity" is "bad"; expected low, medium, high or critical"#
    ),
    (.blockIP, ["ip": "1.2.3"], #"block_ip: "ip" is "1.2.3"; expected an IPv4 or IPv6 address"#),
    (
      .blockIP, ["ip": "127.0.0.1"],
      "127.0.0.1 is a loopback or unspecified address: blocking it would cut services from themselves"
    ),
    (
      .blockIP, ["ip": "::1"],
      "::1 is a loopback or unspecified address: blocking it would cut services from themselves"
    ),
    (.acknowledge, ["alert": "x"], #"ack: "alert" is "x"; expected an alert's id, as agent.high_traffic/agent-1"#),
    (.undo, ["command_id": "nope"], "nothing is known of that command within the last 48 hours"),
    (
      .rebalance, ["to": "agent-2,,agent-3"],
      #"rebalance: "to" holds "", which is no agent's id: those have 1 to 512 bytes, with commas between them"#
    ),
    (
      .rebalance, ["to": "agent-2," + String(repeating: "x", count: 513)],
      #"rebalance: "to" holds "\#(String(repeating: "x", count: 197))…", which is no agent's id: those have 1 to 512 "#
        + "bytes, with commas between them"
    ),
    (.rebalance, ["share": "2"], #"rebalance: "share" is "2"; expected a share above 0, up to 1"#),
    (.transfer, ["conversation_id": "k1"], #"transfer takes "to" or "skill", one of both"#),
    (
      .schedule, ["job": "lunch"],
      #"schedule: "job" is "lunch"; expected one of analysis, retraining, maintenance, audit, dashboard"#
    ),
    (
      .schedule, ["job": "audit", "at": "noon"],
      #"schedule: "at" is "noon"; expected a span as 15m, or a moment as 2026-11-22T08:00:00Z"#
    ),
    (.rollback, [:], #"rollback needs the argument "version""#),
    (.rollback, ["version": ""], #"rollback needs the argument "version""#),
    (
      .rollback, ["version": String(repeating: "1", count: 129)],
      #"rollback: "version" is "\#(String(repeating: "1", count: 129))"; expected a version such as 1.4.1, of at most 128 "#
        + "bytes on one line"
    ),
    (.automation, ["mode": "maybe"], #"automation: "mode" is "maybe"; expected one of on, dry, off"#),
  ])
  func refusalSaysWhy(action: Action, arguments: [String: String], reason: String) throws {
    let scene = try HandlerScene()
    let lines = try scene.send(action, action.scope == .agents ? ["agent-1"] : [], arguments)
    #expect(lines.last?.short == "rejected: \(reason)")
    #expect(try scene.pendingCount() == 0)
    #expect(try scene.record("agent-1") == AgentRecord())
    #expect(try scene.control().isEmpty)
  }

  @Test func unreadableAndUnknownCommandsAreRejectedAndTheirNeighboursRun() throws {
    let scene = try HandlerScene()
    let data: JSONValue = [
      "command_id": "x1", "action": "explode", "targets": ["agent-1"], "operator": "bob",
      "issued_at": "2026-11-22T08:00:00.000Z", "expires_at": "2036-11-22T08:00:00.000Z",
    ]
    let unknown: JSONValue = ["entity_id": "agent-1", "event_type": "command.explode", "data": data]
    _ = try scene.server.call("XADD", scene.keys.commands, "*", "__data__", "nonsense")
    _ = try scene.server.call("XADD", scene.keys.commands, "*", "other", "field")
    _ = try scene.server.call("XADD", scene.keys.commands, "*", Keys.dataField, unknown.encoded)
    try scene.send(.pause, ["agent-1"])
    let lines = try scene.audit().filter { $0.phase == .rejected }
    #expect(
      lines.map(\.detail) == [
        "the command is unreadable: not JSON; send one JSON object", "the entry has no field __data__",
        #""action" is "explode", which this handler does not know; update it or send another"#,
      ])
    #expect(lines.last?.origin == .command(CommandID("x1")))
    #expect(lines.last?.operator == "bob")
    #expect(try scene.pendingCount() == 0)
  }

  private static func agents(_ count: Int) -> [AgentID] { (0..<count).map { AgentID("agent-\($0)") } }

  private static func list(_ agents: [AgentID]) -> JSONValue { .array(agents.map { .string($0.bytes) }) }

  private static let strange = ["a\nb", "a\u{202E}b", "a\"\\b", "a\0b", "a/b", String(repeating: "x", count: 512)]

  /// What is no id is left out, and of more than a hundred none is named.
  @Test(
    arguments: [
      (list(["agent-1", "agent-2"]), ["agent-1", "agent-2"]), (list(["agent-1", "agent-1"]), ["agent-1"]),
      (list(agents(100)), agents(100)), (list(agents(101)), []), (list(agents(1001)), []),
      (list(strange.map { AgentID($0) }), strange.map { AgentID($0) }),
      (["", .string(Array(repeating: 120, count: 513)), "a"], ["a"]),
      ([1, .null, true, ["a"], ["a": "b"], "b"], ["b"]), ("agent-1", []), (["agent-1": "agent-2"], []), (7, []),
    ] as [(JSONValue, [AgentID])])
  func lineOfARefusedCommandNamesWhomItWasFor(targets: JSONValue, named: [AgentID]) throws {
    let scene = try HandlerScene()
    let data: JSONValue = ["command_id": "x1", "action": "explode", "targets": targets, "operator": "bob"]
    let command: JSONValue = ["entity_id": "", "event_type": "command.explode", "data": data]
    _ = try scene.server.call("XADD", scene.keys.commands, "*", Keys.dataField, command.encoded)
    let lines = try scene.outcome(of: CommandID("x1"))
    #expect(lines.map(\.phase) == [.rejected] && lines.first?.targets == named)
    #expect(try scene.entries(scene.keys.audit).allSatisfy { $0.count < 60_000 })
    #expect(try scene.pendingCount() == 0)
  }

  @Test func commandThatComesTooLateOrThatAnAgentRefusesNamesWhomItWasFor() throws {
    let scene = try HandlerScene()
    let past = try scene.now(.seconds(-5))
    #expect(
      try scene.send(.pause, ["agent-1", "agent-2"]) { $0.expiresAt = past }.last?.targets == ["agent-1", "agent-2"])
    #expect(try scene.send(.pause, ["agent-3"], ["for": "soon"]).last?.targets == ["agent-3"])
  }

  /// In the audit the target "" stands for the command as a whole.
  @Test func commandForAnEmptyIDIsRefused() throws {
    let scene = try HandlerScene()
    let lines = try scene.send(.pause, ["agent-1", .none])
    #expect(lines.map(\.short) == [#"rejected: "targets" holds an empty id, which is no agent"#])
    #expect(try scene.control().isEmpty)
  }

  @Test(arguments: ["paused/support", "rules/tally", "rules", "obeyed", "throttle", "held", "schedule"])
  func commandNamedLikeAnotherMarkIsRejectedAndLeavesNoKey(id: String) throws {
    let scene = try HandlerScene()
    let lines = try scene.send(.pause, ["support"]) { $0.id = CommandID(id) }
    #expect(lines.map(\.phase) == [.rejected])
    #expect(lines.first?.detail.contains("a word of the handler's own") == true)
    #expect(try scene.server.call("KEYS", "agentos:mark:*").elements?.isEmpty == true)
    #expect(try scene.pendingCount() == 0)
  }

  @Test func commandNamedLikeWhatRulesCountDoesNotKeepAlertsFromBeingSaved() throws {
    let rules = try RuleScene()
    try rules.scene.send(.pause, ["agent-1"]) { $0.id = CommandID("tally") }
    try rules.scene.send(.pause, ["agent-2"]) { $0.id = CommandID("uncleared") }
    try rules.event("agent.performance_degraded", "agent-3", ["error_rate": 0.5, "response_time": 5000])
    try rules.scene.server.wait { (try? rules.scene.alert(.performanceDegraded, "agent-3")) != nil }
    try rules.scene.server.wait { (try? rules.scene.server.call("HLEN", rules.scene.keys.tally).integer ?? 0) ?? 0 > 0 }
  }

  @Test func expiredCommandIsNotRun() throws {
    let scene = try HandlerScene()
    let past = try scene.now(.seconds(-5))
    let lines = try scene.send(.pause, ["agent-1"]) { $0.expiresAt = past }
    #expect(lines.count == 1)
    #expect(lines[0].phase == .expired)
    #expect(lines[0].detail.hasSuffix("s before it was read"))
    #expect(try scene.record("agent-1") == AgentRecord())
    #expect(try scene.pendingCount() == 0)
  }

  @Test func sameCommandTwiceActsOnce() throws {
    let scene = try HandlerScene()
    let command = try scene.command(.scale, ["agent-1"], ["by": "+1"])
    try scene.publish(command)
    try scene.publish(command)
    _ = try scene.outcome(of: command.id)
    try scene.publish(command)
    // A later command of the same agent: by then the repeats are through.
    try scene.send(.scale, ["agent-1"], ["cpu": "2"])
    try scene.server.wait { (try? scene.pendingCount()) == 0 }
    #expect(try scene.record("agent-1").replicas == 2)
    #expect(try scene.record("agent-1").version == 2)
    #expect(try scene.control().count == 2)
    #expect(try scene.outcome(of: command.id).map(\.phase) == [.received, .succeeded, .succeeded])
  }

  @Test func whatHasChangedSinceItWasSeenIsLeft() throws {
    let scene = try HandlerScene()
    try scene.send(.pause, ["agent-1"])
    let lines = try scene.send(.scale, ["agent-1", "agent-2"], ["by": "+1"]) { command in
      command.observed = [
        "agent-1": .init(state: .running, version: 0), "agent-2": .init(state: .running, version: 0),
      ]
    }
    #expect(
      lines.map(\.short) == [
        "received", "failed agent-1: it has changed since: seen running, version 0; now paused, version 1",
        "succeeded agent-2: replicas 1 → 2",
        "failed: 1 of 2 done: agent-1: it has changed since: seen running, version 0; now paused, version 1",
      ])
  }

  @Test func dryRunChangesNothing() throws {
    let scene = try HandlerScene()
    let lines = try scene.send(.pause, ["agent-1"]) { $0.isDryRun = true }
    #expect(lines.map(\.short) == ["received", "skipped agent-1: dry_run", "skipped: dry_run"])
    #expect(try scene.record("agent-1") == AgentRecord())
    #expect(try scene.control().isEmpty)
    #expect(try scene.schedule().isEmpty)
  }

  @Test func recordOfAWrongTypeFailsWithTheServersWord() throws {
    let scene = try HandlerScene()
    _ = try scene.server.call("SET", scene.keys.agent("agent-1"), "text")
    let lines = try scene.send(.pause, ["agent-1"])
    #expect(lines.last?.phase == .failed)
    #expect(lines.last?.detail.hasPrefix("Redis refused the step: ") == true)
    #expect(lines.last?.detail.contains("WRONGTYPE") == true)
    #expect(try scene.control().isEmpty)
  }

  @Test func deletedGroupAndFlushedScriptsAreMadeAgain() throws {
    let scene = try HandlerScene()
    try scene.send(.pause, ["agent-1"])
    _ = try scene.server.call("XGROUP", "DESTROY", scene.keys.commands, Keys.group)
    _ = try scene.server.call("SCRIPT", "FLUSH")
    try scene.send(.pause, ["agent-2"])
    #expect(try scene.record("agent-2").state == .paused)
    #expect(try scene.record("agent-1").version == 1)
  }
}
