import FleetModel
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Shards that lie on several servers of a real cluster.
@Suite(.threaded) struct ShardClusterTests {
  private let cluster: TestCluster
  private let scene: ShardScene

  init() throws {
    // So that the others serve while one is gone.
    cluster = try TestCluster(primaries: 3, settings: ["cluster-require-full-coverage no"])
    scene = try ShardScene(8, on: cluster)
  }

  private func slot(_ shard: Int) -> Int { HashSlot.of(Array((scene.shards.prefixes[shard].hashTag ?? "").utf8)) }

  private func publish(_ numbers: ClosedRange<Int>) throws {
    for number in numbers {
      let channel = ShardPublisher.channels[number % ShardPublisher.channels.count]
      try cluster.call(number % 3, "PUBLISH", channel, TestServer.event("\(number)"))
    }
  }

  private func isOn(_ node: Int, _ service: HandlerService) -> Bool {
    guard case .tcp(_, let port) = service.main.connection?.endpoint.address else { return false }
    return port == cluster.nodes[node].port
  }

  @Test func eachServerIsListenedToOnceAndAShardThatMovesIsHeardElsewhere() throws {
    let service = try scene.start("h1")
    try scene.waitForSpread([service])
    let owners = Set(try (0..<8).map { try cluster.owner(of: slot($0)) })
    #expect(service.hub.nodeCount == owners.count)
    try publish(1...200)
    try scene.expectEachOnce(200)
    let target = (try cluster.owner(of: slot(0)) + 1) % 3
    try cluster.move(slot: slot(0), to: target)
    try scene.loop.wait { isOn(target, service.services[0]) && service.services[0].recorder.isSubscribed }
    try scene.waitForSpread([service])
    try publish(201...400)
    try scene.expectEachOnce(400)
    let now = Set(try (0..<8).map { try cluster.owner(of: slot($0)) })
    #expect(service.hub.nodeCount == now.count)
  }

  @Test func shardsOfOtherServersGoOnWhileOneIsGone() throws {
    let service = try scene.start("h1")
    try scene.waitForSpread([service])
    let gone = try cluster.owner(of: slot(0))
    let others = try (0..<8).filter { try cluster.owner(of: slot($0)) != gone }
    let fences = try others.map { try scene.lease($0)?.fence }
    cluster.kill(gone)
    try scene.loop.wait { !service.services[0].isActive }
    for number in 1...100 where others.contains(scene.shards.shard(of: AgentID("\(number)"))) {
      try cluster.call((gone + 1) % 3, "PUBLISH", "agent.metrics", TestServer.event("\(number)"))
    }
    for shard in others {
      let wanted = (1...100).filter { scene.shards.shard(of: AgentID("\($0)")) == shard }
      try scene.loop.wait { (try? scene.numbers(shard)) == wanted }
    }
    // No lease of theirs was lost, and no channel went unheard.
    #expect(try others.map { try scene.lease($0)?.fence } == fences)
    for shard in others { #expect(try scene.audit(shard).allSatisfy { $0.action != "record" }) }
  }
}
