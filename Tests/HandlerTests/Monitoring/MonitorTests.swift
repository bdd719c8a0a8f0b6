import Automation
import Exposition
import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What a handler tells those who watch it.
@Suite(.threaded) struct MonitorTests {
  private let scene: HandlerScene

  init() throws { scene = try HandlerScene(start: false) }

  private func start(
    _ id: String = "h1", waits: Bool = true, _ change: (inout HandlerOptions) -> Void = { _ in }
  ) throws -> HandlerService {
    try scene.startHandler(id, waits: waits) {
      $0.monitoring.address = ListenAddress("127.0.0.1:0")
      change(&$0)
    }
  }

  private func ask(_ handler: HandlerService, _ request: ServedRequest) throws -> ServedReply {
    var found: ServedReply?
    handler.monitor.answer(request) { found = $0 }
    try scene.server.wait { found != nil }
    return try #require(found)
  }

  private func page(_ handler: HandlerService) throws -> PageText {
    PageText(try ask(handler, ServedRequest(path: "/metrics")).body.joined())
  }

  private func words(_ handler: HandlerService, _ path: String) throws -> String {
    let reply = try ask(handler, ServedRequest(path: path))
    return "\(reply.status) \(String(decoding: Array(reply.body.joined()), as: UTF8.self).dropLast())"
  }

  // MARK: Whether it lives and what it is

  @Test func leaderAndStandbySayWhatTheyAre() throws {
    let leader = try start()
    let standby = try start("h2", waits: false)
    try scene.server.wait { (try? words(standby, "/readyz")) == "200 standby: h1 leads" }
    #expect(try words(leader, "/readyz") == "200 leader, with fence 1")
    #expect(try words(leader, "/healthz") == "200 alive")
    #expect(try words(standby, "/healthz") == "200 alive")
    #expect(try page(leader)["vigia_leader"] == "1")
    #expect(try page(standby)["vigia_leader"] == "0")
    #expect(try page(standby)["vigia_ready"] == "1")
    try scene.server.wait { (try? page(standby)["vigia_stream_lag_seconds{stream=\"events\"}"]) != nil }
    #expect(try page(standby).families.contains("vigia_agents") == false)
  }

  @Test func handlerWithoutRedisLivesAndIsNotReady() throws {
    let nowhere = Endpoint(address: .tcp(host: "127.0.0.1", port: 1))
    let handler = try scene.startHandler("h1", waits: false, at: nowhere) {
      $0.monitoring.address = ListenAddress("127.0.0.1:0")
    }
    try scene.server.wait { (try? words(handler, "/readyz").contains("refused")) == true }
    #expect(try words(handler, "/readyz").hasPrefix("503 not ready: no connection to Redis: "))
    #expect(try words(handler, "/healthz") == "200 alive")
    #expect(try page(handler)["vigia_redis_connected"] == "0")
    #expect(try page(handler)["vigia_ready"] == "0")
  }

  @Test func whatKeepsAHandlerFromLeadingIsSaid() throws {
    _ = try scene.server.call("SET", scene.keys.fence, "9007199254740993")
    let handler = try start(waits: false)
    try scene.server.wait { (try? words(handler, "/readyz").hasPrefix("503 not ready: no handler can lead")) == true }
    #expect(try page(handler)["vigia_ready"] == "0")
  }

  // MARK: Who may ask what

