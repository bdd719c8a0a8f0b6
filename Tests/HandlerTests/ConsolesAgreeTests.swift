import FleetModel
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Two consoles that were opened at different times show what Redis holds, through random outages.
@Suite(.threaded) struct ConsolesAgreeTests {
  /// A console as far as its fleet goes: fed by a feed of its own, through a link that can be cut.
  private final class Watcher {
    private(set) var fleet = Fleet()
    private(set) var (isUp, hasHandler) = (false, false)
    /// Whether alerts and records have been told since the link broke last.
    private(set) var (alertsAreTold, recordsAreTold) = (false, false)
    /// How often all alerts have been told.
    private(set) var tellingCount = 0
    private(set) var (eventCount, lineCount) = (0, 0)
    let proxy: FaultProxy
    private var feed: EventFeed?

    init(_ server: TestServer) throws {
      proxy = try FaultProxy(loop: server.loop, to: server.server)
      fleet.watch()
      feed = EventFeed(loop: server.loop, endpoint: proxy.endpoint, options: EventFeed.Options()) {
        [unowned self] event, _ in
        eventCount += 1
        _ = fleet.apply(event)
      } notice: { [unowned self] in
        fleet.take($0)
        note($0)
        if let now = feed?.clock.now { fleet.advance(to: now) }
      }
      feed?.start()
    }

    deinit { feed?.stop() }

    private func note(_ notice: EventFeed.Update) {
      switch notice {
      case .link(.up): isUp = true
      case .link:
        // Of the three connections one may be back before the others are.
        if isUp { (isUp, alertsAreTold, recordsAreTold) = (false, false, false) }
      case .alerts:
        alertsAreTold = true
        tellingCount += 1
      case .stateTold: recordsAreTold = true
      case .audit: lineCount += 1
      case .handler(let lease): hasHandler = lease != nil
      case .unreadable, .recordsBegin, .record, .judged, .proposals, .undelivered, .queues, .waiting, .maintenance,
        .automation,
        .insight,
        .levels,
        .caughtUp,
        .leap, .missed, .refused, .served:
        break
      }
    }

    /// The handler's alerts as this console has them, by id.
    var alerts: [AlertID: AlertRecord] {
      Dictionary(uniqueKeysWithValues: fleet.alerts.open.filter { !$0.isLocal }.map { ($0.id, $0.record) })
    }

    var localCount: Int { fleet.alerts.open.count { $0.isLocal } }
  }

  private let scene: HandlerScene
  private let agents = (1...6).map { AgentID("agent-\($0)") }

  init() throws {
    scene = try HandlerScene(start: false)
    // A busy machine may hold up a test for seconds: while nobody has the lease, consoles judge for themselves.
    try scene.startHandler("h1") { $0.leaseSpan = .seconds(15) }
  }

