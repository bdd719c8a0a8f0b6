import Automation
import FleetModel
import HTTP
import Loop
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Acknowledgements as silences of the real Alertmanager, and its silences here.
@Suite(.threaded) struct AlertmanagerSilenceTests {
  private let alertmanager: Alertmanager
  private let clock: SteppedClock
  private let chat: ChatScene
  private let client: HTTPClient
  private var scene: HandlerScene { chat.scene }

  init() throws {
    alertmanager = try Alertmanager()
    clock = try SteppedClock(folder: BuildFolder.path)
    let scene = try HandlerScene(start: false, clock: clock)
    client = try HTTPClient(loop: scene.server.loop)
    var channel = Channel(.alertmanager, url: alertmanager.url)
    channel.keepsSilences = true
    chat = try ChatScene(channel, scene: scene)
    try scene.send(.escalate, ["agent-1"], ["to": "on-call", "severity": "critical"])
    try waitForState("active")
  }

  private func json(_ request: HTTPRequest) throws -> JSONValue? {
    var found: HTTPResult?
    client.send(request) { found = $0 }
    try scene.server.wait { found != nil }
    guard case .response(let response) = found, response.status == 200 else { return nil }
    return response.json
  }

  private func get(_ path: String) throws -> [JSONValue] {
    try json(HTTPRequest(url: alertmanager.url + path))?.list ?? []
  }

  private func silences() throws -> [JSONValue] {
    try get("/api/v2/silences").filter { $0["status"]?["state"]?.text != "expired" }
  }

  private func waitForState(_ state: String) throws {
    try scene.server.wait { (try? get("/api/v2/alerts").first?["status"]?["state"]?.text) == state }
  }

  private func send(_ action: Action, _ arguments: [String: String] = [:]) throws {
    let all = arguments.merging(["alert": "escalation/agent-1"]) { $1 }
    #expect(try scene.send(action, [], all).last?.phase == .succeeded)
  }

  /// Lets the next round come, now that time has passed for the handler alone.
  private func pass(_ seconds: Int64) throws { try chat.pass(seconds, by: clock) }

  private func alert() throws -> AlertRecord { try #require(try scene.alert(.escalation, "agent-1")) }

  @Test func acknowledgementIsASilenceUntilItIsTakenBack() throws {
    try send(.acknowledge)
    try waitForState("suppressed")
    let silence = try #require(try silences().first)
    #expect(silence["createdBy"]?.text == "alice@bastion" && silence["comment"]?.text == "vigia: acknowledged")
    let left = try #require(silence["endsAt"]?.text.flatMap { ISO8601.parse($0) }) - scene.now()
    #expect(left > .minutes(14) && left <= .minutes(15), "it ends by itself if no handler lives")
    #expect(try alert().silencedUntil == nil, "our own silence is nobody's here")
    try send(.unacknowledge)
    try waitForState("active")
    #expect(try silences().isEmpty)
  }

  @Test func silenceIsRenewedAsItIsAlsoByTheNextHandler() throws {
    // As long as another alert of the agent is open, a call that somebody has in hand is not over.
    let event: JSONValue = [
      "entity_id": "agent-1", "event_type": "agent.security_alert",
      "data": ["alert_type": "injection", "attempts_count": 3, "suspicious_ips": [], "risk_level": "high"],
    ]
    _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, event.encoded)
    try scene.server.wait { (try? scene.alert(.securityAlert, "agent-1")) != nil }
    try send(.acknowledge)
    try waitForState("suppressed")
    let first = try #require(try silences().first)
    try pass(400)
    try scene.server.wait { (try? silences().first?["endsAt"] != first["endsAt"]) == true }
    try chat.start()
    try pass(800)
    try scene.server.wait {
      guard let end = try? silences().first?["endsAt"]?.text.flatMap({ ISO8601.parse($0) }) else { return false }
      return (try? end - scene.now() > .minutes(14)) == true
    }
    let now = try silences()
    #expect(now.count == 1 && now.first?["id"] == first["id"], "there is one, and it is the same")
    #expect(try get("/api/v2/silences").count == 1)
  }

  @Test func endOfTheTroubleEndsItsSilence() throws {
    try send(.acknowledge)
    try waitForState("suppressed")
    try send(.close)
    try scene.server.wait { (try? silences().isEmpty) == true }
  }

  @Test func silenceOfAPersonThereIsOneHereUntilItEnds() throws {
    let end = ISO8601.format(try scene.now() + .hours(2))
    let body: JSONValue = [
      "matchers": [["name": "alertname", "value": "vi.*", "isRegex": true]],
      "startsAt": .string(ISO8601.format(try scene.now() - .seconds(1))), "endsAt": .string(end),
      "createdBy": "bob", "comment": "deploy\u{1B}",
    ]
    let answer = try json(
      HTTPRequest(
        method: "POST", url: alertmanager.url + "/api/v2/silences",
        headers: [.init("Content-Type", "application/json")], body: body.encoded))
    let id = try #require(answer?["silenceID"]?.text)
    try waitForState("suppressed")
    try pass(31)
    try scene.server.wait { (try? alert().silencedBy) == "alertmanager:bob" }
    #expect(try alert().note == "deploy" && alert().acknowledgedBy == nil)
    #expect(try alert().silencedUntil.map { try $0 - scene.now() > .minutes(110) } == true)
    #expect(try silences().count == 1, "nothing of it goes back")
    _ = try json(HTTPRequest(method: "DELETE", url: "\(alertmanager.url)/api/v2/silence/\(id)"))
    try pass(62)
    try scene.server.wait { (try? alert().silencedUntil) == nil }
    let lines = try scene.audit().filter { $0.phase == .succeeded && $0.operator == "alertmanager:bob" }
    #expect(Set(lines.map(\.action)) == ["silence", "unsilence"])
  }

