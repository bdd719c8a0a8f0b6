import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// A handler ends between any two steps of a rule's run: the rest happens, and nothing happens twice.
@Suite(.threaded) struct RuleCutTests {
  /// Where it ends: before the n-th step of the run reaches the server, or after, with its answer lost.
  @Test(arguments: 0..<7, [true, false])
  func whatIsLeftOfARunIsDoneOnceByTheNextHandler(step: Int, isBefore: Bool) throws {
    let scene = try HandlerScene(start: false)
    _ = try scene.server.call("SET", scene.keys.automation, "on")
    let proxy = try FaultProxy(loop: scene.server.loop, to: scene.server.server)
    defer { proxy.close() }
    var (count, isOver) = (0, false)
    proxy.inspect = { bytes, fromServer in
      if fromServer { return !isOver }
      // Every step of the run carries its name in a line of the audit.
      guard !isOver else { return false }
      guard String(decoding: bytes, as: UTF8.self).contains(#""run_id":"rule/attack"#) else { return true }
      defer { count += 1 }
      isOver = count == step
      return !(isOver && isBefore)
    }
    let runbook = try RuleScene.read(
      """
      [[rules]]
      id = "attack"
      on = "agent.security_alert"
      throttle = [{ once_within = "5m" }]
      do = [
        { action = "pause", for = "15m" },
        { action = "block_ip", each = "data.suspicious_ips", ip = "{item}", for = "1h" },
        { action = "schedule", job = "audit", at = "1h" },
        { action = "report", name = "attack", text = "{agent.id}" },
      ]
      """)
    var options = HandlerOptions(id: "h1")
    options.runbook = runbook
    let first = try HandlerService(loop: scene.server.loop, endpoint: proxy.endpoint, options: options)
    first.start()
    try scene.server.wait { first.isActive }
    let rules = RuleScene(on: scene)
    try rules.event("agent.security_alert", "agent-1", ["suspicious_ips": ["192.0.2.1", "192.0.2.2"]])
    // With fewer steps than that it comes to its end.
    try scene.server.wait {
      isOver || (try? rules.lines().contains { $0.short.hasPrefix("succeeded: paused for 15m, ") }) == true
    }
    first.halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
    try scene.startHandler("h2") { $0.runbook = runbook }
    let lines = try rules.run(of: "attack").map(\.short)
    #expect(lines.count { $0.hasPrefix("started agent-1: pause agent-1 for 15m, block") } == 1)
    #expect(lines.filter { $0.hasPrefix("succeeded agent-1: paused") }.count == 1)
    #expect(lines.last?.hasPrefix("succeeded: paused for 15m, ") == true && lines.count == 7)
    #expect(try scene.record("agent-1").version == 1)
    #expect(try scene.control().map(\.action) == [.pause, .blockIP, .blockIP])
    #expect(try scene.entries(scene.keys.reports).count == 1)
    #expect(try scene.server.call("ZCARD", scene.keys.blocked) == .integer(2))
  }
}
