import Automation
import Exposition
import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Queues of other services on a real server: what is found, who is told, and what a successor knows.
@Suite(.threaded) struct QueueWatchTests {
  private let scene: HandlerScene

  init() throws { scene = try HandlerScene(start: false) }

  private static func queue(_ stream: String, _ change: (inout QueueSettings) -> Void = { _ in }) -> QueueSettings {
    var queue = QueueSettings(stream: stream)
    change(&queue)
    return queue
  }

  @discardableResult
  private func start(
    _ queues: [QueueSettings], as id: String = "h1", notify: NotifyTable = NotifyTable(), waits: Bool = true
  ) throws -> HandlerService {
    try scene.startHandler(id, waits: waits) {
      ($0.queues, $0.queueSpan, $0.notify) = (queues, .milliseconds(50), notify)
    }
  }

  private func call(_ words: String) throws {
    let reply = try scene.server.call(all: words.split(separator: " ").map { String($0) })
    #expect(reply.error == nil, "\(words): \(reply)")
  }

  /// What stands in Redis.
  private func stored() throws -> QueueReport? {
    try scene.server.call("GET", scene.keys.queues).bytes.flatMap { QueueCoding.decode($0) }
  }

  private func wait(_ holds: (QueueReport) -> Bool) throws -> QueueReport {
    var found: QueueReport?
    try scene.server.wait {
      found = try? stored()
      return found.map(holds) ?? false
    }
    return try #require(found)
  }

  private func fill(_ stream: String, _ count: Int) throws {
    for _ in 0..<count { try call("XADD \(stream) * order 1") }
  }

  // MARK: What is found

