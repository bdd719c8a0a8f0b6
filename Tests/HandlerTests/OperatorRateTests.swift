import Automation
import FleetModel
import TestSupport
import Testing
import Wire

@testable import Handler

@Suite struct OperatorRateTests {
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

  @Test func rateIsOfTheLastMinute() {
    var rates = OperatorRates()
    let start = Instant(milliseconds: 1_800_000_000_000)
    #expect(rates.take("a", most: 1, at: start) == nil)
    #expect(rates.take("a", most: 1, at: start + .seconds(59)) != nil)
    #expect(rates.take("a", most: 1, at: start + .seconds(60)) == nil)
    #expect(rates.take("b", most: nil, at: start) == nil)
  }

  @Test func newestLinesOfALongMinuteAreCounted() throws {
    let scene = try HandlerScene(start: false)
    let now = try scene.now()
    func add(_ count: Int, _ phase: AuditLine.Phase) throws {
      let line = AuditLine(
        origin: .run("r"), phase: phase, action: "scale", operator: "alice@bastion", handler: "h0", at: now)
      let script = "for i = 1, tonumber(ARGV[2]) do redis.call('XADD', KEYS[1], '*', '__data__', ARGV[1]) end"
      _ = try scene.server.call("EVAL", script, 1, scene.keys.audit, AuditCoding.encode(line), count)
    }
    try add(5000, .succeeded)
    try add(3, .received)
    var runbook = Runbook()
    runbook.guards.commandsPerMinute = 3
    try scene.startHandler("h1") { $0.runbook = runbook }
    #expect(try scene.send(.scale, ["agent-1"], ["by": "+1"]).map(\.phase) == [.rejected])
  }
}
