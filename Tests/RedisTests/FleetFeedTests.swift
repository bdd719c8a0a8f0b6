import FleetModel
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

/// One feed of four shards on one server.
@Suite(.threaded) struct FleetFeedTests {
  private let server: TestServer
  private let shards: Shards

  init() throws {
    server = try TestServer()
    shards = try Shards(4, of: .default)
  }

  private func keys(of agent: String) -> Keys { Keys(shards.prefixes[shards.shard(of: AgentID(agent))]) }

  private func watch(_ change: (inout EventFeed.Options) -> Void = { _ in }) throws -> FleetWatcher {
    let watcher = FleetWatcher(server.loop, server.endpoint, shards, change)
    try server.wait { watcher.caughtUp == 1 && watcher.isUp && watcher.hears && watcher.leases.count == 4 }
    return watcher
  }

  private func add(_ agent: String) throws {
    _ = try server.call("XADD", keys(of: agent).events, "*", "__data__", TestServer.event(agent))
  }

  @Test func eventsOfAllShardsComeAndHistoryEndsOnce() throws {
    for number in 0..<20 { try add("a-\(number)") }
    let watcher = try watch()
    #expect(watcher.events.count == 20 && watcher.fleet.count == 20)
    for number in 0..<20 { try add("a-\(number)") }
    try server.wait { watcher.events.values.reduce(0, +) == 40 }
    #expect(watcher.caughtUp == 1)
  }

  /// What is published comes once for all shards, and counts once.
  @Test func messageOnAChannelIsTakenByItsShardAlone() throws {
    let watcher = try watch()
    for number in 0..<40 { _ = try server.call("PUBLISH", "agent.metrics", TestServer.event("p-\(number)")) }
    _ = try server.call("PUBLISH", "agent.metrics", "rubbish")
    try add("last")
    try server.wait { watcher.events["last"] == 1 && watcher.events.count == 41 && watcher.unreadable == 1 }
    #expect(watcher.events.values.allSatisfy { $0 == 1 } && watcher.unreadable == 1)
  }

  @Test func recordsAndHandlersAreThoseOfTheirShards() throws {
    let agents = ["a-0", "a-1", "a-2", "a-3", "a-4", "a-5"]
    for agent in agents {
      var record = AgentRecord()
      (record.state, record.version) = (.paused, 1)
      for (name, value) in AgentRecordCoding.fields(record) {
        _ = try server.call("HSET", keys(of: agent).agent(AgentID(agent)), name, value)
      }
    }
    for index in [0, 2] {
      let lease = Lease(id: "h\(index)", fence: 1, isRecording: true, since: .epoch)
      _ = try server.call("SET", Keys(shards.prefixes[index]).lease, LeaseCoding.encode(lease))
    }
    let watcher = try watch()
    try server.wait { watcher.told.count == 4 }
    #expect(agents.allSatisfy { watcher.fleet[AgentID($0)]?.state == .paused })
    #expect((0..<4).map { watcher.leases[$0]??.id } == ["h0", nil, "h2", nil])
  }

  @Test func restartedFeedForgetsNothingOfTheOtherShards() throws {
    func lead(fence: Int) throws {
      let lease = Lease(id: "h9", fence: fence, isRecording: true, since: .epoch)
      _ = try server.call("SET", Keys(shards.prefixes[1]).lease, LeaseCoding.encode(lease))
    }
    try lead(fence: 8)
    let watcher = try watch()
    try server.wait { watcher.told.count == 4 && watcher.leases[1]??.fence == 8 }
    let before = watcher.told
    for agent in ["a-0", "a-1", "a-2", "a-3", "a-4", "a-5"] {
      var record = AgentRecord()
      (record.state, record.version) = (.paused, 1)
      watcher.fleet.setRecord(record, of: AgentID(agent))
    }
    // A lease with another fence makes one shard's feed read its state anew: it has no record.
    try lead(fence: 9)
    try server.wait { watcher.told[1] ?? 0 > before[1] ?? 0 }
    for agent in ["a-0", "a-1", "a-2", "a-3", "a-4", "a-5"] {
      let isOfShard = shards.shard(of: AgentID(agent)) == 1
      #expect(watcher.fleet[AgentID(agent)]?.state == (isOfShard ? .running : .paused), "\(agent)")
    }
  }