  @Test func onlyWhoKnowsTheTokenGetsMetricsAndReasons() throws {
    let handler = try start { $0.monitoring.token = Array("0123456789abcdef".utf8) }
    func status(_ authorization: String?) throws -> Int {
      try ask(handler, ServedRequest(path: "/metrics", authorization: authorization)).status
    }
    for wrong in [
      nil, "", "Bearer", "Bearer ", "Bearer 0123456789abcdee", "Bearer 0123456789abcdef0", "Bearer 0123456789abcde",
      "Basic 0123456789abcdef", "0123456789abcdef", "Bearer 0123456789abcdef extra",
    ] { #expect(try status(wrong) == 401, "\(wrong ?? "none")") }
    let refusal = try ask(handler, ServedRequest(path: "/metrics"))
    #expect(refusal.headers == ["WWW-Authenticate": "Bearer"])
    for right in ["Bearer 0123456789abcdef", "bearer  0123456789abcdef"] { #expect(try status(right) == 200) }
    #expect(try words(handler, "/readyz") == "200 leader")
    #expect(try words(handler, "/healthz") == "200 alive")
    let told = try ask(handler, ServedRequest(path: "/readyz", authorization: "Bearer 0123456789abcdef"))
    #expect(told.body == [Array("leader, with fence 1\n".utf8)])
  }

  @Test(arguments: ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get", ""])
  func otherMethodsAreRefused(_ method: String) throws {
    let handler = try start()
    for path in ["/metrics", "/healthz", "/readyz", "/nothing"] {
      let reply = try ask(handler, ServedRequest(method: method, path: path, hasBody: true))
      #expect(reply.status == 405 && reply.headers == ["Allow": "GET, HEAD"])
    }
  }

  @Test func whatThereIsNotIsSaid() throws {
    let handler = try start()
    #expect(try words(handler, "/metric") == "404 no such page; there are /metrics, /healthz and /readyz")
    #expect(try ask(handler, ServedRequest(path: "/metrics", format: "json")).status == 400)
    #expect(try ask(handler, ServedRequest(path: "/metrics", hasBody: true)).status == 413)
  }

  @Test func formatFollowsTheHeaderOrTheQuery() throws {
    let handler = try start()
    func type(_ accept: String, _ format: String?) throws -> String {
      try ask(handler, ServedRequest(path: "/metrics", accept: accept, format: format)).contentType
    }
    #expect(try type("", nil) == ExpositionFormat.text.contentType)
    #expect(try type("application/openmetrics-text", nil) == ExpositionFormat.openMetrics.contentType)
    #expect(try type("application/openmetrics-text", "text") == ExpositionFormat.text.contentType)
    #expect(try type("", "openmetrics") == ExpositionFormat.openMetrics.contentType)
  }

  // MARK: What is counted

  @Test func commandsAreCountedOnceTheyStand() throws {
    let handler = try start()
    try scene.send(.pause, ["a-1", "a-2"], ["for": "5m"])
    try scene.send(.resume, ["a-1"])
    // Nobody can resume what runs.
    try scene.send(.resume, ["a-3"])
    let page = try self.page(handler)
    #expect(page["vigia_commands_total{action=\"pause\",phase=\"received\"}"] == "1")
    #expect(page["vigia_commands_total{action=\"pause\",phase=\"succeeded\"}"] == "1")
    #expect(page["vigia_command_targets_total{action=\"pause\",phase=\"succeeded\"}"] == "2")
    #expect(page["vigia_commands_total{action=\"resume\",phase=\"received\"}"] == "2")
    #expect(page["vigia_command_duration_seconds_count{action=\"pause\"}"] == "1")
    #expect(page["vigia_command_duration_seconds_bucket{action=\"resume\",le=\"+Inf\"}"] == "2")
    #expect(page["vigia_commands_in_hand"] == "0")
  }

  @Test func senderCannotMakeUpSeries() throws {
    let handler = try start()
    for number in 0..<5 {
      let command = "{\"id\":\"x\(number)\",\"action\":\"made-up-\(number)\",\"targets\":[\"a\"]}"
      _ = try scene.server.call("XADD", scene.keys.commands, "*", Keys.dataField, command)
    }
    _ = try scene.server.call("XADD", scene.keys.commands, "*", Keys.dataField, "{nonsense")
    let aside = "vigia_dead_letters_total{source=\"agentos:commands\"}"
    try scene.server.wait { (try? page(handler)[aside]) == "6" }
    #expect(try page(handler).text.contains("made-up") == false)
    #expect(try scene.server.call("XLEN", scene.keys.dead) == .integer(6))
  }

  /// A handler that leads again counts on from where it was.
  @Test func eventsAreCountedByKindAlsoAcrossTerms() throws {
    let handler = try start()
    func publish(_ number: Int) throws {
      let event = "{\"event_id\":\"e\(number)\",\"entity_id\":\"a\",\"event_type\":\"agent.metrics\",\"data\":{}}"
      _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, event)
    }
    let metrics = "vigia_events_total{kind=\"agent.metrics\"}"
    for number in 0..<3 { try publish(number) }
    try publish(2)
    _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, "no event")
    try scene.server.wait { (try? page(handler)["vigia_events_unreadable_total"]) == "1" }
    #expect(try page(handler)[metrics] == "3")
    #expect(try page(handler)["vigia_events_duplicate_total"] == "1")
    handler.session?.lose("a test says so")
    #expect(try page(handler)[metrics] == "3")
    try scene.server.wait { handler.isActive && (try? page(handler)["vigia_leases_taken_total"]) == "2" }
    #expect(try page(handler)["vigia_leases_lost_total"] == "1")
    try publish(9)
    try scene.server.wait { (try? page(handler)["vigia_agents{state=\"running\"}"]) == "1" }
    try scene.server.wait { (try? page(handler)[metrics]) == "4" }
    #expect(try page(handler)["vigia_events_unreadable_total"] == "1")
  }

  @Test func rulesAndWhatTheyDoAreCounted() throws {
    _ = try scene.server.call("SET", scene.keys.automation, "on")
    let runbook = try RuleScene.read(RuleScene.calm)
    let handler = try start { $0.runbook = runbook }
    let rules = RuleScene(on: scene)
    try rules.degrade("a-1")
    try rules.run(of: "calm")
    let acted = "vigia_rule_decisions_total{rule=\"calm\",decision=\"acted\"}"
    try scene.server.wait { (try? page(handler)[acted]) == "1" }
    #expect(try page(handler)["vigia_rule_actions_total{action=\"pause\",phase=\"succeeded\"}"] == "1")
    #expect(try page(handler)["vigia_rule_events_waiting"] == "0")
  }

  @Test func callsOfServicesAndNoticesAreTimedAndCounted() throws {
    let service = try MockService(loop: scene.server.loop) { _ in .status(200, "ok") }
    let url = try Template(service.url("/{agent}"))
    let table = NotifyTable(
      channels: ["ops": Channel(.webhook, url: service.url("/told"))], defaultRoute: ["ops"])
    let handler = try start {
      $0.actuators = ActuatorTable(actions: [.pause: .http(HTTPActuator(method: "PUT", url: url))])
      $0.notify = table
    }
    try scene.send(.pause, ["a-1"], ["for": "5m"])
    try scene.send(.escalate, ["a-1"], ["to": "oncall", "severity": "high"])
    let told = "vigia_notices_total{channel=\"ops\",result=\"delivered\"}"
    try scene.server.wait { (try? self.page(handler)[told]) == "1" }
    let page = try self.page(handler)
    #expect(page["vigia_notices_total{channel=\"ops\",result=\"given_up\"}"] == "0")
    #expect(page["vigia_notices_waiting{channel=\"ops\"}"] == "0")
    #expect(page["vigia_actuator_calls_total{action=\"pause\",result=\"done\"}"] == "1")
    #expect(page["vigia_actuator_call_duration_seconds_count{action=\"pause\"}"] == "1")
  }

  /// A counter that appears with its first value hides that value from a rate.
  @Test func whatIsToldToOtherProgramsIsCountedFromZero() throws {
    let nowhere = "http://127.0.0.1:1"
    let handler = try start {
      $0.telemetry = TelemetrySettings(endpoint: nowhere, logs: false)
      $0.grafana = GrafanaService(url: nowhere, token: "t")
    }
    func count(_ service: String, _ result: String) throws -> String? {
      try page(handler)["vigia_exports_total{service=\"\(service)\",result=\"\(result)\"}"]
    }
    for result in ["told", "refused", "dropped"] {
      #expect(try count("otel", result) == "0")
      #expect(try count("grafana", result) == "0")
    }
    var options = handler.options
    options.telemetry = nil
    options.grafana = GrafanaService(url: nowhere, token: "t", annotates: false)
    handler.apply(options)
    #expect(try count("otel", "told") == nil && count("grafana", "told") == nil)
  }

  /// Numbers and ids that nobody can reckon with, from whoever may write to Redis.
  @Test(.enabled(if: TestServer.countsEntries)) func extremeValuesInRedisHarmNoPage() throws {
    let handler = try start()
    let event = "{\"entity_id\":\"a\",\"event_type\":\"agent.metrics\",\"data\":{}}"
    _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, event)
    _ = try scene.server.call(
      "XSETID", scene.keys.events, "18446744073709551615-1", "ENTRIESADDED", "9223372036854775807")
    let lag = "vigia_stream_lag_entries{stream=\"events\"}"
    try scene.server.wait {
      let count = EventSaver.countField(scene.keys)
      _ = try? scene.server.call("HSET", scene.keys.cursor, count, "-9223372036854775808")
      return (try? page(handler)[lag]).flatMap { Double($0) } ?? 0 > 1e16
    }
    for garbage in ["", "x", "1-1-1", "-1-0", "18446744073709551616-0"] {
      _ = try scene.server.call("HSET", scene.keys.cursor, scene.keys.events, garbage)
      _ = try scene.server.call("SET", scene.keys.lease, garbage, "PX", 100)
      #expect(try page(handler)["vigia_redis_connected"] == "1")
    }
  }

  @Test func nothingIsCountedWhileMonitoringIsOff() throws {
    let handler = try scene.startHandler("h1")
    try scene.send(.pause, ["a-1"], ["for": "5m"])
    #expect(handler.counts.lines.isEmpty && handler.counts.steps.isEmpty && handler.counts.commandSpans.isEmpty)
    var options = handler.options
    options.monitoring.address = ListenAddress("127.0.0.1:0")
    handler.apply(options)
    try scene.send(.resume, ["a-1"])
    #expect(!handler.counts.lines.isEmpty && !handler.counts.steps.isEmpty)
  }
}
