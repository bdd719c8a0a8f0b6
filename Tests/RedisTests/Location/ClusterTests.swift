import FleetModel
import Glibc
import Loop
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Redis

/// A fleet in one slot of a real cluster.
@Suite(.threaded) struct ClusterTests {
  private let prefix: KeyPrefix
  private static let slot = HashSlot.of(Array("agentos".utf8))

  init() throws { prefix = try KeyPrefix("{agentos}") }

  private func endpoint(_ cluster: TestCluster, _ node: Int) -> Endpoint {
    var endpoint = cluster.nodes[node].endpoint
    endpoint.keyPlace = .init(prefix)
    return endpoint
  }

  private func follow(_ cluster: TestCluster, from node: Int) -> Follower {
    Follower(cluster.loop, at: endpoint(cluster, node)) { $0.keys = Keys(prefix) }
  }

  private func publish(_ numbers: ClosedRange<Int>, to cluster: TestCluster) throws {
    let owner = try cluster.owner(of: Self.slot)
    for number in numbers {
      let event = TestServer.event("\(number)")
      let reply = try cluster.call(owner, "XADD", "\(prefix):events", "*", Keys.dataField, event)
      if let error = reply.error { throw error }
    }
  }

  @Test func ownerIsFoundFromEachNode() throws {
    let cluster = try TestCluster(primaries: 3, replicas: 1)
    let owner = try cluster.owner(of: Self.slot)
    try publish(1...3, to: cluster)
    for node in cluster.nodes.indices {
      let follower = follow(cluster, from: node)
      try cluster.loop.wait { follower.isUp && follower.isCaughtUp && follower.numbers.count == 3 }
      #expect(follower.feed.reading.server?.address == cluster.nodes[owner].endpoint.address)
      #expect(follower.feed.channels.link?.server?.address == cluster.nodes[owner].endpoint.address)
      #expect(follower.feed.asking.server?.address == cluster.nodes[owner].endpoint.address)
      #expect(!follower.states.contains { if case .down = $0 { true } else { false } }, "\(node)")
    }
  }

  @Test func slotThatMovesIsFollowed() throws {
    let cluster = try TestCluster(primaries: 2)
    let owner = try cluster.owner(of: Self.slot)
    try publish(1...50, to: cluster)
    let follower = follow(cluster, from: 1 - owner)
    try cluster.loop.wait { follower.isUp && follower.numbers.count == 50 }
    try cluster.move(slot: Self.slot, to: 1 - owner)
    try publish(51...100, to: cluster)
    try cluster.loop.wait { follower.isUp && follower.numbers.count >= 100 }
    #expect(follower.numbers == Array(1...100))
    let place = cluster.nodes[1 - owner].endpoint.address
    try cluster.loop.wait {
      follower.feed.links.count == 3 && follower.feed.links.allSatisfy { $0.server?.address == place }
    }
  }

  @Test func replicaThatTakesOverIsFollowed() throws {
    let cluster = try TestCluster(primaries: 3, replicas: 1)
    let owner = try cluster.owner(of: Self.slot)
    let follower = follow(cluster, from: owner)
    try publish(1...3, to: cluster)
    try cluster.call(owner, "WAIT", 1, 1000)
    try cluster.loop.wait { follower.isUp && follower.numbers.count == 3 }
    cluster.kill(owner)
    try cluster.loop.wait { follower.isDown }
    // The node that was named is gone: the others are asked.
    try cluster.loop.wait { (try? cluster.owner(of: Self.slot)) ?? owner != owner }
    try cluster.waitUntilServing()
    try publish(4...6, to: cluster)
    try cluster.loop.wait { follower.isUp && follower.numbers.count == 6 }
    #expect(follower.numbers == Array(1...6))
  }

  @Test func untaggedPrefixIsRefusedWithTheRemedy() throws {
    let cluster = try TestCluster(primaries: 2)
    var endpoint = cluster.nodes[0].endpoint
    endpoint.keyPlace = .init(.default)
    var failures: [String] = []
    let link = Link(loop: cluster.loop, endpoint: endpoint) {
      if case .down(let failure) = $0 { failures.append("\(failure)") }
    }
    link.start()
    defer { link.stop() }
    try cluster.loop.wait { !failures.isEmpty }
    #expect(failures[0].contains("--prefix '{agentos}'"))
    #expect(link.connection == nil)
  }

  @Test func taggedPrefixServesOnOneServerToo() throws {
    let server = try TestServer()
    var endpoint = server.endpoint
    endpoint.keyPlace = .init(prefix)
    let follower = Follower(server, at: endpoint) { $0.keys = Keys(prefix) }
    try server.wait { follower.isUp && follower.isCaughtUp }
    #expect(follower.feed.reading.server?.address == server.endpoint.address)
  }

  /// What a cut-off primary says of itself counts for one.
  @Test func mostPrimariesSayWhoOwnsTheSlot() throws {
    let cluster = try TestCluster(primaries: 3, replicas: 1)
    let owner = try cluster.owner(of: Self.slot)
    let whereabouts = try #require(Whereabouts.of(endpoint(cluster, owner), on: cluster.loop))
    #expect(whereabouts.judges == nil)
    let link = Link(loop: cluster.loop, endpoint: endpoint(cluster, owner)) { _ in }
    link.start()
    defer { link.stop() }
    try cluster.loop.wait { link.connection != nil }
    #expect(whereabouts.judges == "primaries of the cluster")
    func isConfirmed(_ node: Int) throws -> Bool {
      var answer: Bool?
      whereabouts.confirm(cluster.nodes[node].endpoint) { answer = $0 }
      try cluster.loop.wait { answer != nil }
      return answer == true
    }
    #expect(try isConfirmed(owner))
    #expect(try !isConfirmed((owner + 1) % 3))
    #expect(try !isConfirmed(owner + 3))
    cluster.nodes[(owner + 1) % 3].signal(SIGSTOP)
    #expect(try isConfirmed(owner))
    cluster.nodes[(owner + 2) % 3].signal(SIGSTOP)
    #expect(try !isConfirmed(owner))
    for node in 0..<3 where node != owner { cluster.nodes[node].signal(SIGCONT) }
  }

  @Test func whoIsNoClusterHasNoJudges() throws {
    let server = try TestServer()
    let endpoint = server.endpoint.holding(prefix)
    let whereabouts = try #require(Whereabouts.of(endpoint, on: server.loop))
    let link = Link(loop: server.loop, endpoint: endpoint) { _ in }
    link.start()
    defer { link.stop() }
    try server.wait { link.connection != nil }
    #expect(whereabouts.judges == nil)
    var answer: Bool?
    whereabouts.confirm(server.endpoint) { answer = $0 }
    try server.wait { answer != nil }
    #expect(answer == false)
  }
}
