import Automation
import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// The switch of automation, turned while a rule's action is about to begin.
@Suite(.threaded) struct SwitchTests {
  private static let book = """
    [[rules]]
    id = "limit"
    on = "agent.high_traffic"
    when = "data.queue_size > 10"
    do = [{ action = "rate_limit", per_minute = "30", for = "15m" }]
    """

  /// A handler behind a proxy, whose answers are held as soon as it asks what is remembered of a rule's action: it has
  /// read the switch by then.
  private func hold(_ scene: HandlerScene) throws -> FaultProxy {
    let proxy = try FaultProxy(loop: scene.server.loop, to: scene.server.server)
    var isHeld = false
    proxy.inspect = { [unowned proxy] bytes, fromServer in
      guard !fromServer, !isHeld, String(decoding: bytes, as: UTF8.self).contains("/do/0/agent-1\r\n") else {
        return true
      }
      isHeld = true
      for passage in proxy.passages { passage.fault = .held }
      return true
    }
    return proxy
  }

  @Test(arguments: ["off", "dry"])
  func noActionBeginsOnceAutomationIsOff(mode: String) throws {
    let scene = try HandlerScene(start: false)
    let rules = RuleScene(on: scene)
    let proxy = try hold(scene)
    _ = try scene.server.call("SET", scene.keys.automation, "on")
    let runbook = try RuleScene.read(Self.book)
    try scene.startHandler("h1", at: proxy.endpoint) { $0.runbook = runbook }
    try rules.event("agent.high_traffic", "agent-1", ["queue_size": 50])
    try scene.server.wait { proxy.passages.contains { $0.fault == .held } }
    _ = try scene.server.call("SET", scene.keys.automation, mode)
    for passage in proxy.passages { passage.fault = .none }
    let lines = try rules.run(of: "limit")
    #expect(lines.last?.short == "skipped: stopped: automation is \(mode)")
    #expect(try scene.record("agent-1") == AgentRecord())
    #expect(try scene.control().isEmpty)
  }
}