  @Test func clusterNodeThatEndsTakesItsShardsAloneAway() throws {
    let cluster = try TestCluster(primaries: 3, settings: ["cluster-require-full-coverage no"], loop: server.loop)
    let shards = try Shards(8, of: .default)
    var placed: [Int: Int] = [:]
    for (index, prefix) in shards.prefixes.enumerated() {
      placed[index] = try cluster.owner(of: HashSlot.of(Array(prefix.hashTag!.utf8)))
    }
    func add(_ agent: String) throws {
      let shard = shards.shard(of: AgentID(agent))
      let key = Keys(shards.prefixes[shard]).events
      _ = try cluster.call(placed[shard]!, "XADD", key, "*", "__data__", TestServer.event(agent))
    }
    for number in 0..<40 { try add("a-\(number)") }
    let watcher = FleetWatcher(server.loop, cluster.nodes[0].endpoint, shards)
    try server.wait { watcher.isUp && watcher.caughtUp == 1 }
    #expect(watcher.events.count == 40)
    let victim = placed[7]!
    let lost = placed.filter { $0.value == victim }.map(\.key).sorted()
    cluster.kill(victim)
    try server.wait {
      lost.allSatisfy { if case .down = watcher.states[$0] { true } else { false } }
    }
    let others = (0..<40).map { "b-\($0)" }.filter { !lost.contains(shards.shard(of: AgentID($0))) }
    for agent in others { try add(agent) }
    try server.wait { others.allSatisfy { watcher.events[$0] == 1 } }
    #expect((0..<8).filter { watcher.feed.linkStates[$0] == .up } == (0..<8).filter { !lost.contains($0) })
    #expect(!watcher.feed.isBehind)
  }

  @Test func shardThatCannotBeReachedDoesNotHoldUpTheHistory() throws {
    let cluster = try TestCluster(primaries: 3, settings: ["cluster-require-full-coverage no"], loop: server.loop)
    let shards = try Shards(8, of: .default)
    let victim = try cluster.owner(of: HashSlot.of(Array(shards.prefixes[7].hashTag!.utf8)))
    cluster.kill(victim)
    let seed = cluster.nodes.indices.first { $0 != victim }!
    let watcher = FleetWatcher(server.loop, cluster.nodes[seed].endpoint, shards)
    try server.wait { watcher.caughtUp == 1 }
    #expect(watcher.feed.linkStates.contains(.up))
    #expect(watcher.feed.clock.isSet)
  }

  // MARK: Sending

  @Test func whatWaitsForOneShardGoesWhenItsLinkIsUp() throws {
    let watcher = try watch()
    var reached: [String: CommandLog.Delivery] = [:]
    let sender = FleetSender(loop: server.loop, feed: watcher.feed) { _, _ in
    } reached: {
      reached[$0.id.text] = $1
    }
    let now = watcher.feed.clock.now
    let agents = (0..<8).map { AgentID("a-\($0)") }
    let order = Command(
      id: CommandID("order"), action: .pause, targets: agents, operator: "ana", issuedAt: now,
      expiresAt: now + .minutes(1))
    var last = 0
    let parts = try shards.division.parts(of: order) {
      last += 1
      return CommandID("part-\(last)")
    }
    for part in parts { sender.send(part) }
    try server.wait { reached.count == parts.count && reached.values.allSatisfy { $0 == .delivered } }
    for part in parts {
      let entries = try server.call("XRANGE", Keys(shards.prefixes[part.shard]).commands, "-", "+").elements ?? []
      let data = entries.last?.elements?.last?.pairs.first?.value ?? []
      #expect(try CommandCoding.decode(data) == part.command)
    }
    #expect(!sender.isEmpty)
  }

  @Test func wrongNumberOfShardsIsSaidWithBoth() {
    let lease = Lease(id: "h1", fence: 1, isRecording: true, since: .epoch, shards: 8)
    #expect(shards.fault(of: lease) == "number of shards: 4 here, 8 of handler h1: start both with the same --shards")
    #expect(shards.fault(of: Lease(id: "h1", fence: 1, isRecording: true, since: .epoch, shards: 4)) == nil)
  }
}
