import Automation
import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Orders that were split: each part is a command, and together they are one order.
@Suite(.threaded) struct BatchTests {
  private func agents(_ range: Range<Int>) -> [AgentID] { range.map { AgentID("agent-\($0)") } }

  /// Sends the parts of a pause, and waits for each.
  private func send(
    _ scene: HandlerScene, _ id: String, _ parts: [[AgentID]], _ change: (inout Command, Int) -> Void = { _, _ in }
  ) throws -> [[AuditLine]] {
    let commands = try parts.enumerated().map { index, targets in
      try scene.command(.pause, targets) {
        $0.batch = Batch(id: CommandID(id), part: index + 1, parts: parts.count)
        change(&$0, index + 1)
      }
    }
    for command in commands { try scene.publish(command) }
    return try commands.map { try scene.outcome(of: $0.id) }
  }

  @Test func everyLineSaysWhatItIsAPartOf() throws {
    let scene = try HandlerScene()
    let lines = try send(scene, "b1", [["a", "b"], ["c"]])
    #expect(lines.map { $0.map(\.batch?.part) } == [[1, 1, 1, 1], [2, 2, 2]])
    #expect(lines.joined().allSatisfy { $0.batch?.id == CommandID("b1") && $0.batch?.parts == 2 })
    try scene.report("a", "paused", command: "c1")
    try scene.server.wait { (try? scene.audit().contains { $0.phase == .obeyed }) == true }
    #expect(try scene.audit().last { $0.phase == .obeyed }?.batch == Batch(id: CommandID("b1"), part: 1, parts: 2))
  }

  @Test func orderCountsOnceForItsOperatorAndTheNextHandlerKnowsThat() throws {
    let scene = try HandlerScene(start: false)
    var runbook = Runbook()
    runbook.guards.commandsPerMinute = 2
    try scene.startHandler("h1") { $0.runbook = runbook }
    let lines = try send(scene, "b1", agents(0..<5).map { [$0] })
    #expect(lines.allSatisfy { $0.last?.phase == .succeeded })
    scene.handlers[0].halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
    try scene.startHandler("h2") { $0.runbook = runbook }
    #expect(try scene.send(.pause, ["x"]).last?.phase == .succeeded)
    #expect(try scene.send(.pause, ["y"]).map(\.phase) == [.rejected])
  }

