import Exposition
import FleetModel
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Agents on the page of metrics.
@Suite(.threaded) struct FleetPageTests {
  private let scene: HandlerScene
  private let handler: HandlerService

  init() throws {
    scene = try HandlerScene(start: false)
    handler = try scene.startHandler("h1") {
      $0.monitoring.address = ListenAddress("127.0.0.1:0")
      // Longer than a busy machine takes for a page of many agents, which this thread makes again and again.
      $0.leaseSpan = .seconds(15)
    }
  }

  private func apply(_ change: (inout HandlerOptions) -> Void) {
    var options = handler.options
    change(&options)
    handler.apply(options)
  }

  private func reply(_ format: ExpositionFormat = .text) throws -> ServedReply {
    var found: ServedReply?
    handler.monitor.answer(ServedRequest(path: "/metrics", accept: format.contentType)) { found = $0 }
    try scene.server.wait { found != nil }
    return try #require(found)
  }

  private func page(_ format: ExpositionFormat = .text) throws -> PageText { PageText(try reply(format).body.joined()) }

  private func report(_ agent: AgentID, _ data: JSONValue, type: JSONValue = "agent.metrics") throws {
    let event: JSONValue = ["entity_id": .string(agent.bytes), "event_type": type, "data": data]
    _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, event.encoded)
  }

  private func waitForAgents(_ count: Int, state: String = "running") throws {
    try scene.server.wait { (try? page()["vigia_agents{state=\"\(state)\"}"]) == "\(count)" }
  }

  /// Has many agents report once.
  private func reportAll(_ count: Int, errorRate: Double = 0.001) throws {
    let script = """
      for n = 1, tonumber(ARGV[1]) do
        redis.call('XADD', KEYS[1], '*', '__data__', '{"entity_id":"agent-' .. n ..
          '","event_type":"agent.metrics","data":{"error_rate":' .. ARGV[2] .. ',"queue_size":3,"tokens_in":17}}')
      end
      """
    _ = try scene.server.call("EVAL", script, 1, scene.keys.events, count, "\(errorRate)")
  }

  @Test func agentHasItsValuesInBaseUnits() throws {
    apply { options in
      options.metrics = MetricTable(declaring: [
        OpenMetric("search_depth"), OpenMetric("first_hit", unit: .ms), OpenMetric("things_total"),
        OpenMetric("first_hit_seconds", unit: .count),
      ])
    }
    try report("a-1", ["role": "support", "tier": "gold", "llm_model": "m-1"], type: "agent.created")
    try scene.server.wait {
      try? report(
        "a-1",
        [
          "error_rate": 0.125, "response_time": 1500, "messages_per_minute": 90, "queue_size": 7, "search_depth": 3,
          "first_hit": 250, "things_total": 4, "first_hit_seconds": 5, "tool_error_rate": 0.5,
        ])
      return (try? self.page()["vigia_metric_search_depth{agent=\"a-1\"}"]) == "3"
    }
    let page = try self.page()
    let agent = "{agent=\"a-1\"}"
    #expect(page["vigia_agent_error_ratio\(agent)"] == "0.125")
    #expect(page["vigia_agent_response_time_seconds\(agent)"] == "1.5")
    #expect(page["vigia_agent_messages_per_second\(agent)"] == "1.5")
    #expect(page["vigia_agent_queue_size\(agent)"] == "7")
    #expect(page["vigia_agent_info{agent=\"a-1\",role=\"support\",tier=\"gold\",model=\"m-1\"}"] == "1")
    #expect(page["vigia_agent_state{agent=\"a-1\",state=\"running\"}"] == "1")
    #expect(page["vigia_agent_alert_severity\(agent)"] == "3")
    #expect(page["vigia_metric_first_hit_seconds\(agent)"] == "0.25")
    #expect(page["vigia_metric_tool_error_rate_ratio\(agent)"] == "0.5")
    #expect(page["vigia_metric_things_total_value\(agent)"] == "4")
    // Its name is taken: it has its number besides.
    #expect(page.series("vigia_agent_attempts").isEmpty)
    let others = page.families.filter { $0.hasPrefix("vigia_metric_first_hit_seconds_") }
    #expect(others.count == 1 && page["\(others.first ?? "")\(agent)"] == "5")
    #expect(Set(page.families).count == page.families.count && !page.hasRepeats)
    #expect(page["vigia_agents_left_out"] == "0")
  }

  @Test func oddNamesStayApartAndHarmless() throws {
    let odd: [AgentID] = [
      "a\"b", "a\\b", "a\nb", "a\u{1}", "a\u{2}", "a\u{2401}", "", " ", "}", "a=\"b\"", "ö👩‍👧", "a\u{85}", "a\u{86}",
    ]
    for agent in odd { try report(agent, ["error_rate": 0.01]) }
    try waitForAgents(odd.count)
    for format in ExpositionFormat.allCases {
      let page = try self.page(format)
      #expect(!page.hasRepeats)
      let shown = page.series("vigia_agent_error_ratio").count
      // Those that look the same once scrubbed stand there once, and are counted.
      #expect(shown == odd.count - 2 && page["vigia_agents_left_out"] == "2")
      #expect(page.text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
    }
    #expect(try self.page()["vigia_agent_error_ratio{agent=\"a\\\"b\"}"] == "0.01")
    #expect(try self.page()["vigia_agent_error_ratio{agent=\"a\\nb\"}"] == "0.01")
  }

  @Test func ofTooManyThoseInTheWorstTroubleAreShown() throws {
    apply { $0.monitoring.agents = 3 }
    for number in 1...20 { try report(AgentID("fine-\(number)"), ["error_rate": 0.001]) }
    try report("bad", ["error_rate": 0.06])
    try report("worst", ["error_rate": 0.9])
    try waitForAgents(22)
    let page = try self.page()
    let shown = page.series("vigia_agent_error_ratio")
    #expect(shown.count == 3)
    #expect(shown.contains("vigia_agent_error_ratio{agent=\"worst\"}"))
    #expect(shown.contains("vigia_agent_error_ratio{agent=\"bad\"}"))
    #expect(page["vigia_agents_left_out"] == "19")
    #expect(page["vigia_agents_troubled{severity=\"critical\"}"] == "1")
    #expect(page["vigia_alerts{kind=\"agent.performance_degraded\"}"] == "2")
    apply { $0.monitoring.agents = 0 }
    #expect(try self.page().series("vigia_agent_error_ratio").isEmpty)
    #expect(try self.page()["vigia_agents_left_out"] == "22")
  }

  @Test func pausedAgentIsShownAsPaused() throws {
    try report("a-1", ["error_rate": 0.01])
    try waitForAgents(1)
    try scene.send(.pause, ["a-1"], ["for": "5m"])
    try waitForAgents(1, state: "paused")
    #expect(try page()["vigia_agent_state{agent=\"a-1\",state=\"paused\"}"] == "1")
    #expect(try page()["vigia_agent_state{agent=\"a-1\",state=\"running\"}"] == nil)
    try scene.send(.escalate, ["a-1"], ["to": "oncall", "severity": "high"])
    try scene.send(.acknowledge, [], ["alert": "escalation/a-1"])
    try scene.server.wait { (try? page()["vigia_alerts_in_hand{how=\"acknowledged\"}"]) == "1" }
  }

  /// Other work of the loop is done while a page of many agents is made, and all who ask meanwhile get the same page.
  @Test func pageOfManyAgentsIsMadeInPieces() throws {
    apply { $0.monitoring.agents = 10_000 }
    try reportAll(10_000)
    try waitForAgents(10_000)
    var replies: [ServedReply] = []
    var turns = 0
    scene.server.loop.afterTurn = { turns += 1 }
    for _ in 0..<3 {
      handler.monitor.answer(ServedRequest(path: "/metrics")) { replies.append($0) }
    }
    #expect(replies.isEmpty)
    try scene.server.wait { replies.count == 3 }
    scene.server.loop.afterTurn = {}
    #expect(turns > 20, "the loop has turned between the pieces")
    #expect(replies[0] == replies[1] && replies[1] == replies[2])
    let page = PageText(replies[0].body.joined())
    #expect(page.series("vigia_agent_error_ratio").count == 10_000)
    #expect(page.series("vigia_metric_tokens_in").count == 10_000)
    #expect(page["vigia_agents_left_out"] == "0" && !page.hasRepeats)
    #expect(Set(page.families).count == page.families.count)
  }

  /// The handler loses its lease in the middle of a page: whoever asked is answered all the same.
  @Test func pageIsFinishedThoughTheLeaseIsLost() throws {
    try reportAll(3000)
    try waitForAgents(3000)
    var found: ServedReply?
    handler.monitor.answer(ServedRequest(path: "/metrics")) { found = $0 }
    scene.server.loop.turn(atMostMilliseconds: 0)
    handler.halt()
    try scene.server.wait { found != nil }
    #expect(PageText(try #require(found).body.joined()).series("vigia_agent_error_ratio").count == 1000)
  }

  @Test func bothFormatsTellTheSameSeries() throws {
    try reportAll(20)
    try waitForAgents(20)
    let (text, open) = (try page(.text), try page(.openMetrics))
    #expect(open.text.hasSuffix("\n# EOF\n") && !text.text.contains("# EOF"))
    #expect(text.series("vigia_agent_error_ratio") == open.series("vigia_agent_error_ratio"))
    #expect(text.families.contains("vigia_events_total") && open.families.contains("vigia_events"))
    #expect(open.text.contains("# UNIT vigia_agent_response_time_seconds seconds\n"))
    #expect(text.families.count == open.families.count)
  }
}