  @Test func silenceOfSomebodyHereStaysTheirs() throws {
    try send(.silence, ["for": "1h"])
    try pass(31)
    try send(.acknowledge)
    try waitForState("suppressed")
    #expect(try alert().silencedBy == "alice@bastion")
  }

  // MARK: One round

  private let now = Instant(milliseconds: 1_795_334_400_000)

  private func round(by who: String?) -> AlertmanagerRound {
    let alert = AlertRecord(
      id: AlertID(.escalation, "agent-1"), severity: .high, since: now, last: now, acknowledgedBy: who)
    return round(ToldAlert(alert))
  }

  private func round(_ alert: ToldAlert) -> AlertmanagerRound {
    AlertmanagerRound(
      "alerts", Channel(.alertmanager, url: "http://x"),
      [.init(key: alert.subject.description, alerts: [alert.subject])], [alert.subject: alert], at: now)
  }

  /// The silence of somebody there that holds an alert.
  private func silence(on key: String) -> (alerts: JSONValue, silences: JSONValue) {
    let silence: JSONValue = [
      "id": "s1", "status": ["state": "active"], "comment": "deploy", "createdBy": "bob", "matchers": [],
      "startsAt": .string(ISO8601.format(now)), "endsAt": .string(ISO8601.format(now + .hours(1))),
    ]
    return ([["labels": ["key": .string(key)], "status": ["silencedBy": ["s1"]]]], [silence])
  }

  @Test func silenceOnAQueuesAlertIsNoOrderAndOneOnAnAgentsIs() {
    let queue = QueueAlertID(.tooOld, stream: "orders", group: "workers")
    let agent = AlertRecord(id: AlertID(.escalation, "agent-1"), severity: .high, since: now, last: now)
    for (alert, orders) in [(ToldAlert(queue, QueueTrouble(.tooOld, since: now)), []), (ToldAlert(agent), ["silence"])]
    {
      var round = round(alert)
      let found = silence(on: alert.subject.description)
      let areTaken = [round.take(found.alerts, at: now), round.take(found.silences, at: now)]
      #expect(areTaken == [true, true])
      #expect(round.commands.map(\.action.rawValue) == orders)
      #expect(round.commands.allSatisfy { $0.reason == "done in alerts: escalation/agent-1" })
    }
  }

  @Test func queuesAlertInSomebodysHandIsSilenced() {
    let id = QueueAlertID(.tooOld, stream: "orders", group: "workers")
    var trouble = QueueTrouble(.tooOld, since: now)
    for (who, count) in [(String?.none, 0), ("ana", 1)] {
      trouble.hand = who.map { .init(by: $0, at: now) }
      var round = round(ToldAlert(id, trouble))
      let areTaken = [round.take([], at: now), round.take([], at: now)]
      #expect(areTaken == [true, true])
      #expect((round.request(at: now)?.method == "POST" ? 1 : 0) == count)
    }
  }

  @Test func answersOfAnotherServiceAreNone() {
    for text in ["{}", "7", #""x""#, "null"] {
      var round = round(by: "alice")
      let json = try? JSONValue.parse(Array(text.utf8))
      let isTaken = round.take(json, at: now)
      #expect(!isTaken, "\(text)")
    }
  }

  @Test func idsThatAreNoneStandInNoAddress() {
    var round = round(by: nil)
    let alerts: JSONValue = [
      ["labels": ["key": "escalation/agent-1"], "status": ["silencedBy": ["../../x", "a b", "", "good-1"]]]
    ]
    let areTaken = [round.take(alerts, at: now), round.take([], at: now)]
    #expect(areTaken == [true, true])
    #expect(round.request(at: now)?.url == "http://x/api/v2/silence/good-1")
    let isTaken = round.take(nil, at: now)
    #expect(isTaken && round.request(at: now) == nil, "it is gone by now")
  }

  @Test func thousandsOfSilencesAreAFewQuestionsAndOrders() {
    var round = round(by: nil)
    let ids = JSONValue.array((0..<5000).map { .string("s\($0)") })
    _ = round.take([["labels": ["key": "escalation/agent-1"], "status": ["silencedBy": ids]]], at: now)
    let own = (0..<5000).map { number -> JSONValue in
      [
        "id": .string("own\(number)"), "status": ["state": "active"], "comment": "vigia: acknowledged",
        "startsAt": .string(ISO8601.format(now)), "endsAt": .string(ISO8601.format(now + .minutes(9))),
        "matchers": [
          ["name": "key", "value": .string("k\(number)"), "isRegex": false],
          ["name": "service", "value": "vigia", "isRegex": false],
        ],
      ]
    }
    _ = round.take(.array(own), at: now)
    var requests = 0
    while let request = round.request(at: now) {
      requests += 1
      #expect(request.method == (requests <= AlertmanagerRound.mostOthers ? "GET" : "DELETE"))
      _ = round.take(nil, at: now)
    }
    #expect(requests == AlertmanagerRound.mostOthers + AlertmanagerRound.mostOrders)
  }
}
