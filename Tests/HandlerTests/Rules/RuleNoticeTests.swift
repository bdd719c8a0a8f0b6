import Automation
import Configuration
import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What people are told of rules, from an event's bytes to the bodies that services received.
@Suite(.threaded) struct RuleNoticeTests {
  private let scene: HandlerScene
  private let service: MockService

  init() throws {
    scene = try HandlerScene(start: false)
    service = try MockService(loop: scene.server.loop) { _ in .status(200, "ok") }
    _ = try scene.server.call("SET", scene.keys.automation, "on")
  }

  private func start(_ runbook: String?, _ channels: [String: Channel]) throws -> RuleScene {
    let rules = try RuleScene.read(runbook)
    let table = NotifyTable(
      channels: channels, defaultRoute: channels.keys.sorted(),
      grouping: Grouping.Spans(wait: .milliseconds(200), interval: .milliseconds(200)))
    try scene.startHandler("h1") {
      $0.runbook = rules
      $0.notify = table
    }
    try scene.waitForRecording()
    return RuleScene(on: scene)
  }

  private func waitUntilAllIsTold() throws {
    try scene.server.wait { (try? scene.server.call("HLEN", scene.keys.notices)) == .integer(0) }
  }

  @Test func degradedAgentIsToldToSlackAndDiscord() throws {
    let rules = try start(
      nil,
      [
        "team": Channel(.slack, url: service.url("/slack")), "night": Channel(.discord, url: service.url("/discord")),
      ])
    try rules.event("agent.performance_degraded", "agent-1", ["error_rate": 0.31, "response_time": 900])
    try rules.actions(of: "performance-degraded")
    try scene.server.wait { service.requests.count >= 2 }
    #expect(Set(service.requests.map(\.path)) == ["/slack", "/discord?wait=true"])
    for request in service.requests {
      let body = String(decoding: request.body, as: UTF8.self)
      #expect(body.contains("agent-1 degraded: error rate 31%, response time 900 ms"))
      #expect(request.path == "/slack" || body.contains(#""allowed_mentions":{"parse":[]}"#))
    }
  }

  @Test func stormOfFiftyAgentsIsOneMessage() throws {
    let rules = try start(
      """
      [guards]
      fleet_from = 1000

      [[rules]]
      id = "slow"
      on = "agent.performance_degraded"
      do = [{ action = "notify", to = "anybody", text = "{agent.id} is slow" }]
      """, ["team": Channel(.webhook, url: service.url("/hook"))])
    for number in 1...50 {
      try rules.event("agent.performance_degraded", AgentID("agent-\(number)"), ["response_time": 9000])
    }
    try scene.server.wait {
      (try? rules.lines().count { $0.phase == .succeeded && $0.target == .none && $0.action == "rule" }) == 50
    }
    try scene.server.wait { service.requests.count >= 1 }
    // The first message, and an update where some came after it had gone.
    #expect(service.requests.count <= 10)
    let told = service.requests.map { String(decoding: $0.body, as: UTF8.self) }.joined()
    #expect(told.contains("agent-1"))
  }

  @Test func ruleWithNobodyToTellSaysSo() throws {
    let rules = try RuleScene(
      """
      [[rules]]
      id = "slow"
      on = "agent.performance_degraded"
      do = [{ action = "notify", to = "anybody", text = "x" }]
      """)
    try rules.event("agent.performance_degraded", "agent-1", ["response_time": 9000])
    let lines = try rules.run(of: "slow")
    #expect(lines.contains { $0.phase == .skipped && $0.detail == "no channel is configured" })
  }

  @Test func refusedPausePages() throws {
    let rules = try start(nil, ["duty": Channel(.webhook, url: service.url("/hook"))])
    for number in 1...4 { try rules.event("agent.created", AgentID("agent-\(number)"), ["role": "support"]) }
    try rules.event("agent.created", "agent-9", ["role": "sales"])
    try rules.event("agent.security_alert", "agent-9", ["risk_level": "high", "attempts_count": 20])
    try scene.server.wait {
      service.requests.contains { String(decoding: $0.body, as: UTF8.self).contains("agent-9 needs a person") }
    }
    #expect(try scene.record("agent-9").state == .running)
  }

  private func statuses() -> [String?] {
    service.requests.map { (try? JSONValue.parse($0.body))?["status"]?.text }
  }

  /// What a rule tells when it begins, and when it takes back what it did.
  private static let talking = """
    [[rules]]
    id = "talk"
    on = ["agent.high_traffic", "agent.odd"]
    do = [{ action = "notify", to = "anybody", text = "begun" }]
    clear = "metric.queue_size < 5"
    undo = [{ action = "notify", to = "anybody", text = "done" }]
    """

  @Test func whatEndsNothingIsNewsAndOneAlertsEndEndsNoOther() throws {
    let rules = try start(Self.talking, ["team": Channel(.webhook, url: service.url("/hook"))])
    // No alert stands behind this one, and nothing would ever end it.
    try rules.event("agent.odd", "agent-1", [:])
    try scene.server.wait { statuses() == ["told"] }
    try rules.event("agent.high_traffic", "agent-2", ["queue_size": 500])
    try scene.server.wait { statuses() == ["told", "firing"] }
    try rules.event("agent.metrics", "agent-2", ["queue_size": 1])
    try scene.server.wait { statuses().count == 3 }
    let last = try #require(service.requests.last.flatMap { try? JSONValue.parse($0.body) })
    #expect(last["status"] != "firing", "that it was taken back is no trouble")
  }

  @Test func newsWakeNobodyUnlessTheyNameThePager() throws {
    let rules = try start(
      """
      [[rules]]
      id = "routed"
      on = "agent.odd"
      do = [{ action = "notify", to = "anybody", text = "by the routes" }]

      [[rules]]
      id = "named"
      on = "agent.odd"
      do = [{ action = "notify", to = "pager", text = "by its name" }]
      """,
      ["pager": Channel(.pagerduty, url: service.url(""), routingKey: ServicesScene.routingKey)])
    try rules.event("agent.odd", "agent-1", [:])
    let lines = try rules.run(of: "routed")
    #expect(lines.contains { $0.phase == .skipped && $0.detail == "no route leads to a channel that takes it" })
    try scene.server.wait { service.requests.count == 1 }
    #expect(String(decoding: service.requests[0].body, as: UTF8.self).contains("by its name"))
  }
}
