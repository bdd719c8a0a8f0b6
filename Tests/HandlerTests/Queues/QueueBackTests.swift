import Automation
import FleetModel
import HTTP
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Alerts of queues in services: who has them in hand there has them in hand here, and the other way round.
@Suite(.threaded) struct QueueBackTests {
  private let scene: HandlerScene
  private let clock: SteppedClock
  private let key = "queue.nobody_reads/orders/workers"

  init() throws {
    clock = try SteppedClock(folder: BuildFolder.path)
    scene = try HandlerScene(start: false, clock: clock)
    try call("XADD orders * order 1")
    try call("XGROUP CREATE orders workers 0")
  }

  private func call(_ words: String) throws {
    let reply = try scene.server.call(all: words.split(separator: " ").map { String($0) })
    #expect(reply.error == nil, "\(words): \(reply)")
  }

  private func chat(_ channel: Channel, _ lines: LogLines? = nil) throws -> ChatScene {
    var queue = QueueSettings(stream: "orders")
    queue.unreadAfter = .milliseconds(100)
    return try ChatScene(channel, scene: scene, queues: [queue], lines: lines)
  }

  private func holder() throws -> String? {
    try scene.server.call("HGET", scene.keys.queueHands, key).bytes.flatMap { QueueCoding.decodeHand($0) }?.by
  }

  private func done(_ action: Action) throws -> [AuditLine] {
    try scene.audit().filter { $0.action == action.rawValue && $0.phase == .succeeded && $0.target == .none }
  }

  @Test func acknowledgementOnThePhoneIsOneHereAndResolvingThereIsSaidOnce() throws {
    let (account, lines) = (try PagerDutyAccount(), LogLines())
    let service = try account.service(on: scene.server)
    let chat = try chat(PagerDutyAccount.channel(service.url("")), lines)
    try scene.server.wait { account.events == ["trigger"] }
    account.acknowledge(key, by: "Bo", at: try scene.now(.seconds(1)))
    try chat.pass(31, by: clock)
    try scene.server.wait { (try? holder()) == "pagerduty:Bo" }
    try scene.server.wait { (try? done(.acknowledge).map(\.operator)) == ["pagerduty:Bo"] }
    // The next handler knows it, and who resolves it there hears that this ends nothing.
    try chat.start()
    account.resolve(key, by: .person("Bo"), at: try scene.now())
    let words = "an incident of a queue was resolved there"
    for seconds in [62, 93, 124] as [Int64] {
      let count = account.reads.count
      try chat.pass(seconds, by: clock)
      try scene.server.wait { account.reads.count > count && (seconds > 62 || lines.contains(words)) }
    }
    #expect(lines.text.split(separator: "\n").count { $0.contains(words) } == 1)
    #expect(try holder() == "pagerduty:Bo" && done(.close).isEmpty)
    #expect(account.events == ["trigger"])
    try call("XREADGROUP GROUP workers w1 STREAMS orders >")
    try scene.server.wait { account.events == ["trigger", "resolve"] }
  }

  @Test func acknowledgementHereIsASilenceOfTheRealAlertmanagerUntilTheQueueIsWell() throws {
    let alertmanager = try Alertmanager()
    let client = try HTTPClient(loop: scene.server.loop)
    var channel = Channel(.alertmanager, url: alertmanager.url)
    channel.keepsSilences = true
    let chat = try chat(channel)
    func get(_ path: String) throws -> [JSONValue] {
      var found: HTTPResult?
      client.send(HTTPRequest(url: alertmanager.url + path)) { found = $0 }
      try scene.server.wait { found != nil }
      guard case .response(let response) = found, response.status == 200 else { return [] }
      return response.json?.list ?? []
    }
    func silences() throws -> [JSONValue] {
      try get("/api/v2/silences").filter { $0["status"]?["state"]?.text != "expired" }
    }
    func waitForState(_ state: String) throws {
      try scene.server.wait { (try? get("/api/v2/alerts").first?["status"]?["state"]?.text) == state }
    }
    try waitForState("active")
    #expect(try scene.send(.acknowledge, [], ["alert": key]).last?.phase == .succeeded)
    try waitForState("suppressed")
    #expect(try silences().first?["createdBy"]?.text == "alice@bastion")
    // The next handler goes on with the same one.
    try chat.start()
    try chat.pass(31, by: clock)
    #expect(try scene.send(.notify, [], ["to": "ops", "text": "x"]).last?.phase == .succeeded)
    #expect(try silences().count == 1 && get("/api/v2/silences").count == 1)
    #expect(try scene.send(.unacknowledge, [], ["alert": key]).last?.phase == .succeeded)
    try scene.server.wait { (try? silences().isEmpty) == true }
    #expect(try scene.send(.acknowledge, [], ["alert": key]).last?.phase == .succeeded)
    try scene.server.wait { (try? silences().count) == 1 }
    try call("XREADGROUP GROUP workers w1 STREAMS orders >")
    try scene.server.wait { (try? scene.server.call("EXISTS", scene.keys.queueHands)) == .integer(0) }
    try chat.pass(62, by: clock)
    try scene.server.wait { (try? silences().isEmpty) == true }
  }
}
