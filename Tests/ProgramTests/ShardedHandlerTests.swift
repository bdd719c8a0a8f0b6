import FleetModel
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

/// `vigia-handler --shards 8` as programs of their own, on a real cluster of three primaries.
@Suite(.threaded) struct ShardedHandlerTests {
  private let cluster: TestCluster
  private let shards: Shards
  private let slots: [Int]

  init() throws {
    cluster = try TestCluster(primaries: 3)
    shards = try Shards(8, of: .default)
    slots = shards.prefixes.map { HashSlot.of(Array(($0.hashTag ?? "").utf8)) }
  }

  private func handler(_ id: String, from node: Int) throws -> Child {
    try Child(
      Program.folder + "/vigia-handler",
      ["--id", id, "--shards", "8", "--redis", "redis://\(cluster.nodes[node].endpoint)"],
      environment: ["PATH": "/usr/bin"], error: 2)
  }

  private func call(_ shard: Int, _ arguments: any RequestArgument...) throws -> Reply {
    try cluster.call(all: arguments, to: try cluster.owner(of: slots[shard]))
  }

  private func keys(_ shard: Int) -> Keys { Keys(shards.prefixes[shard]) }

  private func leases() throws -> [Lease?] {
    try (0..<8).map { try call($0, "GET", keys($0).lease).bytes.flatMap { LeaseCoding.decode($0) } }
  }

  /// Waits until these handlers lead all shards, each no more than its part, and record them.
  private func waitForSpread(_ ids: [String]) throws {
    let most = (8 + ids.count - 1) / ids.count
    try cluster.loop.wait {
      guard let all = try? leases().compactMap(\.self), all.count == 8 else { return false }
      return all.allSatisfy { $0.isRecording && ids.contains($0.id) }
        && ids.allSatisfy { id in all.count { $0.id == id } <= most }
    }
  }

  /// Publishes the agents 1, 2, 3 … on several channels, over all nodes in turn.
  private final class Publisher {
    private let links: [Link]
    private let loop: Loop
    private(set) var sent = 0
    private var answered = 0
    private var isRunning = true
    private static let channels = ["agent.metrics", "agent.status", "agents.metrics", "agent.custom.thing"]

    init(_ cluster: TestCluster) throws {
      loop = cluster.loop
      let loop = loop
      links = cluster.nodes.map { Link(loop: loop, endpoint: $0.endpoint) { _ in } }
      for link in links { link.start() }
      let links = links
      try loop.wait { links.allSatisfy { $0.connection != nil } }
      publish()
    }

    deinit { for link in links { link.stop() } }

    func pass(_ count: Int) throws {
      let goal = sent + count
      try loop.wait { sent >= goal }
    }

    func stop() throws {
      isRunning = false
      try loop.wait { answered == sent }
    }

    private func publish() {
      guard isRunning else { return }
      // Each handler hears all of it on each node: more than debug builds beside other tests can bear is no burst but a flood.
      for _ in 0..<2 {
        sent += 1
        let channel = Self.channels[sent / 5 % Self.channels.count]
        links[sent % links.count].connection?.send(Request("PUBLISH", channel, TestServer.event("\(sent)"))) {
          [weak self] _ in self?.answered += 1
        }
      }
      loop.schedule(inMilliseconds: 5) { [weak self] in self?.publish() }
    }
  }

  /// The agents in a shard's stream, of what was recorded: events of the handler's own have no channel.
  private func numbers(_ shard: Int) throws -> [Int] {
    (try call(shard, "XRANGE", keys(shard).events, "-", "+").elements ?? []).compactMap { entry in
      let pairs = entry.elements?.last?.pairs ?? []
      guard pairs.contains(where: { $0.name == Keys.channelField }) else { return nil }
      let data = pairs.first { $0.name == Keys.dataField }?.value ?? []
      return try? JSONValue.parse(data)["entity_id"]?.text.flatMap { Int($0) }
    }
  }

