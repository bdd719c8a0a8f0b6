import FleetModel
import Logging
import Loop
import Redis
import TestSupport
import Testing
import Wire

@testable import Handler

/// A divided fleet, its handlers, and what a test asks of both.
final class ShardScene {
  let loop: Loop
  let shards: Shards
  private let endpoint: Endpoint
  /// Sends one request to whichever server has a shard's keys, and waits for its answer.
  private let call: (_ shard: Int, _ arguments: [any RequestArgument]) throws -> Reply
  private(set) var services: [DividedService] = []

  convenience init(_ count: Int, on server: TestServer) throws {
    self.init(try Shards(count, of: .default), server.loop, server.endpoint) { try server.call(all: $1) }
  }

  convenience init(_ count: Int, on cluster: TestCluster) throws {
    let shards = try Shards(count, of: .default)
    let slots = shards.prefixes.map { HashSlot.of(Array(($0.hashTag ?? "").utf8)) }
    self.init(shards, cluster.loop, cluster.nodes[0].endpoint) {
      try cluster.call(all: $1, to: try cluster.owner(of: slots[$0]))
    }
  }

  private init(
    _ shards: Shards, _ loop: Loop, _ endpoint: Endpoint,
    _ call: @escaping (_ shard: Int, _ arguments: [any RequestArgument]) throws -> Reply
  ) {
    (self.shards, self.loop, self.endpoint, self.call) = (shards, loop, endpoint, call)
  }

  deinit { for service in services { service.halt() } }

  @discardableResult
  func start(
    _ id: String, count: Int? = nil, log: Log = .silent, _ change: (inout HandlerOptions) -> Void = { _ in }
  ) throws -> DividedService {
    var options = HandlerOptions(id: id)
    change(&options)
    let shards = try count.map { try Shards($0, of: .default) } ?? shards
    let service = try DividedService(loop: loop, endpoint: endpoint, options: options, shards: shards, log: log)
    services.append(service)
    service.start()
    return service
  }

  func keys(_ shard: Int) -> Keys { Keys(shards.prefixes[shard]) }

  func call(_ shard: Int, _ arguments: any RequestArgument...) throws -> Reply { try call(shard, arguments) }

  /// Who leads each shard, as its lease says.
  func leaders() throws -> [String?] {
    try (0..<shards.count).map { try lease($0)?.id }
  }

  func lease(_ shard: Int) throws -> Lease? {
    try call(shard, "GET", keys(shard).lease).bytes.flatMap { LeaseCoding.decode($0) }
  }

  /// Waits until all shards are led by these, each by its part, and recorded.
  func waitForSpread(_ services: [DividedService]) throws {
    let most = (shards.count + services.count - 1) / services.count
    try loop.wait {
      services.allSatisfy { $0.led.count <= most }
        && services.reduce(0) { $0 + $1.led.count } == shards.count
        && services.allSatisfy { service in
          service.led.allSatisfy {
            service.services[$0].recorder.isMarked && service.services[$0].recorder.isSubscribed
          }
        }
    }
  }

  /// What was recorded in a shard's stream: the payloads, without markers.
  func recorded(_ shard: Int) throws -> [[UInt8]] {
    let keys = keys(shard)
    return (try call(shard, "XRANGE", keys.events, "-", "+").elements ?? []).compactMap { entry in
      let pairs = entry.elements?.last?.pairs ?? []
      // Events of the handler's own have no channel.
      guard let channel = pairs.first(where: { $0.name == Keys.channelField })?.value, channel != keys.recorderChannel
      else { return nil }
      return pairs.first { $0.name == Keys.dataField }?.value
    }
  }

  /// The numbers that were recorded in each shard as agents' ids.
  func numbers(_ shard: Int) throws -> [Int] {
    try recorded(shard).compactMap { try? JSONValue.parse($0)["entity_id"]?.text.flatMap { Int($0) } }
  }

  /// Waits until as many numbers are recorded, and then finds each once, and in its own shard.
  func expectEachOnce(_ total: Int, from first: Int = 1) throws {
    try loop.wait {
      (try? (0..<shards.count).reduce(0) { try $0 + numbers($1).count }).map { $0 >= total - first + 1 } ?? false
    }
    var counts: [Int: Int] = [:]
    for shard in 0..<shards.count {
      for number in try numbers(shard) {
        counts[number, default: 0] += 1
        #expect(shards.shard(of: AgentID("\(number)")) == shard, "\(number) is in shard \(shard)")
      }
    }
    #expect((first...total).filter { counts[$0] == nil }.isEmpty, "of \(total)")
    #expect(counts.filter { $0.value != 1 }.isEmpty, "of \(total)")
  }

  func audit(_ shard: Int) throws -> [AuditLine] {
    (try call(shard, "XRANGE", keys(shard).audit, "-", "+").elements ?? []).compactMap { entry in
      entry.elements?.last?.pairs.first { $0.name == Keys.dataField }.flatMap { AuditCoding.decode($0.value) }
    }
  }

  func publish(_ command: Command, to shard: Int) throws {
    _ = try call(shard, "XADD", keys(shard).commands, "*", Keys.dataField, CommandCoding.encode(command))
  }

  /// The closing line of a command in a shard.
  func closing(_ id: CommandID, in shard: Int) throws -> AuditLine {
    var line: AuditLine?
    try loop.wait {
      line = ((try? audit(shard)) ?? []).last {
        $0.origin == .command(id) && $0.target == .none && $0.phase != .received && $0.phase != .undone
      }
      return line != nil
    }
    return line!
  }
}

/// Publishes events of the agents 1, 2, 3 … on several channels, steadily, over several servers in turn.
final class ShardPublisher {
  private let links: [Link]
  private let loop: Loop
  private(set) var sent = 0
  private var answered = 0
  private var isRunning = true

  static let channels = ["agent.metrics", "agent.status", "agents.metrics", "agent.custom.thing"]

  init(_ endpoints: [Endpoint], _ loop: Loop) throws {
    self.loop = loop
    links = endpoints.map { Link(loop: loop, endpoint: $0) { _ in } }
    for link in links { link.start() }
    let links = links
    try loop.wait { links.allSatisfy { $0.connection != nil } }
    publish()
  }

  deinit { for link in links { link.stop() } }

  /// Stops, and waits until the servers have taken all.
  func stop() throws {
    isRunning = false
    try loop.wait { answered == sent }
  }

  func pass(_ count: Int) throws {
    let goal = sent + count
    try loop.wait { sent >= goal }
  }

  private func publish() {
    guard isRunning else { return }
    for _ in 0..<4 {
      sent += 1
      let channel = Self.channels[sent / 3 % Self.channels.count]
      links[sent % links.count].connection?.send(Request("PUBLISH", channel, TestServer.event("\(sent)"))) {
        [weak self] _ in self?.answered += 1
      }
    }
    loop.schedule(inMilliseconds: 5) { [weak self] in self?.publish() }
  }
}
