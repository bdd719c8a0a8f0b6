import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Redis

/// How the feeds of eight shards hear the channels.
@Suite(.threaded) struct FleetFeedChannelsTests {
  private let server: TestServer
  private let proxy: FaultProxy
  private let shards: Shards

  init() throws {
    server = try TestServer()
    proxy = try FaultProxy(loop: server.loop, to: server.server)
    shards = try Shards(8, of: .default)
  }

  private func watch() throws -> FleetWatcher {
    let watcher = FleetWatcher(server.loop, proxy.endpoint, shards)
    try server.wait { watcher.caughtUp == 1 && watcher.isUp && watcher.hears && watcher.leases.count == 8 }
    return watcher
  }

  private func publish(_ numbers: Range<Int>, padding: Int = 0) throws {
    for number in numbers {
      _ = try server.call("PUBLISH", "agent.metrics", TestServer.event("a-\(number)", padding: padding))
    }
  }

  private func shard(of number: Int) -> Int { shards.shard(of: AgentID("a-\(number)")) }

  private var subscribers: Int {
    get throws { (try server.call("CLIENT", "LIST", "TYPE", "pubsub").text ?? "").split(separator: "\n").count }
  }

  private var received: Int { proxy.passages.reduce(0) { $0 + $1.passed } }

  /// The connection over which the channels are heard.
  private func listening(_ watcher: FleetWatcher) throws -> FaultProxy.Passage {
    let before = proxy.passages.map(\.passed)
    let padding = 100_000
    try publish(1000..<1001, padding: padding)
    try server.wait { watcher.events["a-1000"] == 1 }
    let grown = zip(proxy.passages, before).filter { $0.passed - $1 > padding }
    try #require(grown.count == 1)
    return grown[0].0
  }

  /// Each feed measures the server's time by itself.
  private func expect(_ gap: Gap?, from start: Instant, to end: Instant) throws {
    let gap = try #require(gap)
    #expect(start - .seconds(1) <= gap.from && gap.from <= gap.to && gap.to <= end + .seconds(1))
  }

  private func losses(_ watcher: FleetWatcher) -> [Int: [EventFeed.Missed]] {
    watcher.gaps.mapValues { $0.filter { $0.cause == .notHeard } }.filter { !$0.value.isEmpty }
  }

  @Test func eightFeedsOnANodeHearEachMessageOnce() throws {
    let watcher = try watch()
    let links = watcher.feed.feeds.map { $0.channels.link }
    #expect(links.allSatisfy { $0 != nil && $0 === links[0] })
    #expect(try subscribers == 1)
    let (before, padding, count) = (received, 10_000, 100)
    try publish(0..<count, padding: padding)
    try server.wait { watcher.events.count == count }
    #expect(watcher.events.values.allSatisfy { $0 == 1 })
    // Answers to what is asked each second are small beside it.
    #expect((count * padding..<count * padding * 2).contains(received - before))
    #expect(watcher.gaps.isEmpty)
  }

  /// What was heard before the cut counts once, and what comes after it too; all shards are told of the time between.
  @Test(arguments: [0, 1, 60, 170, 171, 400, 1500]) func cutIsAGapOfEachShard(_ bytes: Int) throws {
    let watcher = try watch()
    let passage = try listening(watcher)
    let start = watcher.feed.clock.now
    passage.fault = .cut(after: passage.passed + bytes)
    try publish(0..<20)
    try server.wait { !passage.isOpen && losses(watcher).count == 8 && watcher.hears }
    try publish(20..<60)
    try server.wait { (20..<60).allSatisfy { watcher.events["a-\($0)"] != nil } }
    #expect(watcher.events.values.allSatisfy { $0 == 1 })
    for gaps in losses(watcher).values {
      #expect(gaps.count == 1)
      try expect(gaps.first?.gap, from: start, to: watcher.feed.clock.now)
    }
    #expect(try subscribers == 1)
  }

  @Test func feedThatIsStoppedTakesNothingFromTheOthers() throws {
    let watcher = try watch()
    watcher.feed.feeds[3].stop()
    try publish(0..<80)
    let others = (0..<80).filter { shard(of: $0) != 3 }
    try server.wait { others.allSatisfy { watcher.events["a-\($0)"] == 1 } }
    #expect(watcher.events.count == others.count && others.count < 80)
    #expect(losses(watcher).isEmpty)
    #expect(try subscribers == 1)
    watcher.feed.stop()
    try server.wait { (try? subscribers) == 0 }
  }

  @Test func messagesThatAreRecordedTooCountOnceInEachShard() throws {
    let watcher = try watch()
    let passage = try listening(watcher)
    func record(_ channel: String, _ payload: any RequestArgument, _ shard: Int) throws {
      let key = Keys(shards.prefixes[shard]).events
      _ = try server.call("XADD", key, "*", "channel", channel, "__data__", payload)
    }
    for round in 0..<5 {
      let numbers = round * 40..<(round + 1) * 40
      // By turns heard first and read first, with the shard's marker at the same place in both.
      if round % 2 == 1 { passage.fault = .held }
      try publish(numbers)
      for number in numbers { try record("agent.metrics", TestServer.event("a-\(number)"), shard(of: number)) }
      try server.wait { numbers.allSatisfy { watcher.events["a-\($0)"] == 1 } }
      for shard in 0..<8 {
        let marker = RecorderMarker(handler: "h1", fence: 1, nonce: "\(round)", shard: shard).encode()
        _ = try server.call("PUBLISH", "agentos.recorder", marker)
        try record("agentos.recorder", marker, shard)
      }
      passage.fault = .none
    }
    try server.wait { watcher.feed.feeds.allSatisfy { $0.handover.pendingCount == 0 } }
    #expect(watcher.events.count == 201)
    #expect(watcher.events.values.allSatisfy { $0 == 1 })
  }

