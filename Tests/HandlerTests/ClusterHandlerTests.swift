import FleetModel
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// A handler whose fleet lies in one slot of a real cluster.
@Suite(.threaded) struct ClusterHandlerTests {
  private let keys: Keys
  private let prefix: KeyPrefix

  init() throws {
    prefix = try KeyPrefix("{agentos}")
    keys = Keys(prefix)
  }

  private static let slot = HashSlot.of(Array("agentos".utf8))

  private func start(_ id: String, _ cluster: TestCluster, from node: Int) throws -> HandlerService {
    var options = HandlerOptions(id: id)
    options.prefix = prefix
    let handler = try HandlerService(loop: cluster.loop, endpoint: cluster.nodes[node].endpoint, options: options)
    handler.start()
    return handler
  }

  /// Publishes commands, each again and again with the same id until the cluster takes it.
  private final class Publisher {
    let link: Link
    private let loop: Loop
    private let keys: Keys
    private(set) var taken = 0
    var replicas: Int

    init(_ cluster: TestCluster, from node: Int, _ keys: Keys, replicas: Int = 0) {
      (self.keys, self.replicas, loop) = (keys, replicas, cluster.loop)
      link = Link(loop: cluster.loop, endpoint: cluster.nodes[node].endpoint.holding(keys.prefix)) { _ in }
      link.start()
    }

    func publish(_ number: Int) {
      let command = Command(
        id: CommandID("c\(number)"), action: .pause, targets: [AgentID("a-\(number)")], arguments: ["for": "10m"],
        operator: "ana", reason: "", issuedAt: LocalClock.now, expiresAt: LocalClock.now + .minutes(5))
      attempt(command)
    }

    private func attempt(_ command: Command) {
      guard let connection = link.connection else { return again(command) }
      connection.send(Request("XADD", keys.commands, "*", Keys.dataField, CommandCoding.encode(command))) {
        [weak self] in
        guard case .success(let reply) = $0, reply.error == nil else { self?.again(command); return }
        guard let self, replicas > 0 else { self?.taken += 1; return }
        connection.send(Request("WAIT", replicas, 2000)) { [weak self] in
          guard case .success(.integer(let count)) = $0, count > 0 else { self?.again(command); return }
          self?.taken += 1
        }
      }
      connection.flush()
    }

    private func again(_ command: Command) {
      loop.schedule(inMilliseconds: 50) { [weak self] in self?.attempt(command) }
    }
  }

  /// The outcomes in the audit: a command's id, and how often it has come to its end.
  private func outcomes(_ cluster: TestCluster) throws -> [String: Int] {
    let owner = try cluster.owner(of: Self.slot)
    var counts: [String: Int] = [:]
    for entry in try cluster.call(owner, "XRANGE", keys.audit, "-", "+").elements ?? [] {
      guard let data = entry.elements?.last?.pairs.first(where: { $0.name == Keys.dataField })?.value,
        let line = AuditCoding.decode(data), case .command(let id) = line.origin, line.target == .none,
        line.phase == .succeeded
      else { continue }
      counts[id.text, default: 0] += 1
    }
    return counts
  }

  private func controls(_ cluster: TestCluster) throws -> [String] {
    let owner = try cluster.owner(of: Self.slot)
    return (try cluster.call(owner, "XRANGE", keys.control, "-", "+").elements ?? []).compactMap { entry in
      entry.elements?.last?.pairs.first { $0.name == Keys.dataField }.flatMap { ControlCoding.decode($0.value) }?
        .commandID.text
    }
  }

  @Test func commandsAreDoneOnceWhileTheSlotMovesToAndFro() throws {
    let cluster = try TestCluster(primaries: 2)
    let handler = try start("h1", cluster, from: 0)
    defer { handler.halt() }
    let publisher = Publisher(cluster, from: 1, keys)
    try cluster.loop.wait { handler.isActive && publisher.link.connection != nil }
    var number = 0
    for _ in 0..<3 {
      for _ in 0..<40 {
        number += 1
        publisher.publish(number)
      }
      let owner = try cluster.owner(of: Self.slot)
      try cluster.move(slot: Self.slot, to: 1 - owner)
    }
    try cluster.loop.wait { publisher.taken == number && ((try? outcomes(cluster)) ?? [:]).count == number }
    #expect(try outcomes(cluster).values.allSatisfy { $0 == 1 })
    #expect(Set(try controls(cluster)).count == number)
    #expect(try controls(cluster).count == number)
    #expect(handler.isActive)
  }

  @Test func replicaThatTakesOverIsActedOn() throws {
    let cluster = try TestCluster(primaries: 3, replicas: 1)
    let owner = try cluster.owner(of: Self.slot)
    let handlers = try ["h1", "h2"].map { try start($0, cluster, from: (owner + 1) % 3) }
    defer { for handler in handlers { handler.halt() } }
    let publisher = Publisher(cluster, from: (owner + 2) % 3, keys, replicas: 1)
    try cluster.loop.wait { handlers.contains { $0.isActive } && publisher.link.connection != nil }
    for number in 1...40 { publisher.publish(number) }
    try cluster.loop.wait { publisher.taken >= 20 }
    cluster.kill(owner)
    // The replica that takes over has none itself: most primaries vouch for it.
    publisher.replicas = 0
    for number in 41...80 { publisher.publish(number) }
    try cluster.loop.wait { (try? cluster.owner(of: Self.slot)).map { $0 != owner } ?? false }
    let servedAt = MonotonicTime.now
    try cluster.loop.wait { handlers.contains { $0.isActive } && ((try? outcomes(cluster)) ?? [:]).count > 40 }
    print("acting \(Int(MonotonicTime.now.milliseconds(since: servedAt))) ms after the slot was served")
    try cluster.loop.wait { publisher.taken == 80 && ((try? outcomes(cluster)) ?? [:]).count == 80 }
    #expect(try cluster.owner(of: Self.slot) != owner)
    #expect(try outcomes(cluster).values.allSatisfy { $0 == 1 })
    #expect(handlers.count { $0.isActive } == 1)
  }

  @Test func channelsAreRecordedOnceThroughAHandOver() throws {
    let cluster = try TestCluster(primaries: 3)
    let owner = try cluster.owner(of: Self.slot)
    let first = try start("h1", cluster, from: owner)
    try cluster.loop.wait { first.isActive }
    let second = try start("h2", cluster, from: (owner + 1) % 3)
    defer { second.halt() }
    try cluster.loop.wait { second.main.connection != nil && second.recorder.isSubscribed }
    var isStopped = false
    for number in 1...600 {
      // Whatever node a publisher speaks to, all nodes hear it.
      try cluster.call((owner + number) % 3, "PUBLISH", "agent.metrics", TestServer.event("\(number)"))
      if number == 300 { first.stop { isStopped = true } }
    }
    try cluster.loop.wait { isStopped && second.isActive }
    func recorded() throws -> [Int] {
      (try cluster.call(owner, "XRANGE", keys.events, "-", "+").elements ?? []).compactMap { entry in
        guard let data = entry.elements?.last?.pairs.first(where: { $0.name == Keys.dataField })?.value,
          let json = try? JSONValue.parse(data)
        else { return nil }
        return (json["entity_id"] ?? json["agent_id"])?.text.flatMap { Int($0) }
      }
    }
    try cluster.loop.wait { ((try? recorded()) ?? []).count >= 600 }
    #expect(try recorded().sorted() == Array(1...600))
  }
}
