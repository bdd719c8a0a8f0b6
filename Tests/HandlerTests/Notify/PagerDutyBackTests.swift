import Automation
import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import HTTP
@testable import Handler

/// An acknowledgement on the phone is an ordinary one here.
@Suite(.threaded) struct PagerDutyBackTests {
  private let account: PagerDutyAccount
  private let clock: SteppedClock
  private let service: MockService
  private let chat: ChatScene
  private var scene: HandlerScene { chat.scene }

  init() throws {
    account = try PagerDutyAccount()
    clock = try SteppedClock(folder: BuildFolder.path)
    let scene = try HandlerScene(start: false, clock: clock)
    service = try account.service(on: scene.server)
    chat = try ChatScene(Self.channel(service.url("")), scene: scene)
  }

  private static func channel(_ url: String) -> Channel {
    var channel = Channel(.pagerduty, url: url, routingKey: PagerDutyAccount.routingKey)
    (channel.token, channel.readURL) = (PagerDutyAccount.token, url)
    return channel
  }

  private func escalate() throws {
    try scene.send(.escalate, ["agent-1"], ["to": "on-call", "severity": "critical"])
    try chat.waitUntilAllIsTold()
  }

  private func acknowledgeOnThePhone(_ seconds: Int64, by name: String = "Alice Ng") throws {
    account.acknowledge("escalation/agent-1", by: name, at: try scene.now())
    try chat.pass(seconds, by: clock)
  }

  private func holder() throws -> String? { try scene.alert(.escalation, "agent-1")?.acknowledgedBy }

  private func waitForHolder(_ name: String) throws { try scene.server.wait { (try? holder()) == name } }

  private func acks() throws -> [AuditLine] {
    try scene.audit().filter { $0.action == "ack" && $0.phase == .succeeded }
  }

  @Test func acknowledgementOnThePhoneIsAnAuditedOneAndIsNotEchoed() throws {
    try escalate()
    try acknowledgeOnThePhone(31)
    try waitForHolder("pagerduty:Alice Ng")
    try chat.waitUntilAllIsTold()
    #expect(try acks().map(\.operator).first == "pagerduty:Alice Ng")
    #expect(account.events == ["trigger"])
    let address = try #require(account.reads.last)
    #expect(address.contains("incident_key=escalation%2Fagent-1&statuses%5B%5D=acknowledged&since=20"))
    // Nobody has to ask again for what is in hand.
    let count = account.reads.count
    try chat.pass(62, by: clock)
    try scene.send(.notify, [], ["to": "ops", "text": "x"])
    #expect(account.reads.count == count)
  }

  @Test func whoTakesItBackHereIsNotOverruledByTheOldAcknowledgement() throws {
    try escalate()
    try acknowledgeOnThePhone(31)
    try waitForHolder("pagerduty:Alice Ng")
    account.isBehind = true
    try scene.send(.unacknowledge, [], ["alert": "escalation/agent-1"])
    try scene.server.wait { account.events.last == "trigger" && account.events.count > 1 }
    let count = account.reads.count
    try chat.pass(62, by: clock)
    try scene.server.wait { account.reads.count > count }
    // The next handler reads the same, and knows no more of it.
    try chat.start()
    let before = account.reads.count
    try chat.pass(93, by: clock)
    try scene.server.wait { account.reads.count > before && (try? scene.isThrough()) == true }
    #expect(try holder() == nil && acks().count { $0.target == .none } <= 1)
  }

  @Test func nextHandlerReadsWhatTheLastDidNot() throws {
    try escalate()
    scene.handlers.last?.halt()
    account.acknowledge("escalation/agent-1", by: "Bo", at: try scene.now())
    try chat.start()
    try waitForHolder("pagerduty:Bo")
    #expect(account.events == ["trigger"])
  }

