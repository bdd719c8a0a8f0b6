import FleetModel
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
    private(set) var alertsTold = 0
    let proxy: FaultProxy
    private var feed: EventFeed?

    init(_ server: TestServer) throws {
      proxy = try FaultProxy(loop: server.loop, to: server.server)
      fleet.watch()
      feed = EventFeed(loop: server.loop, endpoint: proxy.endpoint, options: EventFeed.Options()) {
        [unowned self] event, _ in
        _ = fleet.apply(event)
      } notice: { [unowned self] in
        fleet.take($0)
        if let now = feed?.clock.now { fleet.advance(to: now) }
      }
      feed?.start()
    }

    deinit { feed?.stop() }

    /// The handler's alerts as this console has them, by id.
    var alerts: [AlertID: AlertRecord] {
      Dictionary(uniqueKeysWithValues: fleet.alerts.open.filter { !$0.isLocal }.map { ($0.id, $0.record) })
    }

    var localCount: Int { fleet.alerts.open.count { $0.isLocal } }
  }

  private let scene: HandlerScene
  private let agents = (1...6).map { AgentID("agent-\($0)") }

  init() throws { scene = try HandlerScene() }

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
