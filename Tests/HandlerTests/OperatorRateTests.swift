import Automation
import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

@Suite(.threaded) struct OperatorRateTests {
  @Test func commandBeyondTheRateIsRefusedAndTheNextHandlerKnowsTheCount() throws {
    let scene = try HandlerScene(start: false)
    var runbook = Runbook()
    runbook.guards.commandsPerMinute = 3
    try scene.startHandler("h1") { $0.runbook = runbook }
    // Targets do not count: commands do.
    for _ in 0..<2 { try scene.send(.scale, ["agent-1", "agent-2"], ["by": "+1"]) }
    scene.handlers[0].halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
    try scene.startHandler("h2") { $0.runbook = runbook }
    #expect(try scene.send(.scale, ["agent-1"], ["by": "+1"]).last?.phase == .succeeded)
    let refused = try scene.send(.scale, ["agent-1"], ["by": "+1"])
    #expect(refused.map(\.phase) == [.rejected])
    #expect(refused[0].detail.contains("has sent 3 commands within a minute, and 3 are allowed"))
    #expect(try scene.record("agent-1").replicas == 4)
    #expect(
      try scene.send(.scale, ["agent-1"], ["by": "+1"]) { $0.operator = "somebody-else" }.last?.phase == .succeeded)
  }

  @Test func undoOfABatchCountsOnceForTheNextHandlerToo() throws {
    let scene = try HandlerScene(start: false)
    var runbook = Runbook()
    runbook.guards.commandsPerMinute = 3
    try scene.startHandler("h1") { $0.runbook = runbook }
    for (part, agent) in ["agent-1", "agent-2"].enumerated() {
      try scene.send(.pause, [AgentID(agent)]) { $0.batch = Batch(id: CommandID("b1"), part: part + 1, parts: 2) }
    }
    #expect(try scene.send(.undo, [], ["command_id": "b1"]).last?.phase == .succeeded)
    scene.handlers[0].halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
    try scene.startHandler("h2") { $0.runbook = runbook }
    #expect(try scene.send(.pause, ["agent-1"]).last?.phase == .succeeded)
    #expect(try scene.send(.pause, ["agent-1"]).map(\.phase) == [.rejected])
  }

  @Test func rateIsOfTheLastMinute() {
    var rates = OperatorRateLimiter()
    let start = Instant(milliseconds: 1_800_000_000_000)
    func take(_ id: CommandID, _ name: String = "a", most: Int? = 1, after span: TimeSpan) -> Bool {
      if case .refused = rates.take(.command(id), of: name, most: most, at: start + span) { false } else { true }
    }
    #expect(take(CommandID("c1"), after: .zero))
    #expect(!take(CommandID("c2"), after: .seconds(59)))
    #expect(take(CommandID("c2"), after: .seconds(60)))
    #expect(take(CommandID("c3"), "b", most: nil, after: .zero))
  }

  @Test func commandThatComesAgainCountsOnce() throws {
    let scene = try HandlerScene(start: false)
    var runbook = Runbook()
    runbook.guards.commandsPerMinute = 2
    try scene.startHandler("h1") { $0.runbook = runbook }
    let first = try scene.command(.scale, ["agent-1"], ["by": "+1"])
    for _ in 0..<3 { try scene.publish(first) }
    #expect(try scene.outcome(of: first.id).last?.phase == .succeeded)
    #expect(try scene.send(.scale, ["agent-1"], ["by": "+1"]).last?.phase == .succeeded)
    // At the limit, too, one that was taken before is none too many.
    try scene.publish(first)
    try scene.server.wait { (try? scene.pendingCount()) == 0 }
    #expect(try scene.send(.scale, ["agent-1"], ["by": "+1"]).map(\.phase) == [.rejected])
    #expect(try scene.outcome(of: first.id).filter { $0.phase == .received }.count == 1)
    #expect(try scene.record("agent-1").replicas == 3)
  }

  /// What an earlier handler has taken is known by its mark alone, once its line is older than what is read of the audit.
  @Test func commandThatAnEarlierHandlerHasTakenCountsNoMore() throws {
    let scene = try HandlerScene()
    let first = try scene.command(.scale, ["agent-1"], ["by": "+1"])
    try scene.publish(first)
    #expect(try scene.outcome(of: first.id).last?.phase == .succeeded)
    scene.handlers[0].halt()
    _ = try scene.server.call("DEL", scene.keys.lease, scene.keys.audit)
    var runbook = Runbook()
    runbook.guards.commandsPerMinute = 1
    try scene.startHandler("h2") { $0.runbook = runbook }
    try scene.publish(first)
    try scene.server.wait { (try? scene.isThrough()) == true }
    #expect(try scene.send(.scale, ["agent-1"], ["by": "+1"]).last?.phase == .succeeded)
    #expect(try scene.record("agent-1").replicas == 3)
  }

  @Test func orderThatWasSplitCountsOnce() {
    var rates = OperatorRateLimiter()
    let now = Instant(milliseconds: 1_800_000_000_000)
    func take(_ id: String, _ batch: String?) -> OperatorRateLimiter.Admission {
      let batch = batch.map { Batch(id: CommandID($0), part: 1, parts: 3) }
      return rates.take(OperatorRateLimiter.Subject(CommandID(id), batch), of: "a", most: 1, at: now)
    }
    #expect(take("c1", "b1") == .counted)
    #expect(take("c2", "b1") == .known)
    guard case .refused = take("c3", "b2") else { return #expect(Bool(false), "another order is one more") }
    // A batch's id is not a command's.
    guard case .refused = take("b1", nil) else { return #expect(Bool(false), "a command is one more") }
  }

  @Test func newestLinesOfALongMinuteAreCounted() throws {
    let scene = try HandlerScene(start: false)
    let now = try scene.now()
    func add(_ count: Int, _ phase: AuditLine.Phase, of id: String = "c0") throws {
      let line = AuditLine(
        origin: .command(CommandID(id)), phase: phase, action: "scale", operator: "alice@bastion", handler: "h0",
        at: now)
      let script = "for i = 1, tonumber(ARGV[2]) do redis.call('XADD', KEYS[1], '*', '__data__', ARGV[1]) end"
      _ = try scene.server.call("EVAL", script, 1, scene.keys.audit, AuditCoding.encode(line), count)
    }
    try add(5000, .succeeded)
    for number in 1...3 { try add(1, .received, of: "x\(number)") }
    var runbook = Runbook()
    runbook.guards.commandsPerMinute = 3
    try scene.startHandler("h1") { $0.runbook = runbook }
    #expect(try scene.send(.scale, ["agent-1"], ["by": "+1"]).map(\.phase) == [.rejected])
  }
}
