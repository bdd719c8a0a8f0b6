import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@Suite(.threaded) struct EventFeedTests {
  private let event = #"{"entity_id":"a1","event_type":"metrics","data":{"error_rate":0.5}}"#

  @Test func historyComesFirstThenWhatIsAdded() throws {
    let server = try TestServer()
    for number in 1...3 { _ = try server.call("XADD", "agentos:events", "*", "__data__", event, "n", number) }
    let follower = Follower(server)
    try server.wait { follower.isCaughtUp && follower.isUp }
    #expect(follower.seen == Array(repeating: "entry a1 metrics", count: 3))
    _ = try server.call("XADD", "agentos:events", "*", "__data__", event)
    _ = try server.call("XADD", "agentos:events", "*", "entity_id", "flat", "event_type", "agent.status")
    try server.wait { follower.seen.count == 5 }
    #expect(follower.seen.suffix(2) == ["entry a1 metrics", "entry flat status"])
    follower.feed.stop()
  }

  /// The audit is read from an hour ago, and people are to know for a day whom nobody told.
  @Test func noticesGivenUpBeforeTheHistoryAreTold() throws {
    let server = try TestServer()
    let now = Instant(milliseconds: (try server.call("TIME").elements?[0].integer ?? 0) * 1000)
    let moments = [now - .hours(25), now - .hours(23), now - .hours(2), now - .minutes(5)]
    for (number, moment) in moments.enumerated() {
      _ = try server.call("ZADD", Keys().undelivered, moment, "1-\(number)")
    }
    let follower = Follower(server)
    try server.wait { follower.undelivered != nil }
    #expect(follower.undelivered == Array(moments[1...2]))
    let other = Follower(server) { $0.followsHandler = false }
    try server.wait { other.isCaughtUp && other.handlers.count > 0 }
    #expect(other.undelivered == nil)
  }

  /// Alerts that are told before a handler is known to live would be judged on by whoever follows.
  @Test(arguments: [true, false]) func handlerIsToldBeforeItsAlerts(followsLevels: Bool) throws {
    let server = try TestServer()
    _ = try server.call(
      "SET", "agentos:handler", LeaseCoding.encode(Lease(id: "h1", fence: 1, isRecording: true, since: .epoch)))
    let record = AlertRecord(id: AlertID(.highTraffic, "a1"), severity: .high, since: .at(1), last: .at(1))
    _ = try server.call("HSET", "agentos:alerts", record.id.bytes, AlertCoding.encode(record))
    var told: [String] = []
    var options = EventFeed.Options()
    options.followsLevels = followsLevels
    let feed = EventFeed(loop: server.loop, endpoint: server.endpoint, options: options) { _, _ in
    } notice: {
      switch $0 {
      case .handler(let lease): told.append(lease == nil ? "none" : "handler")
      case .alerts(let records, _, _): told.append("\(records.count) alerts")
      default: break
      }
    }
    feed.start()
    try server.wait { told.contains("1 alerts") }
    #expect(told.first == "handler")
    feed.stop()
  }

  @Test func auditLineOfAnotherMillenniumCameNow() throws {
    let server = try TestServer()
    let follower = Follower(server)
    try server.wait { follower.isCaughtUp && follower.isUp }
    let far = Instant(milliseconds: 253_370_764_800_000)
    var record = AgentRecord()
    record.updatedAt = far
    let line = AuditLine(
      origin: .command(CommandID("c1")), phase: .succeeded, action: "pause", target: "a", after: record,
      alert: AlertRecord(id: AlertID(.securityAlert, "a"), severity: .high, since: far, last: far), at: far)
    _ = try server.call("XADD", "agentos:audit", "*", "__data__", AuditCoding.encode(line))
    try server.wait { follower.lines.count == 1 }
    let now = follower.feed.clock.latest
    let told = try #require(follower.lines.first)
    let times = [told.at, told.after?.updatedAt ?? far, told.alert?.since ?? far, told.alert?.last ?? far]
    #expect(times.allSatisfy { $0 <= now })
    follower.feed.stop()
  }

  @Test func clockThatIsSetAnewIsTold() throws {
    let clock = try SteppedClock(folder: BuildFolder.path)
    let server = try TestServer(clock: clock)
    let follower = Follower(server) { $0.patience.inspect = 50 }
    try server.wait { follower.isCaughtUp && follower.isUp }
    clock.set(seconds: 86_400)
    try server.wait { follower.leaps.count == 1 }
    clock.set(seconds: -86_400)
    try server.wait { follower.leaps.count == 2 }
    #expect((86_390...86_410).contains(follower.leaps[0].seconds))
    #expect((-172_810 ... -172_790).contains(follower.leaps[1].seconds))
    follower.feed.stop()
  }

  @Test func channelsCountOnceAlsoWherePatternsOverlap() throws {
    let server = try TestServer()
    let follower = Follower(server) { $0.patterns = ["other.*", "*.metrics"] }
    try server.wait { follower.handlers.count >= 2 }
    _ = try server.call("PUBLISH", "agent.metrics", event)
    _ = try server.call("PUBLISH", "other.metrics", event)
    _ = try server.call("PUBLISH", "agents.created", #"{"entity_id":"a2","event_type":"created","data":{}}"#)
    _ = try server.call("PUBLISH", "agent.metrics", "rubbish")
    try server.wait { follower.seen.count >= 4 }
    #expect(follower.seen.count == 4)
    #expect(follower.seen.prefix(3) == ["channel a1 metrics", "channel a1 metrics", "channel a2 created"])
    #expect(follower.seen.last?.hasPrefix("unreadable") == true)
    follower.feed.stop()
  }

  @Test func readingGoesOnFromTheLastEntryAfterTheLinkBroke() throws {
    let server = try TestServer()
    let follower = Follower(server)
    try server.wait { follower.isCaughtUp && follower.isUp }
    _ = try server.call("XADD", "agentos:events", "*", "__data__", event)
    try server.wait { follower.seen.count == 1 }
    _ = try server.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    _ = try server.call("XADD", "agentos:events", "*", "__data__", event)
    _ = try server.call("XADD", "agentos:events", "*", "__data__", event)
    try server.wait { follower.seen.count == 3 && follower.isUp }
    #expect(follower.seen == Array(repeating: "entry a1 metrics", count: 3))
    follower.feed.stop()
  }

  /// Whoever adds an entry may name its id, and no later one can be lower.
  @Test(arguments: [false, true]) func entryOfTheFutureCameNow(_ isHistory: Bool) throws {
    let server = try TestServer()
    let follower = Follower(server)
    try server.wait { follower.isCaughtUp && follower.isUp }
    let past = follower.feed.clock.now - .minutes(1)
    if isHistory { follower.feed.stop() }
    let ids = ["\(past.milliseconds)-0", "9999999999999-1", "*", "*"]
    for (id, payload) in zip(ids, [event, event, event, "rubbish"]) {
      _ = try server.call("XADD", "agentos:events", id, "__data__", payload)
    }
    let reader = isHistory ? Follower(server) : follower
    try server.wait { reader.times.count == 4 }
    #expect(reader.times[0] == past)
    for time in reader.times[1...] { #expect(time > past && time <= reader.feed.clock.latest) }
    reader.feed.stop()
  }

  @Test func unreadableLinesOfTheAuditAreCountedToo() throws {
    let server = try TestServer()
    let line = AuditLine(
      origin: .command(CommandID("c1")), phase: .received, action: "pause", at: Instant(milliseconds: 0))
    let fields: [(String, [UInt8])] = [
      ("__data__", Array("rubbish".utf8)), ("__data__", Array(#"{"command_id":"c1","phase":"dreamt"}"#.utf8)),
      ("other", [120]), ("__data__", Array(#"[1]"#.utf8)), ("__data__", AuditCoding.encode(line)),
    ]
    for (name, value) in fields { _ = try server.call("XADD", "agentos:audit", "*", name, value) }
    _ = try server.call(
      "EVAL", "return redis.call('XADD', 'agentos:audit', '*', '__data__', string.rep('x', 5000000))", 0)
    let follower = Follower(server)
    try server.wait { follower.isCaughtUp && follower.isUp }
    #expect(
      follower.seen == [
        "unreadable not JSON", "unreadable no line of the audit", "unreadable no content",
        "unreadable no line of the audit", "audit received ", "unreadable too long",
      ])
    follower.feed.stop()
  }
}