  @Test func groupIsSeenWithWhatWaitsIsPendingAndWhoReads() throws {
    try fill("orders", 5)
    try call("XGROUP CREATE orders workers 0")
    try call("XREADGROUP GROUP workers w1 COUNT 2 STREAMS orders >")
    try start([Self.queue("orders")])
    let queue = try #require(try wait { $0.queues.first?.pending == 2 }.queues.first)
    #expect(queue.stream == "orders" && queue.group == "workers" && queue.length == 5 && queue.fault == nil)
    #expect(queue.waiting == (TestServer.countsEntries ? .entries(3) : .some))
    #expect(queue.consumers == 1 && queue.deliveries == 1 && queue.trouble == nil)
    #expect(queue.readers.map(\.name) == ["w1"] && queue.readers.first?.pending == 2)
    let (oldest, pending) = try (#require(queue.oldestWaiting), #require(queue.oldestPending))
    #expect(pending <= oldest && queue.lastRead != nil)
    try call("XREADGROUP GROUP workers w1 STREAMS orders >")
    #expect(try wait { $0.queues.first?.pending == 5 }.queues.first?.waiting == .nothing)
  }

  /// Before 7.0 a server does not count what waits; that all of it does is known all the same.
  @Test func groupThatNeverReadHasAllOfTheStreamBeforeIt() throws {
    try fill("orders", 3)
    try call("XGROUP CREATE orders workers 0")
    try start([Self.queue("orders")])
    let queue = try #require(try wait { !$0.queues.isEmpty }.queues.first)
    #expect(queue.waiting == .entries(3) && queue.consumers == 0 && queue.lastRead == nil && queue.readers.isEmpty)
  }

  /// A server counts what was trimmed before it was read as waiting.
  @Test func noMoreWaitsThanTheStreamHolds() throws {
    try fill("orders", 9)
    try call("XGROUP CREATE orders workers 0")
    try call("XREADGROUP GROUP workers w1 COUNT 1 STREAMS orders >")
    try call("XTRIM orders MAXLEN 3")
    try start([Self.queue("orders")])
    #expect(try wait { !$0.queues.isEmpty }.queues.first?.waiting == .entries(3))
  }

  @Test func whatCannotBeLookedAtIsSaidAndStopsNothing() throws {
    try fill("orders", 1)
    try call("XGROUP CREATE orders workers 0")
    try call("SET text here")
    try start(["gone", "text", "orders"].map { Self.queue($0) })
    let queues = try wait { $0.queues.count == 3 }.queues
    #expect(queues.map(\.fault) == ["no such stream", "the key holds no stream", nil])
    #expect(queues[2].waiting == .entries(1))
  }

  @Test func streamThatTheHandlerMayNotReadIsSaidAndTheHandlerStays() throws {
    try fill("secret", 1)
    let handler = try start([Self.queue("secret")])
    _ = try wait { $0.queues.first?.fault == nil }
    try call("ACL SETUSER default resetkeys ~agentos:*")
    let queue = try wait { $0.queues.first?.fault != nil }.queues[0]
    #expect(queue.fault == "the handler may not read it: grant +xlen +xinfo +xpending +xrange, and %R~ of its key")
    #expect(queue.waiting == .unknown && queue.length == nil)
    let fence = try #require(handler.session?.fence)
    try call("ACL SETUSER default \(TestServer.countsEntries ? "%R" : "")~secret")
    _ = try wait { $0.queues.first?.fault == nil }
    #expect(handler.session?.fence == fence)
  }

  @Test func onlyGroupsThatAreNamedAreLookedAt() throws {
    try fill("orders", 1)
    for group in ["work-a", "work-b", "audit"] { try call("XGROUP CREATE orders \(group) 0") }
    try start([
      Self.queue("orders") { $0.groups = .beginning("work-") }, Self.queue("orders") { $0.groups = .named("audit") },
    ])
    let names = try wait { $0.queues.count >= 3 }.queues.map { $0.group ?? "" }
    #expect(names == ["work-a", "work-b", "audit"])
  }

  @Test func groupsAndReadersAreBounded() throws {
    try fill("orders", 1)
    for number in 0..<40 { try call("XGROUP CREATE orders g\(number) 0") }
    for number in 0..<12 { try call("XGROUP CREATECONSUMER orders g0 c\(number)") }
    for number in 0..<12 {
      _ = try scene.server.call(all: ["XREADGROUP", "GROUP", "g0", "c\(number)", "STREAMS", "orders", ">"])
    }
    try start([Self.queue("orders")])
    let report = try wait { !$0.queues.isEmpty }
    #expect(report.queues.count == QueueLook.mostGroups && report.leftOut == 40 - QueueLook.mostGroups)
    let busy = try #require(report.queues.first { $0.group == "g0" })
    #expect(busy.consumers == 12 && (1...QueueStanding.mostReaders).contains(busy.readers.count))
  }

  /// Nobody can say of so many whether one of them has read.
  @Test func tooManyConsumersAreCountedAndNotJudged() throws {
    try fill("orders", 1)
    try call("XGROUP CREATE orders workers 0")
    for number in 0...QueueLook.mostConsumers { try call("XGROUP CREATECONSUMER orders workers c\(number)") }
    try start([Self.queue("orders") { $0.unreadAfter = .milliseconds(1) }])
    let first = try wait { !$0.queues.isEmpty }
    let queue = try #require(try wait { $0.at > first.at }.queues.first)
    #expect(queue.consumers == QueueLook.mostConsumers + 1 && queue.hidesReaders && queue.readers.isEmpty)
    #expect(queue.trouble == nil && queue.waiting == .entries(1))
  }

  /// An id that its publisher chose tells no time; names may be any bytes.
  @Test func idsAndNamesOfAnyKindAreSurvived() throws {
    try call("XADD orders 5-1 order 1")
    try call("XADD orders 9223372036854775807-18446744073709551615 order 1")
    for name in ["\u{1B}[2J", String(repeating: "é", count: 1000), "%*.[^-$"] {
      #expect(try scene.server.call("XGROUP", "CREATE", "orders", name, "0").error == nil)
      _ = try scene.server.call("XREADGROUP", "GROUP", name, name, "COUNT", "1", "STREAMS", "orders", ">")
    }
    try start([Self.queue("orders") { $0.unreadAfter = .milliseconds(1) }])
    let queues = try wait { $0.queues.count == 3 }.queues
    #expect(queues.allSatisfy { $0.waits == true && $0.oldestWaiting == nil && $0.oldestPending == nil })
    #expect(queues.allSatisfy { $0.pending == 1 && ($0.group?.utf8.count ?? 0) <= QueueSettings.longestName })
    #expect(try stored()?.queues.count == 3)
  }

  @Test func nothingIsLookedAtWithoutSettings() throws {
    try fill("orders", 1)
    let handler = try start([])
    try scene.send(.pause, ["a-1"], ["for": "5m"])
    #expect(try stored() == nil && handler.activeHandler?.queues.report == nil)
    #expect(try scene.server.call("HEXISTS", scene.keys.cursor, Keys.queuesRevision) == .integer(0))
  }

  @Test func consolesHearOfQueuesAndThatTheyAreNotWatchedAnyMore() throws {
    try fill("orders", 2)
    try call("XGROUP CREATE orders workers 0")
    let handler = try start([Self.queue("orders")])
    let follower = Follower(scene.server)
    try scene.server.wait { follower.queues?.queues.first?.waiting == .entries(2) }
    let first = try #require(follower.queues?.at)
    try scene.server.wait { follower.queues.map { $0.at > first } ?? false }
    var options = handler.options
    options.queues = []
    handler.apply(options)
    try scene.server.wait { follower.queues == nil }
    #expect(try scene.server.call("EXISTS", scene.keys.queues) == .integer(0))
  }

  // MARK: Who is told

  private func pager(_ service: MockService) -> NotifyTable {
    NotifyTable(
      channels: ["pager": Channel(.pagerduty, url: service.url("/pagerduty"), routingKey: ServicesScene.routingKey)],
      defaultRoute: ["pager"], grouping: .init(wait: .milliseconds(50), interval: .milliseconds(50)))
  }

  private func told(_ service: MockService) -> [String] {
    service.requests.compactMap(Told.init).map { "\($0.body["event_action"]?.text ?? "") \($0.key ?? "")" }
  }

  @Test func nobodyReadsIsToldOnceWhoeverLeadsAndOverWhenSomebodyReads() throws {
    let service = try MockService(loop: scene.server.loop) { _ in .status(202) }
    try fill("shop/orders", 2)
    try call("XGROUP CREATE shop/orders workers 0")
    let queues = [Self.queue("shop/orders") { $0.unreadAfter = .milliseconds(300) }]
    let first = try start(queues, notify: pager(service))
    let key = "queue.nobody_reads/shop%2Forders/workers"
    try scene.server.wait { told(service) == ["trigger \(key)"] }
    let trouble = try wait { $0.queues.first?.trouble != nil }.queues[0].trouble
    #expect(trouble?.kind == .nobodyReads && trouble?.told == ["pager"])
    let summary = service.requests.compactMap(Told.init).first?.title
    #expect(summary == "shop/orders / workers: nobody reads")
    // Its successor knows since when, and that people were told.
    first.halt()
    try start(queues, as: "h2", notify: pager(service))
    let before = try #require(try stored()?.at)
    #expect(try wait { $0.at > before }.queues[0].trouble == trouble)
    #expect(told(service).count == 1)
    try call("XREADGROUP GROUP workers w1 STREAMS shop/orders >")
    try scene.server.wait { told(service).count == 2 }
    #expect(told(service).last == "resolve \(key)")
    #expect(try stored()?.queues[0].trouble == nil)
    let lines = try scene.audit().filter { $0.action == "queue" }
    #expect(lines.map(\.phase) == [.started, .succeeded])
    #expect(lines[0].detail.hasPrefix("shop/orders / workers: nobody reads; 2 entries wait, the oldest for "))
    #expect(lines[1].detail.hasPrefix("shop/orders / workers: nobody reads: over; nothing waits"))
  }

  @Test func troubleOfAQueueThatIsNoLongerWatchedEndsWithoutAllClear() throws {
    let service = try MockService(loop: scene.server.loop) { _ in .status(202) }
    try fill("orders", 1)
    let handler = try start(
      [Self.queue("orders") { $0.unreadAfter = .milliseconds(100) }], notify: pager(service))
    try scene.server.wait { told(service) == ["trigger queue.nobody_reads/orders"] }
    var options = handler.options
    options.queues = []
    handler.apply(options)
    try scene.server.wait { told(service).count == 2 && (try? stored()) == nil }
    #expect(told(service).last == "resolve queue.nobody_reads/orders")
    #expect(try scene.audit().last { $0.action == "queue" }?.detail.contains("it is no longer watched") == true)
  }

  @Test func alertOfAQueueIsTakenInHandAndThatEndsWithIt() throws {
    let service = try MockService(loop: scene.server.loop) { _ in .status(202) }
    try fill("orders", 1)
    try call("XGROUP CREATE orders workers 0")
    try start([Self.queue("orders") { $0.unreadAfter = .milliseconds(100) }], notify: pager(service))
    let key = "queue.nobody_reads/orders/workers"
    try scene.server.wait { told(service) == ["trigger \(key)"] }
    let taken = try scene.send(.acknowledge, [], ["alert": key, "note": "on it"])
    #expect(taken.last?.phase == .succeeded && taken.last?.detail == "\(key) acknowledged")
    let hand = try wait { $0.queues.first?.trouble?.hand != nil }.queues[0].trouble?.hand
    #expect(hand?.by == "alice@bastion" && hand?.note == "on it")
    try scene.server.wait { told(service).last == "acknowledge \(key)" }
    #expect(try scene.send(.acknowledge, [], ["alert": key]).last?.detail.contains("already acknowledged by") == true)
    // It is taken back, by its own action and by an undo.
    #expect(try scene.send(.unacknowledge, [], ["alert": key]).last?.phase == .succeeded)
    _ = try wait { $0.queues.first?.trouble?.hand == nil }
    #expect(try scene.send(.unacknowledge, [], ["alert": key]).last?.detail.contains("is not acknowledged") == true)
    let again = try scene.command(.acknowledge, [], ["alert": key])
    try scene.publish(again)
    _ = try scene.outcome(of: again.id)
    _ = try wait { $0.queues.first?.trouble?.hand != nil }
    #expect(try scene.send(.undo, [], ["command_id": again.id.text]).last?.phase == .succeeded)
    _ = try wait { $0.queues.first?.trouble?.hand == nil }
    // What is over is in nobody's hand.
    _ = try scene.send(.acknowledge, [], ["alert": key])
    try call("XREADGROUP GROUP workers w1 STREAMS orders >")
    _ = try wait { $0.queues.first?.trouble == nil }
    try scene.server.wait { (try? scene.server.call("EXISTS", scene.keys.queueHands)) == .integer(0) }
    #expect(try scene.send(.acknowledge, [], ["alert": key]).last?.detail.contains("no open alert") == true)
  }

  @Test(arguments: [
    (Action.silence, ["alert": "queue.too_old/orders", "for": "1h"], "can be acknowledged"),
    (.close, ["alert": "queue.too_old/orders"], "can be acknowledged"),
    (.acknowledge, ["alert": "queue.too_old/orders", "for": "1h"], "leave out"),
    (.acknowledge, ["alert": "queue.too_old"], "expected a queue's alert"),
    (.acknowledge, ["alert": "queue.too_old/orders"], "no open alert"),
  ])
  func whatQueuesDoNotHaveIsRefused(_ action: Action, _ arguments: [String: String], _ words: String) throws {
    try start([Self.queue("orders")])
    let last = try #require(try scene.send(action, [], arguments).last)
    #expect(last.phase != .succeeded && last.detail.contains(words), "\(last.detail)")
  }

  @Test func garbageAmongHandsIsTakenOut() throws {
    try fill("orders", 1)
    for field in ["x", "queue.too_old/orders", "queue.nobody_reads/%", ""] {
      _ = try scene.server.call("HSET", scene.keys.queueHands, field, "{")
    }
    try start([Self.queue("orders")])
    try scene.server.wait { (try? scene.server.call("EXISTS", scene.keys.queueHands)) == .integer(0) }
  }

  @Test func storedGarbageIsPassedOver() throws {
    try fill("orders", 1)
    for value in ["", "null", #"{"at":9e99,"queues":{}}"#, String(repeating: "[", count: 2000)] {
      _ = try scene.server.call("SET", scene.keys.queues, value)
      let handler = try start([Self.queue("orders")])
      #expect(try wait { !$0.queues.isEmpty }.queues[0].stream == "orders")
      handler.halt()
      _ = try scene.server.call("DEL", scene.keys.lease)
    }
  }

  // MARK: Metrics

  @Test func pageTellsOfEachGroup() throws {
    try fill("orders", 2)
    try call("XGROUP CREATE orders workers 0")
    let handler = try scene.startHandler("h1") {
      ($0.queues, $0.queueSpan) = ([Self.queue("orders"), Self.queue("gone")], .milliseconds(50))
      $0.monitoring.address = ListenAddress("127.0.0.1:0")
    }
    // The handler goes by a look once Redis has answered that it is stored.
    try scene.server.wait { handler.activeHandler?.queues.report?.queues.count == 2 }
    var reply: ServedReply?
    handler.monitor.answer(ServedRequest(path: "/metrics")) { reply = $0 }
    try scene.server.wait { reply != nil }
    let page = PageText(try #require(reply).body.joined())
    #expect(page["vigia_queue_lag_entries{stream=\"orders\",group=\"workers\"}"] == "2")
    #expect(page["vigia_queue_consumers{stream=\"orders\",group=\"workers\"}"] == "0")
    #expect(page["vigia_queue_readable{stream=\"orders\"}"] == "1")
    #expect(page["vigia_queue_readable{stream=\"gone\"}"] == "0")
    #expect(page["vigia_queue_alert{stream=\"orders\",group=\"workers\",kind=\"queue.nobody_reads\"}"] == "0")
  }
}
