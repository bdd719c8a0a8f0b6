import Automation
import FleetModel
import HTTP
import Logging
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What people are told, from a command or a rule's step to the bodies that services received.
@Suite(.threaded) struct NotifierTests {
  private let scene: HandlerScene

  init() throws { scene = try HandlerScene(start: false) }

  private func service(_ answer: @escaping (MockService.Request) -> MockService.Answer) throws -> MockService {
    try MockService(loop: scene.server.loop, answer: answer)
  }

  @discardableResult
  private func start(_ table: NotifyTable, _ id: String = "h1") throws -> HandlerService {
    try scene.startHandler(id) { $0.notify = table }
  }

  private func table(_ channels: [String: Channel], wait: TimeSpan = .milliseconds(50)) -> NotifyTable {
    NotifyTable(
      channels: channels, defaultRoute: channels.keys.sorted(),
      grouping: Grouping.Spans(wait: wait, interval: .milliseconds(100)))
  }

  private func json(_ request: MockService.Request) throws -> JSONValue { try JSONValue.parse(request.body) }

  private func notices() throws -> [(name: [UInt8], value: [UInt8])] {
    try scene.server.call("HGETALL", scene.keys.notices).pairs
  }

  private func waitUntilAllIsTold() throws {
    try scene.server.wait { (try? notices().isEmpty) == true }
  }

  /// Adds notices as a rule's step does, without a rule.
  private func enqueue(_ notices: [Notice], on handler: HandlerService) throws {
    let session = try #require(handler.session)
    var step = Transaction()
    for notice in notices { session.notify(notice, in: &step) }
    var isDone = false
    session.run(step) { outcome in
      if case .done = outcome { isDone = true }
      session.tell(.notices)
    }
    try scene.server.wait { isDone }
  }

  private func notice(_ number: Int, _ status: Notice.Status = .firing, rule: String? = nil) throws -> Notice {
    Notice(
      key: "latency/agent-\(number)", status: status, severity: .high, title: "agent-\(number) is slow",
      agents: [AgentID("agent-\(number)")], rule: rule, at: try scene.now())
  }

  // MARK: Commands

  @Test func commandTellsItsChannelOnce() throws {
    let service = try service { _ in .status(200, "ok") }
    try start(table(["ops": Channel(.webhook, url: service.url("/hook"))]))
    let lines = try scene.send(.notify, [], ["to": "ops", "text": "lunch\nis ready"])
    #expect(lines.map(\.short) == ["received", "succeeded: on its way to ops"])
    try waitUntilAllIsTold()
    #expect(service.requests.count == 1)
    let body = try json(service.requests[0])
    #expect(body["title"]?.text == "lunch" && body["text"]?.text == "lunch\nis ready")
    #expect(body["key"]?.text == "c1" && body["status"]?.text == "told")
    #expect(body["fields"]?.list?.first?["value"]?.text == "alice@bastion")
  }

  @Test func commandForAChannelThatIsNotThereIsRefusedWithTheirNames() throws {
    try start(
      table([
        "ops": Channel(.webhook, url: "http://127.0.0.1:1"), "pager": Channel(.pagerduty, url: "http://127.0.0.1:1"),
      ]))
    let lines = try scene.send(.notify, [], ["to": "opps", "text": "x"])
    #expect(lines.last?.short == "failed: no channel \"opps\" is configured; there is ops, pager")
    #expect(try notices().isEmpty)
  }

  @Test func escalationPagesAndItsAcknowledgementSaysSo() throws {
    let service = try service { _ in .status(202, "{}") }
    try start(table(["pager": Channel(.pagerduty, url: service.url(""), routingKey: "r1")]))
    try scene.send(.escalate, ["agent-1"], ["to": "oncall", "severity": "critical"])
    try scene.server.wait { service.requests.count == 1 }
    try scene.send(.acknowledge, [], ["alert": "escalation/agent-1"])
    try waitUntilAllIsTold()
    let bodies = try service.requests.map(json)
    #expect(service.requests.map(\.path) == ["/v2/enqueue", "/v2/enqueue"])
    #expect(bodies.map { $0["event_action"]?.text } == ["trigger", "acknowledge"])
    #expect(bodies.allSatisfy { $0["dedup_key"]?.text == "escalation/agent-1" })
    #expect(bodies[0]["payload"]?["severity"]?.text == "critical")
    #expect(bodies[0]["payload"]?["summary"]?.text == "agent-1 needs a person from oncall: test")
  }

