import Automation
import FleetModel
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What holds for the whole of a divided fleet: guards that count it, addresses that are blocked, orders over shards.
@Suite(.threaded) struct ShardRulesTests {
  private let server: TestServer
  private let scene: ShardScene

  init() throws {
    server = try TestServer()
    scene = try ShardScene(4, on: server)
    for shard in 0..<4 { _ = try scene.call(shard, "SET", scene.keys(shard).automation, "on") }
  }

  private static let rules = """
    \(RuleScene.calm)

    [[rules]]
    id = "attack"
    on = "agent.security_alert"
    do = [{ action = "block_ip", each = "data.suspicious_ips", ip = "{item}", for = "1h" }]

    [[rules]]
    id = "other"
    on = "agent.high_traffic"
    do = [{ action = "scale", target = "{data.other}", by = "+1" }]
    """

  private func start(_ id: String) throws -> DividedService {
    let runbook = try RuleScene.read(Self.rules)
    return try scene.start(id) { $0.runbook = runbook }
  }

  private func shard(of agent: AgentID) -> Int { scene.shards.shard(of: agent) }

  /// Agents of one shard.
  private func agents(of shard: Int, _ count: Int) -> [AgentID] {
    Array((1...400).lazy.map { AgentID("agent-\($0)") }.filter { self.shard(of: $0) == shard }.prefix(count))
  }

  private func event(_ type: String, _ agent: AgentID, _ data: JSONValue) throws {
    let shard = shard(of: agent)
    let event: JSONValue = ["entity_id": .string(agent.bytes), "event_type": .string(type), "data": data]
    _ = try scene.call(shard, "XADD", scene.keys(shard).events, "*", Keys.dataField, event.encoded)
  }

  private func degrade(_ agent: AgentID) throws {
    try event("agent.performance_degraded", agent, ["error_rate": 0.06])
  }

  private func record(_ agent: AgentID) throws -> AgentRecord {
    let shard = shard(of: agent)
    return AgentRecordCoding.decode(fields: try scene.call(shard, "HGETALL", scene.keys(shard).agent(agent)).pairs)
  }

  /// Why a rule did nothing to an agent.
  private func skipped(_ agent: AgentID) throws -> String {
    var detail: String?
    try scene.loop.wait {
      detail = (try? scene.audit(shard(of: agent)))?.last { $0.phase == .skipped && $0.target == agent }?.detail
      return detail != nil
    }
    return detail ?? ""
  }

  /// Waits until each leader knows of all shards, so many agents and so many whom rules have paused.
  private func waitUntilCounted(_ services: [DividedService], all: Int, held: Int) throws {
    try scene.loop.wait {
      services.allSatisfy { service in
        service.led.allSatisfy { shard in
          guard let health = service.services[shard].activeHandler?.follower.judge.health else { return false }
          let whole = health.whole
          return health.elsewhere?.missing.isEmpty == true && whole.settled.all + whole.new.all == all
            && whole.settled.held + whole.new.held == held
        }
      }
    }
  }

  // MARK: Guards

