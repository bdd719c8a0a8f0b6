import Automation
import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Numbers at the ends of their range that stand in Redis: each ended a handler that added one to it.
@Suite(.threaded) struct ExtremeValueTests {
  private let scene: HandlerScene

  init() throws { scene = try HandlerScene(start: false) }

  private static let most = "9223372036854775807"
  private static let least = "-9223372036854775808"

  @Test(arguments: [most, least, "-1"])
  func countOfAnAlertIsTakenWithinBounds(count: String) throws {
    let now = ISO8601.format(try scene.now())
    let text = #"{"severity":"high","count":\#(count),"since":"\#(now)","last":"\#(now)","summary":"s"}"#
    _ = try scene.server.call("HSET", scene.keys.alerts, "agent.security_alert/agent-1", text)
    try scene.startHandler("h1")
    let before = try scene.server.call("HGET", scene.keys.alerts, "agent.security_alert/agent-1").bytes
    try RuleScene(on: scene).event("agent.security_alert", "agent-1", ["risk_level": "high"])
    try scene.server.wait {
      (try? scene.server.call("HGET", scene.keys.alerts, "agent.security_alert/agent-1").bytes) != before
    }
    let alert = try #require(try scene.alert(.securityAlert, "agent-1"))
    #expect((2...Bounded.most).contains(alert.count))
  }

  @Test(arguments: [most, least, "1e308", "NaN", "x"])
  func versionOfAnAgentIsTakenWithinBounds(version: String) throws {
    _ = try scene.server.call(
      "HSET", scene.keys.agent("agent-1"), "version", version, "replicas", Self.most, "paused_until", Self.most,
      "rate_limit", Self.least, "memory", Self.least)
    try scene.startHandler("h1")
    try scene.send(.pause, ["agent-1"])
    try scene.send(.scale, ["agent-1"], ["by": "+1"])
    try scene.send(.resume, ["agent-1"])
    #expect(try scene.record("agent-1").state == .running)
  }

  @Test(arguments: [most, least, "1e308"])
  func countOfLostCommandsIsTakenWithinBounds(count: String) throws {
    _ = try scene.server.call("HSET", scene.keys.cursor, "agentos:commands#lost", count)
    try scene.startHandler("h1")
    #expect(try scene.send(.pause, ["agent-1"]).last?.phase == .succeeded)
  }

  @Test(arguments: [most, least])
  func countOfEntriesIsTakenWithinBounds(count: String) throws {
    _ = try scene.server.call(
      "HSET", scene.keys.cursor, "agentos:events", "1-1", "agentos:events#added", count, "agentos:events#reports",
      "1-1")
    try scene.startHandler("h1")
    try RuleScene(on: scene).event("agent.metrics", "agent-1", ["error_rate": 0.1])
    try scene.server.wait { (try? scene.cursorIsAtEnd()) == true }
  }

  @Test func attemptsOfANoticeAreTakenWithinBounds() throws {
    let service = try MockService(loop: scene.server.loop) { _ in .status(503) }
    let now = try scene.now().milliseconds
    let notice = #"{"key":"k","status":"firing","severity":"high","title":"t","at":\#(now)}"#
    let entry =
      #"{"channel":"ops","notice":\#(notice),"attempts":\#(Self.most),"next":\#(Self.least),"deadline":\#(Self.most)}"#
    _ = try scene.server.call("HSET", scene.keys.notices, "1-1", entry)
    let table = NotifyTable(
      channels: ["ops": Channel(.webhook, url: service.url("/ops"))], defaultRoute: ["ops"], grouping: .init())
    try scene.startHandler("h1") { $0.notify = table }
    try scene.server.wait { service.requests.count >= 1 }
    try scene.server.wait {
      (try? scene.server.call("HGET", scene.keys.notices, "1-1").text?.contains("503")) == true
    }
    #expect(scene.handlers[0].isActive)
  }

  @Test func markThatIsNotUnderstoodIsNotActedOver() throws {
    let command = try scene.command(.scale, ["agent-1"], ["by": "+1"])
    _ = try scene.server.call("SET", scene.keys.mark(command.id, "agent-1").key, #"{"phase":"#)
    try scene.startHandler("h1")
    try scene.publish(command)
    #expect(
      try scene.outcome(of: command.id).last?.short == "unknown: what is remembered of it is not understood")
    #expect(try scene.record("agent-1").version == 0)
    #expect(try scene.alert(.escalation, "agent-1") != nil)
  }

  @Test func markOfAnotherTypeIsNotActedOver() throws {
    let command = try scene.command(.scale, ["agent-1"], ["by": "+1"])
    _ = try scene.server.call("RPUSH", scene.keys.mark(command.id, "agent-1").key, "garbage")
    try scene.startHandler("h1")
    try scene.publish(command)
    #expect(
      try scene.outcome(of: command.id).last?.short == "unknown: what is remembered of it is not understood")
    #expect(try scene.record("agent-1").version == 0)
  }

  @Test func tallyOfAnotherTypeDoesNotStopTheCursor() throws {
    let log = LogLines()
    let rules = RuleScene(on: scene)
    let book = try RuleScene.read(
      """
      [[rules]]
      id = "calm"
      on = "agent.high_traffic"
      when = "data.queue_size > 10"
      do = [{ action = "scale", by = "+1" }]
      """)
    _ = try scene.server.call("SET", scene.keys.automation, "on")
    _ = try scene.server.call("SET", scene.keys.tally, "garbage")
    try scene.startHandler("h1", log: log.log) { $0.runbook = book }
    try rules.event("agent.high_traffic", "agent-1", ["queue_size": 50])
    try scene.server.wait { (try? scene.record("agent-1").version) == 1 && (try? scene.cursorIsAtEnd()) == true }
    try scene.server.wait { log.contains("(HINCRBY agentos:mark:rules/tally)") }
  }
}
