import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Actions that ask runtimes for something, and settings of the handler's own.
@Suite(.threaded) struct RequestTests {
  @Test(arguments: [
    (Action.rebalance, ["to": "agent-2", "share": "0.5"], "told to rebalance to agent-2"),
    (.transfer, ["conversation_id": "k1", "to": "agent-2"], "k1 goes to agent-2"),
    (.transfer, ["conversation_id": "k1", "skill": "refunds"], "k1 goes to whoever knows refunds"),
    (.rollback, ["version": "1.4.1"], "version 1.4.1"),
    (.offerCoupon, ["conversation_ids": "k1,k2", "campaign": "sorry"], "a coupon for k1,k2"),
  ])
  func runtimesAreToldWithEveryArgument(action: Action, arguments: [String: String], detail: String) throws {
    let scene = try HandlerScene()
    let lines = try scene.send(action, ["agent-1"], arguments)
    #expect(lines.map(\.short) == ["received", "succeeded agent-1: \(detail)", "succeeded: \(detail)"])
    let told = try #require(try scene.control().first)
    #expect(told.action == action && told.arguments == arguments && told.agent == "agent-1")
    #expect(try scene.send(.undo, [], ["command_id": "c1"]).last?.phase == .rejected)
  }

  @Test func settingIsRememberedAndTakenBack() throws {
    let scene = try HandlerScene()
    try scene.send(.tune, ["agent-1"], ["parameter": "temperature", "value": "0.2"])
    let second = try scene.send(.tune, ["agent-1"], ["parameter": "temperature", "value": "0.9"])
    #expect(second.last?.short == "succeeded: temperature 0.2 → 0.9")
    #expect(try scene.server.call("HGET", scene.keys.agent("agent-1"), "tune:temperature").text == "0.9")
    let tuning = try #require(try scene.record("agent-1").tuning(of: "temperature"))
    #expect(
      tuning.value == "0.9" && tuning.by == "alice@bastion" && tuning.command == CommandID("c2") && tuning.isByHand)
    let undone = try scene.send(.undo, [], ["command_id": "c2"])
    #expect(undone.last?.short == "succeeded: temperature 0.9 → 0.2")
    try scene.send(.undo, [], ["command_id": "c1"])
    #expect(try scene.server.call("HEXISTS", scene.keys.agent("agent-1"), "tune:temperature") == .integer(0))
    #expect(try scene.control().map { $0.arguments["value"] } == ["0.2", "0.9", "0.2", nil])
    #expect(try scene.record("agent-1").version == 4)
    // Who has taken it back is known too.
    #expect(try scene.record("agent-1").tuning(of: "temperature")?.value == nil)
    #expect(try scene.record("agent-1").tuning(of: "temperature")?.command == CommandID("c4"))
  }

  @Test func silenceEndsByItselfAndCanBeTakenBackBothWays() throws {
    let scene = try HandlerScene()
    try scene.send(.escalate, ["agent-1"], ["to": "billing"])
    let silence = ["alert": "escalation/agent-1"]
    #expect(try scene.send(.silence, [], silence).last?.short == "succeeded: silenced for 1h")
    let end = try #require(try scene.alert(.escalation, "agent-1")?.silencedUntil)
    #expect(try scene.alert(.escalation, "agent-1")?.silencedBy == "alice@bastion")
    #expect(try scene.send(.unsilence, [], silence).last?.short == "succeeded: no longer silenced")
    #expect(try scene.send(.unsilence, [], silence).last?.short == "failed: escalation/agent-1 is not silenced")
    try scene.send(.undo, [], ["command_id": "c3"])
    #expect(try scene.alert(.escalation, "agent-1")?.silencedUntil == end)
    try scene.send(.undo, [], ["command_id": "c2"])
    #expect(try scene.alert(.escalation, "agent-1")?.silencedUntil == nil)
    #expect(try scene.alert(.escalation, "agent-1")?.silencedBy == nil)
  }

  @Test func modeOfTheAutomationIsSetAndTakenBack() throws {
    let scene = try HandlerScene()
    let lines = try scene.send(.automation, [], ["mode": "on"])
    #expect(lines.map(\.short) == ["received", "succeeded: automation dry → on"])
    try scene.send(.automation, [], ["mode": "off"])
    #expect(try scene.server.call("GET", scene.keys.automation).text == "off")
    try scene.send(.undo, [], ["command_id": "c2"])
    #expect(try scene.server.call("GET", scene.keys.automation).text == "on")
    try scene.send(.undo, [], ["command_id": "c1"])
    #expect(try scene.server.call("GET", scene.keys.automation).text == "dry")
  }

  @Test func blocksOfOneAddressEndForEachOfTheirAgents() throws {
    let scene = try HandlerScene()
    try scene.send(.blockIP, ["agent-1"], ["ip": "192.0.2.7", "for": "1s"])
    try scene.send(.blockIP, ["agent-2"], ["ip": "192.0.2.7", "for": "2s"])
    try scene.server.wait { ((try? scene.control().count) ?? 0) == 3 }
    #expect(try scene.control().last?.agent == "agent-1" && scene.control().last?.action == .unblockIP)
    #expect(try scene.server.call("ZCARD", scene.keys.blocked) == .integer(1), "agent-2 still blocks it")
    try scene.server.wait { ((try? scene.control().count) ?? 0) == 4 }
    #expect(try scene.control().last?.agent == "agent-2" && scene.control().last?.action == .unblockIP)
    #expect(try scene.server.call("ZCARD", scene.keys.blocked) == .integer(0))
    #expect(try scene.schedule().isEmpty)
    let both = try scene.send(.blockIP, ["agent-1", "agent-2"], ["ip": "192.0.2.7"])
    #expect(both.last?.phase == .succeeded)
    let ended = try scene.send(.unblockIP, ["agent-1", "agent-2"], ["ip": "192.0.2.7"])
    #expect(ended.last?.phase == .succeeded, "\(ended.map(\.short))")
    #expect(try scene.server.call("ZCARD", scene.keys.blocked) == .integer(0))
  }

  @Test func targetNamedTwiceIsOneTarget() throws {
    let scene = try HandlerScene()
    let lines = try scene.send(.scale, ["agent-1", "agent-1"], ["by": "+1"])
    #expect(lines.map(\.short) == ["received", "succeeded agent-1: replicas 1 → 2", "succeeded: replicas 1 → 2"])
  }

  @Test(arguments: [1, 3, 64])
  func manyTargetsHaveALineEachAndOneClosing(parallel: Int) throws {
    let scene = try HandlerScene(start: false)
    try scene.startHandler("h1") { $0.parallel = parallel }
    try scene.send(.scale, ["agent-3"], ["replicas": "0"])
    let agents = (1...40).map { AgentID("agent-\($0)") }
    let lines = try scene.send(.scale, agents, ["by": "-1"])
    #expect(lines.count == 42)
    #expect(lines.count { $0.phase == .succeeded && $0.target != .none } == 39)
    #expect(lines.first?.short == "received")
    #expect(lines.last?.short == "failed: 39 of 40 done: agent-3: 0 replicas by -1 would leave -1")
    #expect(try scene.pendingCount() == 0)
  }
}

/// A command that came again after it was closed, among others of the same agent.
@Suite(.threaded) struct RepeatTests {
  @Test func closedCommandThatComesAgainHoldsUpNobodyAndLetsNobodyPass() throws {
    let scene = try HandlerScene(start: false)
    try scene.startHandler("h1") { $0.parallel = 1 }
    let first = try scene.command(.scale, ["agent-1"], ["by": "+1"])
    try scene.publish(first)
    _ = try scene.outcome(of: first.id)
    let commands = try (0..<40).map { _ in try scene.command(.scale, ["agent-1"], ["by": "+1"]) }
    for command in commands {
      try scene.publish(command)
      try scene.publish(first)
    }
    let last = try scene.outcome(of: try #require(commands.last).id)
    #expect(last.last?.detail == "replicas 41 → 42")
    try scene.server.wait { (try? scene.pendingCount()) == 0 }
    #expect(try scene.outcome(of: first.id).count == 3)
    #expect(try scene.record("agent-1").version == 41)
  }
}
