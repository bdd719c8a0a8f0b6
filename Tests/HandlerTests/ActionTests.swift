import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

@Suite(.threaded) struct ActionTests {
  @Test func scaleCountsFromOneWhereNothingIsSet() throws {
    let scene = try HandlerScene()
    let lines = try scene.send(.scale, ["agent-1"], ["by": "+2"])
    #expect(lines.map(\.short) == ["received", "succeeded agent-1: replicas 1 → 3", "succeeded: replicas 1 → 3"])
    #expect(try scene.record("agent-1").replicas == 3)
    try scene.send(.scale, ["agent-1"], ["replicas": "2", "cpu": "1.5", "memory": "512"])
    let record = try scene.record("agent-1")
    #expect(record.replicas == 2)
    #expect(record.cpu == 1.5)
    #expect(record.memory == 512)
    #expect(record.version == 2)
    #expect(try scene.control().last?.arguments == ["replicas": "2", "cpu": "1.5", "memory": "512"])
    let refused = try scene.send(.scale, ["agent-1"], ["by": "-5"])
    #expect(refused.last?.short == "failed: 2 replicas by -5 would leave -3")
    #expect(try scene.record("agent-1").version == 2)
  }

  @Test func rateLimitEndsByItself() throws {
    let scene = try HandlerScene()
    let lines = try scene.send(.rateLimit, ["agent-1"], ["per_minute": "60", "for": "1s"])
    #expect(lines.last?.short == "succeeded: 60 messages a minute for 1s")
    let control = try #require(try scene.control().first)
    #expect(control.arguments == ["per_minute": "60"])
    #expect(control.until != nil)
    try scene.server.wait { ((try? scene.control().count) ?? 0) == 2 }
    let record = try scene.record("agent-1")
    #expect(record.rateLimit == nil)
    #expect(record.rateLimitedUntil == nil)
    #expect(record.version == 2)
    #expect(try scene.control().last?.arguments == ["per_minute": "0"])
    #expect(try scene.schedule().isEmpty)
  }