  @Test func nobodyPassesOffOtherCommandsAsParts() throws {
    let scene = try HandlerScene()
    func part(_ number: Int, of parts: Int = 5, _ change: (inout Command) -> Void = { _ in }) throws -> String? {
      try scene.send(.pause, [AgentID("a-\(number)")]) {
        $0.batch = Batch(id: CommandID("b1"), part: number, parts: parts)
        change(&$0)
      }.last?.short
    }
    #expect(try part(1) == "succeeded: paused for 15m")
    #expect(try part(1) == "rejected: part 1 of batch b1 came before, as command c1")
    #expect(
      try part(2) { $0.operator = "eve@ops" }
        == "rejected: batch b1 is another operator's; give yours an id of its own")
    let differs = "rejected: the other parts of batch b1 say something else; send what differs as another command"
    #expect(try part(2) { $0.arguments = ["for": "1h"] } == differs)
    #expect(try part(2) { $0.action = .restart } == differs)
    #expect(try part(2, of: 6) == differs)
    // The next handler knows it from Redis.
    scene.handlers[0].halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
    try scene.startHandler("h2")
    #expect(try part(1) == "rejected: part 1 of batch b1 came before, as command c1")
    #expect(try part(2) == "succeeded: paused for 15m")
  }

  /// An order counts once: what acts twice on an agent is two.
  @Test func agentThatAnotherPartNamesIsRefused() throws {
    let scene = try HandlerScene()
    let lines = try send(scene, "b1", [["a", "b"], ["c", "b"]])
    let refusal = "rejected: b is in part 1 of batch b1 already; name each agent in one part"
    #expect(lines.map { $0.last?.short ?? "" } == ["succeeded", refusal])
    #expect(try scene.record("b").version == 1 && scene.record("c") == AgentRecord())
    // The next handler knows it from Redis; and a part that is sent again is itself.
    scene.handlers[0].halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
    try scene.startHandler("h2")
    func part(_ id: String, _ number: Int, _ target: AgentID) throws -> Command {
      try scene.command(.pause, [target]) {
        $0.id = CommandID(id)
        $0.batch = Batch(id: CommandID("b1"), part: number, parts: 2)
      }
    }
    try scene.publish(try part("x2", 2, "a"))
    #expect(
      try scene.outcome(of: CommandID("x2")).last?.short
        == "rejected: a is in part 1 of batch b1 already; name each agent in one part")
    try scene.publish(try part("x3", 2, "c"))
    #expect(try scene.outcome(of: CommandID("x3")).last?.phase == .succeeded)
  }

  /// Otherwise an undo of the batch would take back that command, and later parts would be refused.
  @Test(arguments: [false, true]) func commandWithTheIDOfABatchIsRefused(isExpired: Bool) throws {
    let scene = try HandlerScene()
    let first = try scene.command(.pause, ["a"]) { $0.batch = Batch(id: CommandID("b1"), part: 1, parts: 2) }
    try scene.publish(first)
    _ = try scene.outcome(of: first.id)
    let other = try scene.command(.restart, ["z"]) {
      $0.id = CommandID("b1")
      $0.operator = "eve@ops"
      if isExpired { $0.expiresAt = $0.issuedAt - .hours(1) }
    }
    try scene.publish(other)
    let lines = try scene.outcome(of: other.id)
    #expect(
      lines.map(\.phase) == [isExpired ? .expired : .rejected]
        && (isExpired || lines[0].detail == "command b1 has the id of a batch; give it an id of its own"))
    try scene.server.wait { (try? scene.isThrough()) == true }
    #expect(try scene.control().allSatisfy { $0.agent == "a" })
    let second = try scene.command(.pause, ["c"]) { $0.batch = Batch(id: CommandID("b1"), part: 2, parts: 2) }
    try scene.publish(second)
    #expect(try scene.outcome(of: second.id).last?.phase == .succeeded)
    #expect(try scene.send(.undo, [], ["command_id": "b1"]).last?.short == "succeeded: 2 parts undone")
  }

  /// Otherwise its targets would stand in that command's row.
  @Test func batchWithTheIDOfACommandIsRefused() throws {
    let scene = try HandlerScene()
    try scene.send(.pause, ["a"])
    func part(_ id: String) throws -> [String] {
      try scene.send(.pause, ["b"]) { $0.batch = Batch(id: CommandID(id), part: 1, parts: 2) }.map(\.short)
    }
    #expect(try part("c1") == ["rejected: batch c1 has the id of a command; give it an id of its own"])
    #expect(try part("c3") == ["rejected: batch c3 has the id of a command; give it an id of its own"])
    #expect(try part("b1").last == "succeeded: paused for 15m")
  }

  @Test func partsMayBeAboutDifferentAlerts() throws {
    let scene = try HandlerScene(start: false)
    var runbook = Runbook()
    runbook.guards.commandsPerMinute = 4
    try scene.startHandler("h1") { $0.runbook = runbook }
    for agent in ["a", "b"] as [AgentID] { try scene.send(.escalate, [agent], ["to": "billing"]) }
    func silence(_ part: Int, _ agent: String, for span: String = "20m") throws -> String? {
      try scene.send(.silence, [AgentID(agent)], ["alert": "escalation/\(agent)", "for": span]) {
        $0.batch = Batch(id: CommandID("b1"), part: part, parts: 3)
      }.last?.short
    }
    #expect(try silence(1, "a") == "succeeded: silenced for 20m")
    #expect(try silence(2, "b") == "succeeded: silenced for 20m")
    #expect(
      try silence(3, "b", for: "1h")?.hasPrefix("rejected: the other parts of batch b1 say something else") == true)
    #expect(try scene.send(.undo, [], ["command_id": "b1"]).last?.short == "succeeded: 2 parts undone")
    for agent in ["a", "b"] as [AgentID] { #expect(try scene.alert(.escalation, agent)?.silencedUntil == nil) }
  }

  @Test func undoTakesBackAllParts() throws {
    let scene = try HandlerScene()
    _ = try send(scene, "b1", [["a", "b"], ["c"]])
    let lines = try scene.send(.undo, [], ["command_id": "b1"])
    #expect(lines.map(\.short) == ["received", "succeeded: 2 parts undone"])
    for agent in ["a", "b", "c"] as [AgentID] { #expect(try scene.record(agent).state == .running) }
    let undone = try scene.audit().filter { $0.phase == .undone }
    #expect(Set(undone.map(\.origin.key)) == ["c1", "c2"])
    // Its parts belong to it as those of an order do.
    let parts = try scene.audit().filter { $0.action == "undo" && $0.batch != nil }
    #expect(parts.allSatisfy { $0.batch?.id == CommandID("c3") && $0.batch?.parts == 2 })
    #expect(
      Set(parts.map(\.origin.key)) == ["batch/c3/1", "batch/c3/2"] && parts.count { $0.target == .none } == 4)
    let again = try scene.send(.undo, [], ["command_id": "b1"])
    #expect(
      again.last?.short
        == "rejected: 2 of 2 parts not undone: that pause was already undone")
  }

  @Test func undoThatComesWithItsOrderWaitsForItAndForNothingElse() throws {
    let scene = try HandlerScene()
    let parts = try (1...3).map { number in
      try scene.command(.pause, agents(number * 10..<number * 10 + 10)) {
        $0.batch = Batch(id: CommandID("b1"), part: number, parts: 3)
      }
    }
    let undo = try scene.command(.undo, [], ["command_id": "b1"])
    let after = try scene.command(.scale, ["agent-10"], ["replicas": "2"])
    for command in parts + [undo, after] { try scene.publish(command) }
    #expect(try scene.outcome(of: undo.id).last?.short == "succeeded: 3 parts undone")
    #expect(try scene.outcome(of: after.id).last?.phase == .succeeded)
    let order = try scene.audit().filter { $0.target == "agent-10" && $0.phase == .succeeded }.map(\.action)
    #expect(order == ["pause", "undo", "scale"])
  }

  @Test func undoOfAnOrderThatComesTwiceIsDoneOnceAndAcknowledgedTwice() throws {
    let scene = try HandlerScene()
    _ = try send(scene, "b1", [["a"], ["b"]])
    let undo = try scene.command(.undo, [], ["command_id": "b1"])
    for _ in 0..<2 { try scene.publish(undo) }
    #expect(try scene.outcome(of: undo.id).last?.short == "succeeded: 2 parts undone")
    try scene.server.wait { (try? scene.isThrough()) == true }
    #expect(try scene.outcome(of: undo.id).map(\.phase) == [.received, .succeeded])
    #expect(try scene.control().filter { $0.action == .resume }.count == 2)
    #expect(try scene.record("a").version == 2)
  }

  /// It is killed when one part has been taken back and the other has not: the next handler does the rest.
  @Test func undoOfAnOrderGoesOnWithTheNextHandler() throws {
    let scene = try HandlerScene()
    _ = try send(scene, "b1", [["a"], ["b"]])
    scene.handlers[0].halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
    let proxy = try FaultProxy(loop: scene.server.loop, to: scene.server.server)
    defer { proxy.close() }
    var isOver = false
    proxy.inspect = { bytes, fromServer in
      // What tells of the second part's end goes no further, nor anything after it.
      let text = String(decoding: bytes, as: UTF8.self)
      if !fromServer, text.contains(#""command_id":"batch/c3/2","batch""#), text.contains("resumed") { isOver = true }
      return !isOver
    }
    let first = try HandlerService(loop: scene.server.loop, endpoint: proxy.endpoint, options: HandlerOptions(id: "h2"))
    first.start()
    try scene.server.wait { first.isActive }
    let undo = try scene.command(.undo, [], ["command_id": "b1"])
    try scene.publish(undo)
    try scene.server.wait { isOver }
    first.halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
    try scene.startHandler("h3")
    #expect(try scene.outcome(of: undo.id).last?.short == "succeeded: 2 parts undone")
    try scene.server.wait { (try? scene.pendingCount()) == 0 }
    for agent in ["a", "b"] as [AgentID] { #expect(try scene.record(agent).version == 2) }
    #expect(try scene.control().filter { $0.action == .resume }.count == 2)
  }
}