  private func publish(_ type: String, _ agent: AgentID, _ data: JSONValue) throws {
    let event: JSONValue = ["entity_id": .string(agent.bytes), "event_type": .string(type), "data": data]
    _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, event.encoded)
  }

  private var stored: [AlertID: AlertRecord] {
    get throws {
      let pairs = try scene.server.call("HGETALL", scene.keys.alerts).pairs
      let records = pairs.compactMap { AlertCoding.decode(id: $0.name, payload: $0.value) }
      return Dictionary(uniqueKeysWithValues: records.map { ($0.id, $0) })
    }
  }

  /// Whether a console shows Redis's alerts and records field by field, and nothing besides.
  private func agrees(_ watcher: Watcher) throws -> Bool {
    guard try watcher.alerts == stored, watcher.localCount == 0 else { return false }
    return try agents.allSatisfy { agent in
      let record = try scene.record(agent)
      return (watcher.fleet[agent]?.record ?? AgentRecord()) == record
    }
  }

  private func step(_ random: inout SeededRandom, _ watchers: [Watcher]) throws {
    let agent = agents[Int(random.next() % 6)]
    switch random.next() % 9 {
    case 0, 1: try publish("agent.security_alert", agent, ["alert_type": "brute_force", "risk_level": "high"])
    case 2: try publish("agent.metrics", agent, ["error_rate": 0.4])
    case 3: try publish("agent.metrics", agent, ["error_rate": 0.01, "queue_size": 200])
    case 4: try scene.send(random.next() % 2 == 0 ? .pause : .resume, [agent])
    case 5: try scene.send(.acknowledge, [], ["alert": "agent.security_alert/\(agent)"])
    case 6: try scene.send(.close, [], ["alert": "agent.security_alert/\(agent)"])
    case 7: watchers.randomElement(using: &random)?.proxy.refuse()
    default: for watcher in watchers { try? watcher.proxy.allow() }
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func consolesAndRedisAgreeAfterEveryOutage(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var watchers = [try Watcher(scene.server)]
    for round in 0..<4 {
      for _ in 0..<10 { try step(&random, watchers) }
      if round == 1 { watchers.append(try Watcher(scene.server)) }
      for watcher in watchers { try? watcher.proxy.allow() }
      try scene.server.wait { (try? scene.cursorIsAtEnd()) ?? false }
      try scene.server.wait { (try? watchers.allSatisfy { try agrees($0) }) ?? false }
    }
  }

  /// Where `vigia status --json` differs from what Redis holds, field by field; nil if it does not.
  private func differenceOfStatus() throws -> String? {
    guard let told = try StatusCheck.read(scene.server)?["agents"]?.list else { return "status is no JSON" }
    func text(_ value: JSONValue) -> String { String(decoding: value.encoded, as: UTF8.self) }
    let alerts = Set(told.flatMap { $0["alerts"]?.list ?? [] }.map(text))
    let difference = try alerts.symmetricDifference(stored.values.map { text(AlertCoding.jsonWithID($0)) })
    if let alert = difference.min() { return (alerts.contains(alert) ? "only status tells " : "status lacks ") + alert }
    for agent in agents {
      let record = try scene.record(agent)
      let found = told.first { $0["id"]?.text == "\(agent)" }?["record"] ?? .null
      let expected = record.version == 0 ? JSONValue.null : AgentRecordCoding.json(record)
      if found.encoded != expected.encoded { return "\(agent) is \(text(expected)); status says \(text(found))" }
    }
    return nil
  }

  /// Whether all that Redis holds has come to a console since its link broke last.
  private func hasRead(_ watcher: Watcher) throws -> Bool {
    guard watcher.isUp, watcher.alertsAreTold, watcher.recordsAreTold else { return false }
    let events = try scene.entries(scene.keys.events).filter { RecorderMarker.decode($0) == nil }
    return try watcher.eventCount == events.count && watcher.lineCount == scene.entries(scene.keys.audit).count
  }

  /// Closed, counted and acknowledged just before and during an outage: nothing needs time to be seen as it is.
  @Test(arguments: [7, 8, 9] as [UInt64]) func allAgreeOnceALinkThatIsBackHasBeenReadToItsEnd(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let watchers = [try Watcher(scene.server), try Watcher(scene.server)]
    for _ in 0..<3 {
      try scene.server.wait { watchers.allSatisfy(\.isUp) }
      for _ in 0..<4 { try step(&random, []) }
      for watcher in watchers { watcher.proxy.refuse() }
      try scene.server.wait { watchers.allSatisfy { !$0.isUp } }
      for _ in 0..<8 { try step(&random, []) }
      try scene.server.wait { (try? scene.cursorIsAtEnd()) ?? false }
      for watcher in watchers { try watcher.proxy.allow() }
      try scene.server.wait { (try? watchers.allSatisfy { try hasRead($0) }) ?? false }
      for watcher in watchers { try #expect(agrees(watcher)) }
      // The handler turns while the program runs: what is not done yet would change what Redis holds.
      try scene.server.wait { (try? scene.isThrough()) ?? false }
      let difference = try differenceOfStatus()
      #expect(difference == nil)
    }
  }

  @Test func whatTheHandlerWroteWhileItsLeaseWasNotSeenCountsOnceItIsBack() throws {
    let scene = try HandlerScene(start: false)
    let id = AlertID(.securityAlert, "agent-1")
    let lease = LeaseCoding.encode(Lease(id: "h1", fence: 1, isRecording: false, since: try scene.now()))
    func write(_ count: Int) throws {
      let record = AlertRecord(id: id, severity: .high, count: count, since: .at(1), last: .at(1))
      _ = try scene.server.call("HSET", scene.keys.alerts, id.bytes, AlertCoding.encode(record))
      _ = try scene.server.call("HSET", scene.keys.cursor, Keys.alertsRevision, count)
    }
    try write(1)
    _ = try scene.server.call("SET", scene.keys.lease, lease)
    let watcher = try Watcher(scene.server)
    try scene.server.wait { watcher.alerts[id]?.count == 1 }
    _ = try scene.server.call("DEL", scene.keys.lease)
    try scene.server.wait { !watcher.hasHandler }
    let event: JSONValue = ["entity_id": "agent-1", "event_type": "agent.security_alert", "data": [:]]
    _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, event.encoded)
    try scene.server.wait { watcher.localCount == 1 }
    let told = watcher.tellingCount
    try write(5)
    try scene.server.wait { watcher.tellingCount > told }
    _ = try scene.server.call("SET", scene.keys.lease, lease)
    try scene.server.wait { watcher.alerts[id]?.count == 5 && watcher.localCount == 0 }
  }

  /// What Redis holds is not taken for later than now, though now was not known any better.
  @Test func timesAreThoseOfRedisHoweverSlowlyItTellsItsOwn() throws {
    let watcher = try Watcher(scene.server)
    var isAsked = false
    watcher.proxy.inspect = { bytes, fromServer in
      guard !fromServer, !isAsked, String(decoding: bytes, as: UTF8.self).contains("TIME\r\n") else { return true }
      isAsked = true
      for passage in watcher.proxy.passages { passage.fault = .held }
      return true
    }
    try scene.server.wait { isAsked }
    let began = MonotonicTime.now
    try scene.server.wait { MonotonicTime.now.milliseconds(since: began) > 200 }
    for agent in agents { try scene.send(.pause, [agent]) }
    try publish("agent.security_alert", agents[0], ["risk_level": "high"])
    try scene.server.wait { (try? scene.cursorIsAtEnd()) ?? false }
    for passage in watcher.proxy.passages { passage.fault = .none }
    try scene.server.wait { (try? hasRead(watcher)) ?? false }
    let isSame = try agrees(watcher)
    #expect(isSame)
  }

  @Test func whatRedisHasLostLeavesTheOldConsole() throws {
    let watcher = try Watcher(scene.server)
    try publish("agent.security_alert", "agent-1", ["risk_level": "high"])
    try scene.send(.pause, ["agent-2"])
    try scene.server.wait { watcher.alerts.count == 1 && watcher.fleet["agent-2"]?.state == .paused }
    _ = try scene.server.call("FLUSHALL")
    try scene.server.wait { watcher.fleet.alerts.count == 0 && watcher.fleet["agent-2"]?.state == .running }
    #expect(watcher.fleet["agent-2"]?.record == AgentRecord())
  }
}