  @Test func rateLimitOfNoneIsTakenOff() throws {
    let scene = try HandlerScene()
    try scene.send(.rateLimit, ["agent-1"], ["per_minute": "60"])
    #expect(try scene.record("agent-1").rateLimit == 60)
    #expect(
      try scene.schedule().map(\.job) == [
        #"{"action":"rate_limit","target":"agent-1","args":{"per_minute":0}}"#
      ])
    try scene.send(.rateLimit, ["agent-1"], ["per_minute": "0"])
    #expect(try scene.record("agent-1").rateLimit == nil)
    #expect(try scene.schedule().isEmpty)
  }

  @Test func backupIsTheOneNamedOrTheOneThatSaysSo() throws {
    let scene = try HandlerScene()
    let unknown = try scene.send(.activateBackup, ["agent-1"])
    #expect(unknown.last?.short == "failed: no backup of agent-1 is known; name one with backup=AGENT")
    let named = try scene.send(.activateBackup, ["agent-1"], ["backup": "agent-2"])
    #expect(named.last?.short == "succeeded: agent-2 stands in")
    #expect(try scene.record("agent-1").backup == "agent-2")
    #expect(try scene.control().last?.arguments == ["backup": "agent-2"])
    let ended = try scene.send(.deactivateBackup, ["agent-1"])
    #expect(ended.last?.short == "succeeded: agent-2 no longer stands in")
    #expect(try scene.record("agent-1").backup == nil)
    let created: JSONValue = [
      "entity_id": "agent-9", "event_type": "agent.created", "data": ["name": "nine", "backup_for": "agent-1"],
    ]
    _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, created.encoded)
    try scene.server.wait { (try? scene.cursorIsAtEnd()) ?? false }
    let known = try scene.send(.activateBackup, ["agent-1"])
    #expect(known.last?.short == "succeeded: agent-9 stands in")
  }

  @Test func escalateOpensAnAlert() throws {
    let scene = try HandlerScene()
    let lines = try scene.send(.escalate, ["agent-1"], ["to": "billing", "severity": "critical"])
    #expect(
      lines.map(\.short).suffix(2) == ["succeeded agent-1: called billing", "succeeded: called billing"])
    let alert = try #require(try scene.alert(.escalation, "agent-1"))
    #expect(alert.severity == .critical)
    #expect(alert.summary == "to billing: test")
    #expect(alert.count == 1)
    #expect(lines[1].alert == alert)
    #expect(lines[2].alert == nil)
    try scene.send(.escalate, ["agent-1"], ["to": "billing"])
    #expect(try scene.alert(.escalation, "agent-1")?.count == 2)
    #expect(try scene.control().map(\.action) == [.escalate, .escalate])
  }

  @Test func acknowledgedAlertSaysByWhom() throws {
    let scene = try HandlerScene()
    try scene.send(.escalate, ["agent-1"], ["to": "billing"])
    let lines = try scene.send(.acknowledge, [], ["alert": "escalation/agent-1", "note": "on it"])
    #expect(lines.map(\.short) == ["received", "succeeded agent-1: acknowledged", "succeeded: acknowledged"])
    let alert = try #require(try scene.alert(.escalation, "agent-1"))
    #expect(alert.acknowledgedBy == "alice@bastion")
    #expect(alert.note == "on it")
    let again = try scene.send(.acknowledge, [], ["alert": "escalation/agent-1"])
    #expect(again.last?.short == "failed: escalation/agent-1 is already acknowledged by alice@bastion")
    let none = try scene.send(.acknowledge, [], ["alert": "agent.high_traffic/agent-7"])
    #expect(none.last?.short == "failed: no open alert agent.high_traffic/agent-7")
  }

  @Test func acknowledgementForASpanEndsByItself() throws {
    let scene = try HandlerScene()
    try scene.send(.escalate, ["agent-1"], ["to": "billing"])
    let lines = try scene.send(.acknowledge, [], ["alert": "escalation/agent-1", "for": "1s"])
    #expect(lines.last?.short == "succeeded: acknowledged for 1s")
    let alert = try #require(try scene.alert(.escalation, "agent-1"))
    #expect(alert.acknowledgedBy == "alice@bastion")
    #expect(alert.acknowledgedUntil == alert.acknowledgedAt.map { $0 + .seconds(1) })
    try scene.server.wait { (try? scene.alert(.escalation, "agent-1")?.acknowledgedBy == nil) ?? false }
    #expect(try scene.server.call("ZCARD", "agentos:schedule") == .integer(0))
  }

  @Test func fleetWideBlockEndsByItself() throws {
    let scene = try HandlerScene()
    let lines = try scene.send(.blockIP, [], ["ip": "192.0.2.7", "for": "1s"])
    #expect(lines.map(\.short) == ["received", "succeeded: 192.0.2.7 blocked for 1s"])
    let control = try #require(try scene.control().first)
    #expect(control.agent == AgentID.none)
    #expect(control.arguments == ["ip": "192.0.2.7", "for": "1s"])
    #expect(control.until != nil)
    try scene.server.wait { ((try? scene.control().count) ?? 0) == 2 }
    #expect(try scene.control().last?.action == .unblockIP)
    #expect(try scene.server.call("ZCARD", scene.keys.blocked) == .integer(0))
    #expect(try scene.schedule().isEmpty)
  }

  @Test func blockOfAgentsTellsEachAndUnblockEndsIt() throws {
    let scene = try HandlerScene()
    try scene.send(.blockIP, ["agent-1", "agent-2"], ["ip": "2001:DB8::1"])
    #expect(try scene.control().map(\.agent) == ["agent-1", "agent-2"])
    #expect(try scene.server.call("ZRANGE", scene.keys.blocked, 0, -1).elements?.map(\.text) == ["2001:db8::1"])
    try scene.send(.blockIP, [], ["ip": "192.0.2.1"])
    let lines = try scene.send(.unblockIP, [], ["ip": "192.0.2.1"])
    #expect(lines.last?.short == "succeeded: 192.0.2.1 no longer blocked")
    let again = try scene.send(.unblockIP, [], ["ip": "192.0.2.1"])
    #expect(again.last?.short == "failed: 192.0.2.1 is not blocked")
  }

  @Test func severalTargetsHaveALineEachAndAPartFailureNamesWho() throws {
    let scene = try HandlerScene()
    try scene.send(.pause, ["agent-2"])
    let lines = try scene.send(.resume, ["agent-1", "agent-2", "agent-3"])
    #expect(
      lines.map(\.short) == [
        "received", "failed agent-1: agent-1 is not paused: it is running", "succeeded agent-2: resumed",
        "failed agent-3: agent-3 is not paused: it is running",
        "failed: 1 of 3 done: agent-1: agent-1 is not paused: it is running; agent-3: agent-3 is not paused: it is running",
      ])
  }

  @Test func operatorsOwnStreamIsFoundAndRead() throws {
    let scene = try HandlerScene()
    let command = try scene.command(.pause, ["agent-1"])
    try scene.publish(command, to: scene.keys.commands(of: "alice"))
    let lines = try scene.outcome(of: command.id)
    #expect(lines.last?.phase == .succeeded)
    #expect(lines.last?.source == "agentos:commands:alice")
  }

  @Test func commandsFromBeforeTheFirstHandlerAreRun() throws {
    let scene = try HandlerScene(start: false)
    let command = try scene.command(.pause, ["agent-1"])
    try scene.publish(command)
    try scene.startHandler("h1")
    #expect(try scene.outcome(of: command.id).last?.phase == .succeeded)
  }

  @Test func oneAgentsCommandsRunInOrder() throws {
    let scene = try HandlerScene()
    var last = CommandID("")
    for count in 1...50 {
      let command = try scene.command(.scale, [AgentID("agent-\(count % 2)")], ["replicas": "\(count)"])
      try scene.publish(command)
      last = command.id
    }
    _ = try scene.outcome(of: last)
    try scene.server.wait { (try? scene.pendingCount()) == 0 }
    #expect(try scene.record("agent-0").replicas == 50)
    #expect(try scene.record("agent-1").replicas == 49)
    #expect(try scene.record("agent-0").version == 25)
  }

  @Test func backupOfTwoStandsInUntilBothAreBackAndAReplacedOneDoesNot() throws {
    let scene = try HandlerScene()
    func standsIn(_ backup: AgentID) throws -> [String] {
      try scene.server.call("SMEMBERS", scene.keys.standIns(of: backup).key).elements?.compactMap(\.text).sorted() ?? []
    }
    try scene.send(.activateBackup, ["agent-1", "agent-3"], ["backup": "b"])
    #expect(try standsIn("b") == ["agent-1", "agent-3"])
    try scene.send(.deactivateBackup, ["agent-1"])
    #expect(try standsIn("b") == ["agent-3"])
    try scene.send(.activateBackup, ["agent-3"], ["backup": "b2"])
    #expect(try standsIn("b").isEmpty)
    #expect(try standsIn("b2") == ["agent-3"])
  }

  @Test func milderCallForHelpLeavesTheSeverity() throws {
    let scene = try HandlerScene()
    try scene.send(.escalate, ["agent-1"], ["to": "support", "severity": "critical"])
    try scene.send(.escalate, ["agent-1"], ["to": "support", "severity": "low"])
    #expect(try scene.alert(.escalation, "agent-1")?.severity == .critical)
  }
}

extension HandlerScene {
  /// Whether the handler has read all events.
  func cursorIsAtEnd() throws -> Bool {
    let last = try server.call("XREVRANGE", keys.events, "+", "-", "COUNT", 1).elements?.first?.elements?.first?.bytes
    return try server.call("HGET", keys.cursor, keys.events).bytes == last
  }
}