  @Test func acknowledgementThatIsTakenBackPagesAgain() throws {
    let service = try service { _ in .status(202) }
    try start(table(["pager": Channel(.pagerduty, url: service.url(""), routingKey: "r1")]))
    try scene.send(.escalate, ["agent-1"], ["to": "oncall"])
    let acknowledgement = try scene.command(.acknowledge, [], ["alert": "escalation/agent-1"])
    try scene.publish(acknowledgement)
    _ = try scene.outcome(of: acknowledgement.id)
    try scene.send(.undo, [], ["command_id": acknowledgement.id.text])
    try waitUntilAllIsTold()
    #expect(
      try service.requests.map { try json($0)["event_action"]?.text } == ["trigger", "acknowledge", "trigger"])
  }

  @Test func routeGoesByTheRoleThatAnAgentSaysItHas() throws {
    let service = try service { _ in .status(200) }
    var table = table(["a": Channel(.webhook, url: service.url("/a")), "b": Channel(.webhook, url: service.url("/b"))])
    table.routes = [Route(role: "support-*", to: ["a"]), Route(to: ["b"])]
    try start(table)
    for (agent, role) in [("agent-1", "support-eu"), ("agent-2", "sales")] {
      let data: JSONValue = ["name": .string(agent), "is_active": true, "role": .string(role)]
      let event: JSONValue = ["entity_id": .string(agent), "event_type": "agent.created", "data": data]
      _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, event.encoded)
    }
    try scene.server.wait { (try? scene.cursorIsAtEnd()) == true }
    try scene.send(.escalate, ["agent-1", "agent-2", "agent-3"], ["to": "oncall"])
    try waitUntilAllIsTold()
    let told = try service.requests.map { "\($0.path) \(try json($0)["agents"]?.list?.first?.text ?? "")" }
    #expect(Set(told) == ["/a agent-1", "/b agent-2", "/b agent-3"])
  }

  @Test func outcomeThatNobodyKnowsPagesAPerson() throws {
    let broken = try service { _ in .hangUp }
    let service = try service { _ in .status(200) }
    let actuator = HTTPActuator(url: Template(text: broken.url()), repeat: .never)
    try scene.startHandler("h1") {
      $0.notify = table(["ops": Channel(.webhook, url: service.url())])
      $0.actuators = ActuatorTable(actions: [.restart: .http(actuator)])
    }
    #expect(try scene.send(.restart, ["agent-1"]).last?.phase == .unknown)
    try waitUntilAllIsTold()
    let title = try json(try #require(service.requests.first))["title"]?.text ?? ""
    #expect(title.hasPrefix("agent-1 needs a person: outcome of restart agent-1 by alice@bastion at "))
  }

  @Test func dryRunTellsNobody() throws {
    let service = try service { _ in .status(200) }
    try start(table(["ops": Channel(.webhook, url: service.url())]))
    try scene.send(.notify, [], ["to": "ops", "text": "x"]) { $0.isDryRun = true }
    try scene.send(.escalate, ["agent-1"], ["to": "oncall"]) { $0.isDryRun = true }
    #expect(try notices().isEmpty && service.requests.isEmpty)
  }

  // MARK: Storms

  @Test func stormOfFiftyAgentsIsOneMessageAndOneAllClear() throws {
    let service = try service { _ in .status(200) }
    let handler = try start(table(["ops": Channel(.webhook, url: service.url())]))
    try enqueue((1...50).map { try notice($0, rule: "latency") }, on: handler)
    try scene.server.wait { service.requests.count == 1 }
    try enqueue((1...50).map { try notice($0, .resolved, rule: "latency") }, on: handler)
    try waitUntilAllIsTold()
    let bodies = try service.requests.map(json)
    #expect(bodies.map { $0["status"]?.text } == ["firing", "resolved"])
    #expect(bodies[0]["agents"]?.list?.count == 50 && bodies[0]["title"]?.text == "latency: 50 agents")
    #expect(bodies[0]["key"] == bodies[1]["key"])
  }

  @Test func stormOf429LosesNothingAndTellsNothingTwice() throws {
    var refusals = 6
    let service = try service { _ in
      refusals -= 1
      return refusals >= 0 ? .status(429, headers: [("Retry-After", "0.02")], "slow down") : .status(200)
    }
    let handler = try start(table(["ops": Channel(.webhook, url: service.url())]))
    try enqueue((1...20).map { try notice($0) }, on: handler)
    try waitUntilAllIsTold()
    let keys = try service.requests.dropFirst(6).map { try json($0)["key"]?.text }
    #expect(keys == (1...20).map { "latency/agent-\($0)" })
    #expect(try scene.entries(scene.keys.dead).isEmpty)
  }

  @Test func serviceThatHangsUpIsToldAgain() throws {
    var answers: [MockService.Answer] = [.hangUp, .status(503, headers: [("Retry-After", "0")]), .status(200)]
    let service = try service { _ in answers.removeFirst() }
    let handler = try start(table(["ops": Channel(.webhook, url: service.url())]))
    try enqueue([notice(1)], on: handler)
    try waitUntilAllIsTold()
    #expect(service.requests.count == 3)
  }

  // MARK: Ends

  private func deadReasons() throws -> [String] {
    try scene.server.call("XRANGE", scene.keys.dead, "-", "+").elements?.compactMap { entry in
      entry.elements?.last?.pairs.first { $0.name == Array("reason".utf8) }.map {
        String(decoding: $0.value, as: UTF8.self)
      }
    } ?? []
  }

  private func failures() throws -> [AuditLine] {
    try scene.audit().filter { $0.phase == .failed && $0.action == "notify" }
  }

  @Test func deadlineLeavesItWithTheDeadAndInTheAudit() throws {
    let service = try service { _ in .status(503, headers: [("Retry-After", "0.02")], "down") }
    let channel = Channel(.webhook, url: service.url(), deadline: .milliseconds(200))
    let handler = try start(table(["ops": channel]))
    try enqueue([notice(1)], on: handler)
    try waitUntilAllIsTold()
    let reason = try #require(try deadReasons().first)
    #expect(
      reason.hasPrefix("notice for ops given up: not told in time, ") && reason.hasSuffix("attempts: HTTP 503: down"))
    let data = try #require(try scene.entries(scene.keys.dead).first)
    #expect(try JSONValue.parse(data)["notice"]?["key"]?.text == "latency/agent-1")
    let line = try #require(try failures().first)
    #expect(line.target == .none && line.detail.hasPrefix("ops: not told in time"))
    #expect(line.detail.hasSuffix(": agent-1 is slow"))
    // For a day, by the moment that the audit names.
    let marks = try scene.server.call("ZRANGE", scene.keys.undelivered, 0, -1, "WITHSCORES").pairs
    #expect(marks.map { Instant(score: $0.value) } == [line.at])
    let left = try #require(try scene.server.call("PTTL", scene.keys.undelivered).integer)
    #expect(left > TimeSpan.hours(23).milliseconds && left <= TimeSpan.days(1).milliseconds)
  }

  @Test func webhookThatDiscordHasDeletedIsNotAskedAgain() throws {
    let service = try service { _ in .status(404, #"{"message":"Unknown Webhook","code":10015}"#) }
    let handler = try start(table(["chat": Channel(.discord, url: service.url())]))
    try enqueue([notice(1), notice(2)], on: handler)
    try waitUntilAllIsTold()
    try enqueue([notice(3)], on: handler)
    try waitUntilAllIsTold()
    #expect(service.requests.count == 1)
    #expect(try failures().contains { $0.detail.hasPrefix("channel chat is disabled") })
    #expect(try deadReasons().count == 3)
    // Its address is another one now, say.
    var options = HandlerOptions(id: "h1")
    options.notify = table(["chat": Channel(.webhook, url: service.url())])
    handler.apply(options)
    try enqueue([notice(4)], on: handler)
    try waitUntilAllIsTold()
    #expect(service.requests.count == 2)
  }

  @Test func wrongEventIsNotSentAgain() throws {
    let service = try service { _ in .status(400, "invalid event") }
    let handler = try start(table(["pager": Channel(.pagerduty, url: service.url(), routingKey: "r1")]))
    try enqueue([notice(1)], on: handler)
    try waitUntilAllIsTold()
    #expect(service.requests.count == 1)
    #expect(try deadReasons() == ["notice for pager given up: HTTP 400: invalid event"])
  }

  // MARK: Handlers that end

  private func replace(_ table: NotifyTable) throws {
    scene.handlers[0].halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
    try start(table, "h2")
  }

  @Test func nextHandlerTellsWhatTheLastCouldNot() throws {
    var isDead = true
    let service = try service { _ in isDead ? .silence : .status(200) }
    let table = table(["ops": Channel(.webhook, url: service.url())])
    let handler = try start(table)
    try enqueue((1...3).map { try notice($0) }, on: handler)
    try scene.server.wait { service.requests.count == 1 }
    isDead = false
    try replace(table)
    try waitUntilAllIsTold()
    let keys = try service.requests.map { try json($0)["key"]?.text }
    #expect(keys == [1, 1, 2, 3].map { "latency/agent-\($0)" })
  }

  @Test func nextHandlerGoesOnWithAGroup() throws {
    let service = try service { _ in .status(200) }
    let slow = table(["ops": Channel(.webhook, url: service.url())], wait: .minutes(10))
    let handler = try start(slow)
    try enqueue((1...5).map { try notice($0, rule: "latency") }, on: handler)
    try scene.server.wait { (try? notices().count) == 1 }
    scene.handlers[0].halt()
    // As if the wait were over: the group's time is what Redis says.
    let group = try #require(try notices().first)
    let later = try JSONValue.parse(group.value)["due"]?.int ?? 0
    let text = String(decoding: group.value, as: UTF8.self)
      .replacing("\"due\":\(later)", with: "\"due\":\(try scene.now().milliseconds)")
    _ = try scene.server.call("HSET", scene.keys.notices, group.name, text)
    try replace(table(["ops": Channel(.webhook, url: service.url())]))
    try scene.server.wait { service.requests.count == 1 }
    #expect(try json(service.requests[0])["agents"]?.list?.count == 5)
    let second = try #require(scene.handlers.last)
    try enqueue((1...5).map { try notice($0, .resolved, rule: "latency") }, on: second)
    try waitUntilAllIsTold()
    #expect(try service.requests.map { try json($0)["status"]?.text } == ["firing", "resolved"])
  }

  @Test func handlerToldToStopWaitsForWhatItIsTelling() throws {
    let service = try service { _ in .response(.init(status: 200), .byteByByte) }
    let handler = try start(table(["ops": Channel(.webhook, url: service.url())]))
    try enqueue([notice(1), notice(2)], on: handler)
    try scene.server.wait { service.requests.count == 1 }
    var isStopped = false
    handler.stop { isStopped = true }
    try scene.server.wait { isStopped }
    #expect(try notices().count == 1 && service.requests.count == 1)
  }

  @Test func whatIsNoNoticeIsPutAside() throws {
    _ = try scene.server.call("HSET", scene.keys.notices, "1-1", "nonsense", "x", "{}")
    try start(table([:]))
    try waitUntilAllIsTold()
    #expect(try deadReasons() == Array(repeating: "not a notice that this handler knows", count: 2))
  }

  // MARK: Secrets

  @Test func secretsStandInNoLogAndInNothingThatIsStored() throws {
    let service = try service { request in .status(404, "no webhook at \(request.path)") }
    var table = table(["chat": Channel(.discord, url: service.url("/hooks/s3cret-token"))])
    table.secrets = ["hooks/s3cret-token"]
    var lines = ""
    let log = Log(.init(level: .debug)) { lines += String(decoding: $0, as: UTF8.self) }
    var options = HandlerOptions(id: "h1")
    options.notify = table
    let handler = try HandlerService(
      loop: scene.server.loop, endpoint: scene.server.endpoint, options: options, log: log)
    defer { handler.halt() }
    handler.start()
    try scene.server.wait { handler.isActive }
    try enqueue([notice(1)], on: handler)
    try waitUntilAllIsTold()
    #expect(lines.contains("a channel is disabled"))
    #expect(!lines.contains("s3cret"))
    #expect(try deadReasons() == ["notice for chat given up: HTTP 404: no webhook at /***?wait=true"])
    #expect(try !failures().contains { $0.detail.contains("s3cret") })
  }

  @Test func secretThatStandsWhereAnAnswerIsCutIsTakenOutWhole() throws {
    let echo = String(repeating: "x", count: 170)
    let service = try service { request in .status(400, "\(echo) \(request.path)") }
    var table = table(["ops": Channel(.webhook, url: service.url("/hooks/s3cret-token-of-some-length"))])
    table.secrets = ["hooks/s3cret-token-of-some-length"]
    try enqueue([notice(1)], on: try start(table))
    try waitUntilAllIsTold()
    #expect(try deadReasons() == ["notice for ops given up: HTTP 400: \(echo) /***"])
    #expect(try !failures().contains { $0.detail.contains("s3cret") })
  }

  @Test func longAnswerIsCutOnceItIsRedacted() {
    let response = HTTPResponse(
      status: 400, headers: [:], body: Array(("s3cret " + String(repeating: "x", count: 5000)).utf8))
    guard case .response(let redacted) = Redaction(["s3cret"]).apply(to: .response(response)) else { return }
    let words = redacted.words
    #expect(words.hasPrefix("HTTP 400: *** xxx") && words.hasSuffix("x…") && words.utf8.count == 208)
  }
}