  private func expectEachOnce(_ total: Int) throws {
    try cluster.loop.wait { (try? (0..<8).reduce(0) { try $0 + numbers($1).count }) ?? 0 >= total }
    var counts: [Int: Int] = [:]
    for shard in 0..<8 {
      for number in try numbers(shard) {
        counts[number, default: 0] += 1
        #expect(shards.shard(of: AgentID("\(number)")) == shard, "\(number) is in shard \(shard)")
      }
    }
    #expect((1...total).filter { counts[$0] == nil }.isEmpty, "of \(total)")
    #expect(counts.filter { $0.value != 1 }.isEmpty, "of \(total)")
  }

  /// Three handlers, one of which is killed in a burst, and one that comes later.
  @Test func killedProcessLosesNothingAndItsShardsAreLedAgainSoon() throws {
    let first = try handler("h1", from: 0)
    try waitForSpread(["h1"])
    let publisher = try Publisher(cluster)
    let second = try handler("h2", from: 1)
    try waitForSpread(["h1", "h2"])
    try publisher.pass(300)
    second.end(9)
    let span = try cluster.loop.wait { (try? leases().allSatisfy { $0?.id == "h1" }) ?? false }
    try publisher.pass(300)
    let third = try handler("h3", from: 2)
    try waitForSpread(["h1", "h3"])
    try publisher.pass(300)
    first.end(15)
    try waitForSpread(["h3"])
    try publisher.pass(200)
    try publisher.stop()
    try expectEachOnce(publisher.sent)
    third.end(15)
    print("8 shards on 3 primaries: a killed handler's shards were led again after \(Int(span)) ms")
    #expect(span < 15_000)
  }

  /// An order for agents of all shards stands in each as a part of one batch.
  @Test func commandsOverAllShardsAreDoneOnceThroughAKill() throws {
    let first = try handler("h1", from: 0)
    let second = try handler("h2", from: 1)
    defer { second.end(15) }
    try waitForSpread(["h1", "h2"])
    // No more are taken of one operator within a minute.
    let orders = 16
    for order in 1...orders {
      if order == orders / 2 { first.end(9) }
      for shard in 0..<8 {
        let targets = (0..<400).map { AgentID("a\(order)-\($0)") }.filter { shards.shard(of: $0) == shard }.prefix(3)
        let command = Command(
          id: CommandID("c\(order)-\(shard)"), action: .pause, targets: Array(targets), arguments: ["for": "10m"],
          operator: "ana@desk", reason: "", issuedAt: LocalClock.now, expiresAt: LocalClock.now + .minutes(5),
          batch: Batch(id: CommandID("b\(order)"), part: shard + 1, parts: 8))
        // As a sender does that has no answer yet.
        for _ in 0..<2 {
          _ = try call(shard, "XADD", keys(shard).commands, "*", Keys.dataField, CommandCoding.encode(command))
        }
      }
    }
    func closings(_ shard: Int) throws -> [AuditLine] {
      (try call(shard, "XRANGE", keys(shard).audit, "-", "+").elements ?? []).compactMap { entry in
        entry.elements?.last?.pairs.first { $0.name == Keys.dataField }.flatMap { AuditCoding.decode($0.value) }
      }.filter { $0.target == .none && $0.phase == .succeeded }
    }
    try cluster.loop.wait { (0..<8).allSatisfy { (try? closings($0).count) ?? 0 >= orders } }
    for shard in 0..<8 {
      #expect(try closings(shard).count == orders)
      let told = (try call(shard, "XRANGE", keys(shard).control, "-", "+").elements ?? []).compactMap {
        $0.elements?.last?.pairs.first { $0.name == Keys.dataField }.flatMap { ControlCoding.decode($0.value) }
      }
      #expect(told.count == orders * 3 && Set(told.map(\.agent)).count == orders * 3)
    }
  }
}