  @Test func userWithoutChannelsIsToldOfEachShardAndGetsStreams() throws {
    _ = try server.call("ACL", "SETUSER", "bob", "on", ">pw", "+@all", "~*", "resetchannels")
    var endpoint = server.endpoint
    (endpoint.user, endpoint.password) = ("bob", "pw")
    let watcher = FleetWatcher(server.loop, endpoint, shards)
    for number in 0..<20 {
      let key = Keys(shards.prefixes[shard(of: number)]).events
      _ = try server.call("XADD", key, "*", "__data__", TestServer.event("a-\(number)"))
    }
    try server.wait { watcher.events.count == 20 && watcher.deaf.count == 8 && watcher.isUp }
    _ = try server.call("ACL", "SETUSER", "bob", "allchannels")
    try server.wait { watcher.deaf.isEmpty && watcher.hears }
    try publish(20..<60)
    try server.wait { watcher.events.count == 60 }
    #expect(watcher.events.values.allSatisfy { $0 == 1 } && watcher.gaps.isEmpty)
    #expect(try subscribers == 1)
  }

  // MARK: A cluster

  /// A cluster on which the shards lie, and the node of each.
  private func cluster(_ primaries: Int, replicas: Int = 0) throws -> (TestCluster, owners: [Int]) {
    let cluster = try TestCluster(
      primaries: primaries, replicas: replicas, settings: ["cluster-require-full-coverage no"], loop: server.loop)
    return (cluster, try shards.prefixes.map { try cluster.owner(of: slot($0)) })
  }

  private func slot(_ prefix: KeyPrefix) -> Int { HashSlot.of(Array((prefix.hashTag ?? "").utf8)) }

  private func subscribers(_ cluster: TestCluster, _ node: Int) throws -> Int {
    (try cluster.call(node, "CLIENT", "LIST", "TYPE", "pubsub").text ?? "").split(separator: "\n").count
  }

  private func watch(_ cluster: TestCluster, from node: Int) throws -> FleetWatcher {
    let watcher = FleetWatcher(server.loop, cluster.nodes[node].endpoint, shards)
    try server.wait { watcher.caughtUp == 1 && watcher.isUp && watcher.hears && watcher.leases.count == 8 }
    return watcher
  }

  private func publish(_ numbers: Range<Int>, to cluster: TestCluster, _ node: Int) throws {
    for number in numbers { try cluster.call(node, "PUBLISH", "agent.metrics", TestServer.event("a-\(number)")) }
  }

  @Test func slotThatMovesIsAGapOfItsShardAlone() throws {
    let (cluster, owners) = try cluster(2)
    let watcher = try watch(cluster, from: 0)
    for node in 0..<2 { #expect(try subscribers(cluster, node) == (owners.contains(node) ? 1 : 0)) }
    try publish(0..<80, to: cluster, 0)
    try server.wait { watcher.events.count == 80 }
    let (source, target) = (owners[0], 1 - owners[0])
    try #require(owners.count { $0 == source } > 1)
    let start = watcher.feed.clock.now
    try cluster.move(slot: slot(shards.prefixes[0]), to: target)
    let place = cluster.nodes[target].endpoint.address
    try server.wait {
      watcher.feed.feeds[0].channels.link?.server?.address == place && watcher.isUp && watcher.hears
        && losses(watcher)[0] != nil
    }
    try publish(80..<200, to: cluster, source)
    try server.wait { watcher.events.count == 200 }
    #expect(watcher.events.values.allSatisfy { $0 == 1 })
    let gaps = losses(watcher)
    #expect(gaps.keys.sorted() == [0] && gaps[0]?.count == 1)
    try expect(gaps[0]?.first?.gap, from: start, to: watcher.feed.clock.now)
    for node in 0..<2 { #expect(try subscribers(cluster, node) == 1) }
  }

  @Test func nodeThatIsReplacedIsAGapOfItsShardsAlone() throws {
    let (cluster, owners) = try cluster(3, replicas: 1)
    let watcher = try watch(cluster, from: 0)
    let victim = owners[0]
    let moved = owners.indices.filter { owners[$0] == victim }
    cluster.kill(victim)
    try server.wait { losses(watcher).count == moved.count && watcher.isUp && watcher.hears }
    #expect(losses(watcher).keys.sorted() == moved)
    #expect(losses(watcher).values.allSatisfy { $0.count == 1 && $0[0].gap.from < $0[0].gap.to })
    try publish(0..<80, to: cluster, (victim + 1) % 3)
    try server.wait { watcher.events.count == 80 }
    #expect(watcher.events.values.allSatisfy { $0 == 1 })
    let heirs = Set(try shards.prefixes.map { try cluster.owner(of: slot($0)) })
    for node in cluster.nodes.indices where cluster.nodes[node].isRunning {
      #expect(try subscribers(cluster, node) == (heirs.contains(node) ? 1 : 0))
    }
  }
}
