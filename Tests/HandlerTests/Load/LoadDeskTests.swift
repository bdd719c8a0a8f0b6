import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Shares that are changed by commands, and who is left alone.
@Suite(.threaded) struct LoadDeskTests {
  private let scene: LoadScene

  init() throws { scene = try LoadScene() }

  @Test func whoHasMostToDoIsGivenLessByAnOrdinaryCommandWithItsReason() throws {
    try scene.start()
    try scene.introduce()
    try scene.wait { try scene.share("support-1") != nil }
    let share = try #require(try scene.share("support-1").flatMap { Double($0) })
    #expect(share < 1)
    let record = try scene.handlers.record("support-1")
    let tuning = try #require(record.tuning(of: "routing_share"))
    #expect(tuning.by == "load/support-1" && !tuning.isByHand)
    let command = try #require(tuning.command)
    let line = try #require(
      try scene.lines(.succeeded).first { $0.origin == .command(command) && $0.target == "support-1" })
    #expect(line.action == "tune" && line.operator == "load/support-1")
    #expect(
      line.reason.hasPrefix("support-1 share ") && line.reason.contains("15 of 16 open"))
    #expect(line.after?.tuning(of: "routing_share") == tuning)
    // Its runtime is told, as of any command.
    let told = try #require(try scene.handlers.control().first { $0.commandID == command })
    #expect(told.agent == "support-1" && told.action == .tune && told.arguments["parameter"] == "routing_share")
    // What another is given keeps the sum.
    try scene.wait { try scene.lines(.succeeded).contains { $0.target != .none && $0.target != "support-1" } }
    // What is done is not under way any more.
    try scene.wait { try scene.server.call("HGET", scene.keys.load, "support").bytes == nil }
  }

  @Test func whatAnOperatorTakesBackStaysForAnHour() throws {
    try scene.start()
    try scene.introduce()
    try scene.wait { try scene.share("support-1") != nil }
    // Nothing moves while the change that is taken back is looked for.
    try scene.handlers.send(.automation, [], ["mode": "off"])
    try scene.wait { try scene.server.call("EXISTS", scene.keys.load) == .integer(0) }
    let command = try #require(try scene.handlers.record("support-1").tuning(of: "routing_share")?.command)
    try scene.wait { try scene.lines(.succeeded).contains { $0.origin == .command(command) && $0.target == .none } }
    let line = try #require(
      try scene.lines(.succeeded).first { $0.origin == .command(command) && $0.target == "support-1" })
    let before = line.before?.tuning(of: "routing_share")?.value
    let undone = try scene.handlers.send(.undo, [], ["command_id": command.text])
    #expect(undone.last?.phase == .succeeded)
    #expect(try scene.share("support-1") == before)
    let tuning = try #require(try scene.handlers.record("support-1").tuning(of: "routing_share"))
    #expect(tuning.value == before && tuning.isByHand)
    // The others are still balanced among each other, and it is not touched.
    try scene.handlers.send(.automation, [], ["mode": "on"])
    let received = try scene.lines(.received).count
    scene.open["support-3"] = 12
    try scene.wait { try scene.lines(.received).count > received }
    #expect(try scene.share("support-1") == before)
  }

  @Test func thoseWhoDeclareNothingAreLeftAlone() throws {
    try scene.start()
    try scene.introduce(declares: false)
    try scene.event(
      "agent.created", "support-4", ["role": "support", "capacity": 16, "parameters": LoadScene.parameters])
    try scene.event("agent.created", "sales-1", ["role": "sales", "capacity": 16, "parameters": LoadScene.parameters])
    try scene.event("agent.created", "sales-2", ["role": "sales", "capacity": 16, "parameters": LoadScene.parameters])
    scene.open.merge(["support-4": 16, "sales-1": 16, "sales-2": 2]) { $1 }
    try scene.wait { try scene.share("sales-1") != nil }
    #expect(try scene.lines(.received).allSatisfy { $0.operator.hasPrefix("load/sales-") })
  }

  @Test func whoIsPausedOrSetByHandIsLeftAlone() throws {
    try scene.handlers.startHandler("h0") { LoadScene.options(.off, in: &$0) }
    try scene.introduce()
    try scene.handlers.send(.pause, ["support-1"], ["for": "1h"])
    try scene.handlers.send(.tune, ["support-2"], ["parameter": "routing_share", "value": "0.5"])
    let settled = try #require(scene.handlers.handlers.first)
    for (number, count) in [2, 2, 14].enumerated() { scene.open[AgentID("support-\(number + 4)")] = count }
    try scene.introduce()
    try scene.kill(settled)
    try scene.start(.auto, "h1")
    try scene.wait { try scene.share("support-6") != nil }
    #expect(try scene.share("support-1") == nil && scene.share("support-2") == "0.5")
  }

  @Test func whoWasSetBeforeItSpokeIsLeftAlone() throws {
    try scene.handlers.startHandler("h0") { LoadScene.options(.off, in: &$0) }
    try scene.handlers.send(.pause, ["support-1"], ["for": "1h"])
    try scene.handlers.send(.tune, ["support-2"], ["parameter": "routing_share", "value": "0.5"])
    let first = try #require(scene.handlers.handlers.first)
    for (number, count) in [2, 2, 14].enumerated() { scene.open[AgentID("support-\(number + 4)")] = count }
    try scene.kill(first)
    // It has heard of neither when it takes over.
    try scene.start(.auto, "h1")
    try scene.introduce()
    try scene.wait { try scene.share("support-6") != nil }
    #expect(try scene.share("support-1") == nil && scene.share("support-2") == "0.5")
    #expect(try scene.lines(.received).allSatisfy { !["support-1", "support-2"].contains($0.target) })
  }

  @Test func whileAutomationIsOffNothingIsDone() throws {
    _ = try scene.server.call("SET", scene.keys.automation, "off")
    try scene.start()
    try scene.introduce()
    // Once it is on again the balancer has heard enough, and goes on at once.
    let heard = try scene.handlers.now(.seconds(4))
    try scene.wait { try scene.handlers.now() > heard }
    #expect(try scene.handlers.audit().allSatisfy { $0.action != "tune" })
    #expect(try scene.server.call("EXISTS", scene.keys.load) == .integer(0))
    try scene.handlers.send(.automation, [], ["mode": "on"])
    try scene.wait { try scene.share("support-1") != nil }
  }

  @Test func inADryRunTheAuditSaysWhatWouldBeDone() throws {
    _ = try scene.server.call("DEL", scene.keys.automation)
    try scene.start()
    try scene.introduce()
    try scene.wait { try !scene.lines(.skipped).isEmpty }
    let line = try #require(try scene.lines(.skipped).first)
    #expect(line.detail.hasPrefix("dry_run: would set routing_share of support-") && line.ruleTitle == "share load")
    #expect(line.reason.contains(" instead of 1: "))
    #expect(try scene.server.call("EXISTS", scene.keys.load, scene.keys.control) == .integer(0))
    #expect(try scene.server.call("XLEN", scene.keys.commands) == .integer(0))
  }

  @Test func aFleetWithoutItPaysNothing() throws {
    let handler = try scene.start(.off)
    try scene.introduce()
    let heard = try scene.handlers.now(.seconds(3))
    try scene.wait { try scene.handlers.now() > heard }
    #expect(try scene.server.call("EXISTS", scene.keys.load, scene.keys.control) == .integer(0))
    #expect(try scene.server.call("XLEN", scene.keys.commands) == .integer(0))
    // It is switched on while it runs.
    var options = HandlerOptions(id: "h1")
    LoadScene.options(.auto, in: &options)
    handler.apply(options)
    try scene.wait { try scene.share("support-1") != nil }
  }

  @Test func whatNobodyUnderstandsIsTakenOut() throws {
    for (field, value) in [("support", "{"), ("x", "7"), (String(repeating: "r", count: 400), "{}")] {
      _ = try scene.server.call("HSET", scene.keys.load, field, value)
    }
    try scene.start()
    try scene.introduce()
    try scene.wait { try scene.share("support-1") != nil }
    try scene.wait { try scene.server.call("EXISTS", scene.keys.load) == .integer(0) }
  }

  @Test func aKeyOfAnotherTypeStopsNothingElse() throws {
    _ = try scene.server.call("SET", scene.keys.load, "no hash")
    try scene.start()
    try scene.introduce()
    #expect(try scene.handlers.send(.pause, ["support-2"]).last?.phase == .succeeded)
    // Longer than a balancer hears before its first move.
    let heard = try scene.handlers.now(.seconds(4))
    try scene.wait { try scene.handlers.now() > heard }
    #expect(try scene.lines(.received).isEmpty)
    _ = try scene.server.call("DEL", scene.keys.load)
    try scene.wait { try scene.share("support-1") != nil }
  }

  /// A person has written it into the hash, or a router.
  @Test func aShareThatIsNoNumberIsLeftAsItIs() throws {
    let field = AgentTuningCoding.valueField(of: "routing_share")
    _ = try scene.server.call("HSET", scene.keys.agent("support-1"), field, "a lot")
    scene.open.merge(["support-4": 15, "support-5": 2]) { $1 }
    try scene.start()
    try scene.introduce()
    try scene.wait { try scene.share("support-4") != nil }
    #expect(try scene.share("support-1") == "a lot")
    #expect(try scene.lines(.received).allSatisfy { $0.operator != "load/support-1" })
  }
}