  @Test func answersThatAreNoneHoldUpNothing() throws {
    try escalate()
    let endless = MockService.Answer.status(200, #"{"incidents":["# + String(repeating: "[],", count: 500_000))
    account.answers = [
      .status(200, "<html>"), .status(200, #"{"incidents":7}"#), .hangUp, .status(503), endless,
      .status(429, headers: [("ratelimit-reset", "40")], #"{"error":{"code":2020}}"#),
    ]
    account.acknowledge("escalation/agent-1", by: "Alice", at: try scene.now())
    for round in 1...8 {
      let count = account.reads.count
      try chat.pass(Int64(round) * 45, by: clock)
      try scene.server.wait { account.reads.count > count || (try? holder()) != nil }
    }
    try waitForHolder("pagerduty:Alice")
    #expect(account.answers.isEmpty)
    #expect(try scene.send(.notify, [], ["to": "ops", "text": "x"]).last?.phase == .succeeded)
  }

  @Test func tokenThatIsRefusedIsNotTriedAgainSoon() throws {
    account.answers = [.status(401, #"{"error":{"message":"Account Not Found","code":2006}}"#)]
    try escalate()
    try chat.pass(31, by: clock)
    try scene.server.wait { account.answers.isEmpty }
    let count = account.reads.count
    try chat.pass(120, by: clock)
    try scene.send(.notify, [], ["to": "ops", "text": "x"])
    #expect(account.reads.count == count)
    try chat.pass(400, by: clock)
    try scene.server.wait { account.reads.count > count }
  }

  // MARK: One round

  private func alert(_ agent: String, since: Instant) -> AlertRecord {
    AlertRecord(id: AlertID(.highTraffic, AgentID(agent)), severity: .high, count: 1, since: since, last: since)
  }

  private func page(_ at: Instant, more: Bool = false, count: Int = 1) -> JSONValue {
    let incident: JSONValue = [
      "id": "Q1", "status": "acknowledged",
      "acknowledgements": [["at": .string(ISO8601.format(at)), "acknowledger": ["summary": "Al\u{1B}ice"]]],
    ]
    return ["incidents": .array(Array(repeating: incident, count: count)), "more": .bool(more)]
  }

  @Test func groupOfARuleIsAcknowledgedByItsMembersThatWereThereByThen() {
    let now = Instant(milliseconds: 1_795_334_400_000)
    let alerts = [alert("a", since: now), alert("b", since: now + .seconds(10)), alert("c", since: now + .seconds(50))]
    let standing = AlertsBack.Standing(key: "group/traffic/high", alerts: alerts.map(\.id))
    var round = PagerDutyRound(
      Self.channel("http://x"), [standing], Dictionary(uniqueKeysWithValues: alerts.map { ($0.id, $0) }),
      at: now + .seconds(60))
    #expect(round.request?.url.contains("incident_key=group%2Ftraffic%2Fhigh&") == true)
    let isPage = round.take(page(now + .seconds(30)), at: now + .seconds(60))
    #expect(isPage)
    #expect(round.request == nil)
    #expect(round.commands.compactMap { $0.arguments["alert"] } == ["agent.high_traffic/a", "agent.high_traffic/b"])
    #expect(round.commands.allSatisfy { $0.operator == "pagerduty:Alice" && $0.action == .acknowledge })
    #expect(Set(round.commands.map(\.id)).count == 2)
    var again = PagerDutyRound(
      Self.channel("http://x"), [standing], Dictionary(uniqueKeysWithValues: alerts.map { ($0.id, $0) }),
      at: now + .seconds(90))
    _ = again.take(page(now + .seconds(30)), at: now + .seconds(90))
    #expect(again.commands.map(\.id) == round.commands.map(\.id), "the same act is the same order")
  }

  @Test func pagesAreReadToTheirEndAndNoFarther() {
    let now = Instant(milliseconds: 1_795_334_400_000)
    let alert = alert("a", since: now)
    var round = PagerDutyRound(
      Self.channel("http://x"), [.init(key: "k", alerts: [alert.id])], [alert.id: alert], at: now)
    var offsets: [String] = []
    while let request = round.request {
      offsets.append(String(request.url.split(separator: "=").last ?? ""))
      // Somebody had it in hand before it began: that is another incident.
      _ = round.take(page(now - .hours(1), more: true), at: now)
    }
    #expect(offsets == ["0", "25", "50", "75"] && round.commands.isEmpty)
  }

  @Test func roundIsBoundedAndComesToAllInTime() {
    let now = Instant(milliseconds: 1_795_334_400_000)
    let alerts = (0..<100).map { alert("agent-\($0)", since: now) }
    let standing = alerts.map { AlertsBack.Standing(key: $0.id.description, alerts: [$0.id]) }
    let all = Dictionary(uniqueKeysWithValues: alerts.map { ($0.id, $0) })
    var asked: Set<String> = []
    for number in 0..<100 {
      var round = PagerDutyRound(Self.channel("http://x"), standing, all, at: now + .seconds(30) * Int64(number))
      var count = 0
      while let request = round.request {
        asked.insert(String(request.url.prefix { $0 != "&" }))
        count += 1
        _ = round.take(["incidents": []], at: now)
      }
      #expect(count == PagerDutyRound.mostKeys)
    }
    #expect(asked.count == 100)
  }
}