  @Test func rulesPauseTheirShareOfTheWholeFleetAndNoMore() throws {
    let services = [try start("h1"), try start("h2")]
    try scene.waitForSpread(services)
    let fleet = (0..<4).flatMap { agents(of: $0, 5) }
    for agent in fleet { try event("agent.created", agent, ["role": "support"]) }
    try waitUntilCounted(services, all: 20, held: 0)
    // A tenth of twenty; of the five of a shard not even one more than one.
    for (number, agent) in [fleet[0], fleet[5]].enumerated() {
      try degrade(agent)
      try scene.loop.wait { (try? record(agent).state) == .paused }
      try waitUntilCounted(services, all: 20, held: number + 1)
    }
    try degrade(fleet[10])
    #expect(
      try skipped(fleet[10])
        == "guarded: pause \(fleet[10]) for 15m: rules have paused 2 of the 20 agents of its role, 2 may be")
    #expect(try record(fleet[10]) == AgentRecord())
  }

  @Test func nobodyIsPausedWhileAShardTellsNothing() throws {
    // Nobody can lead this one.
    _ = try scene.call(2, "SET", scene.keys(2).fence, "9007199254740993")
    let service = try start("h1")
    try scene.loop.wait { service.led == [0, 1, 3] }
    let agent = agents(of: 0, 1)[0]
    try scene.loop.wait {
      service.services[0].activeHandler?.follower.judge.health.elsewhere?.missing == ["02"]
    }
    try degrade(agent)
    #expect(
      try skipped(agent)
        == "guarded: pause \(agent) for 15m: how many agents are there is not known: nothing was told of shard 02 for 5s"
    )
    _ = try scene.call(2, "DEL", scene.keys(2).fence)
    try scene.loop.wait { service.led.count == 4 }
    try waitUntilCounted([service], all: 1, held: 0)
    let other = agents(of: 1, 1)[0]
    try degrade(other)
    try scene.loop.wait { (try? record(other).state) == .paused }
  }

  @Test func ruleActsOnNoAgentOfAnotherShard() throws {
    let service = try start("h1")
    try scene.waitForSpread([service])
    let (own, other) = (agents(of: 0, 1)[0], agents(of: 1, 1)[0])
    try event("agent.high_traffic", own, ["other": .string(other.bytes)])
    var detail = ""
    try scene.loop.wait {
      detail = (try? scene.audit(0))?.last { $0.phase == .skipped && $0.rule == "other" }?.detail ?? ""
      return !detail.isEmpty
    }
    #expect(detail.contains("\(other) is in another shard than the event's agent, and rules act within theirs"))
    #expect(try scene.call(0, "EXISTS", scene.keys(0).agent(other)) == .integer(0))
  }

  @Test func countsComeBackAsTheyWere() throws {
    var counts = ShardCounts(heldStrangers: 2)
    counts.all.settled = FleetHealth.Count(all: 7, size: 6, healthy: 5, unhealthy: 1, reporting: 4, silent: 1, held: 2)
    counts.all.new.all = 1
    counts.roles[ExactText("über\u{1}\"")] = counts.all
    let bytes = counts.encode(revision: 12)
    let found = try #require(ShardCounts.decode(bytes))
    #expect(found.counts == counts && found.revision == 12)
    for end in 0..<bytes.count { #expect(ShardCounts.decode(Array(bytes[..<end])) == nil) }
    for wrong in [
      #"{"revision":1,"all":[[1,2,3],[0,0,0,0,0,0,0]],"roles":{}}"#,
      #"{"revision":1,"all":[[-1,0,0,0,0,0,0],[0,0,0,0,0,0,0]],"roles":{}}"#,
      #"{"revision":1,"all":[[9e99,0,0,0,0,0,0],[0,0,0,0,0,0,0]],"roles":{}}"#, "[]", "7",
    ] { #expect(ShardCounts.decode(Array(wrong.utf8)) == nil, "\(wrong)") }
  }

  // MARK: Addresses

  private func blocks(_ shard: Int) throws -> [ControlMessage] {
    (try scene.call(shard, "XRANGE", scene.keys(shard).control, "-", "+").elements ?? []).compactMap {
      $0.elements?.last?.pairs.first { $0.name == Keys.dataField }.flatMap { ControlCoding.decode($0.value) }
    }.filter { $0.action == .blockIP }
  }

  @Test func addressThatARuleBlocksIsBlockedInEachShardOnce() throws {
    let first = try start("h1")
    try scene.waitForSpread([first])
    // More than an operator may order within a minute.
    for (number, agent) in agents(of: 1, 3).enumerated() {
      let addresses = (1...10).map { JSONValue.string("192.0.2.\(number * 10 + $0)") }
      try event("agent.security_alert", agent, ["suspicious_ips": .array(addresses), "attempts_count": 20])
    }
    try scene.loop.wait { (0..<4).allSatisfy { ((try? blocks($0)) ?? []).count == 30 } }
    // The next leader passes nothing on again.
    first.halt()
    let second = try start("h2")
    try scene.waitForSpread([second])
    try event("agent.security_alert", agents(of: 2, 1)[0], ["suspicious_ips": ["198.51.100.7"]])
    try scene.loop.wait { (0..<4).allSatisfy { ((try? blocks($0)) ?? []).count >= 31 } }
    for shard in 0..<4 {
      let blocks = try blocks(shard)
      #expect(blocks.count == 31 && Set(blocks.compactMap { $0.arguments["ip"] }).count == 31)
      #expect(blocks.allSatisfy { $0.agent == .none })
      #expect(try scene.call(shard, "ZCARD", scene.keys(shard).blocked) == .integer(31))
    }
  }

  // MARK: Orders

  private func command(
    _ id: String, _ action: Action, _ targets: [AgentID] = [], _ arguments: [String: String] = [:],
    _ batch: Batch? = nil
  ) -> Command {
    Command(
      id: CommandID(id), action: action, targets: targets, arguments: arguments, operator: "ana@desk", reason: "",
      issuedAt: LocalClock.now, expiresAt: LocalClock.now + .minutes(5), batch: batch)
  }

  @Test func commandForAnAgentOfAnotherShardIsRefused() throws {
    let service = try start("h1")
    try scene.waitForSpread([service])
    let agent = agents(of: 3, 1)[0]
    try scene.publish(command("c1", .pause, [agent]), to: 0)
    let line = try scene.closing(CommandID("c1"), in: 0)
    #expect(
      line.short
        == "rejected: \(agent) is in shard 03 of 4, and this is shard 00: send it to {agentos:03}:commands")
    #expect(try scene.call(0, "EXISTS", scene.keys(0).agent(agent)) == .integer(0))
  }

  @Test func undoOfAnOrderTakesBackThePartsOfEachShard() throws {
    let service = try start("h1")
    try scene.waitForSpread([service])
    let targets = [0, 2].map { agents(of: $0, 2) }
    for (place, shard) in [0, 2].enumerated() {
      let batch = Batch(id: CommandID("b1"), part: place + 1, parts: 2)
      try scene.publish(command("c\(shard)", .pause, targets[place], [:], batch), to: shard)
      #expect(try scene.closing(CommandID("c\(shard)"), in: shard).phase == .succeeded)
    }
    for shard in 0..<4 {
      let batch = Batch(id: CommandID("u"), part: shard + 1, parts: 4)
      try scene.publish(command("u\(shard)", .undo, [], ["command_id": "b1"], batch), to: shard)
    }
    let ends = try (0..<4).map { try scene.closing(CommandID("u\($0)"), in: $0).short }
    let unknown = "skipped: nothing of it is known in this shard"
    #expect(ends == ["succeeded: 1 parts undone", unknown, "succeeded: 1 parts undone", unknown])
    for agent in targets.joined() { #expect(try record(agent).state == .running) }
    // Alone it is refused as ever.
    try scene.publish(command("u9", .undo, [], ["command_id": "nobody"]), to: 1)
    #expect(try scene.closing(CommandID("u9"), in: 1).phase == .rejected)
  }

  @Test func switchAndAddressesOfOperatorsHoldInEachShard() throws {
    let service = try start("h1")
    try scene.waitForSpread([service])
    for shard in 0..<4 {
      let (first, second) = (
        Batch(id: CommandID("b1"), part: shard + 1, parts: 4), Batch(id: CommandID("b2"), part: shard + 1, parts: 4)
      )
      try scene.publish(command("a\(shard)", .automation, [], ["mode": "off"], first), to: shard)
      try scene.publish(command("i\(shard)", .blockIP, [], ["ip": "192.0.2.9", "for": "1h"], second), to: shard)
    }
    for shard in 0..<4 {
      #expect(try scene.closing(CommandID("a\(shard)"), in: shard).phase == .succeeded)
      #expect(try scene.closing(CommandID("i\(shard)"), in: shard).phase == .succeeded)
      #expect(try scene.call(shard, "GET", scene.keys(shard).automation) == .string(Array("off".utf8)))
      #expect(try blocks(shard).count == 1)
    }
  }
}
