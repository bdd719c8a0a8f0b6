import Glibc
import Loop
import Redis
import Wire

/// A Redis cluster of a test's own on loopback: so many primaries, each with so many replicas.
package final class TestCluster {
  package struct Unready: Error, CustomStringConvertible {
    package let description: String
  }

  package let loop: Loop
  /// Primaries first, in the order of their slots; then their replicas in the same order.
  package private(set) var nodes: [PrivateServer] = []
  private var clients: [RawNode] = []
  private let folders: [TemporaryFolder]
  private let primaries: Int

  /// - Parameters:
  ///   - settings: further lines of each node's configuration.
  ///   - nodeTimeout: milliseconds without an answer after which a node counts as failing.
  package init(
    primaries: Int = 3, replicas: Int = 0, nodeTimeout: Int = 1000, settings: [String] = [], loop: Loop? = nil
  ) throws {
    self.loop = try loop ?? Loop()
    self.primaries = primaries
    let count = primaries * (1 + replicas)
    folders = try (0..<count).map { _ in try TemporaryFolder() }
    let path = try TestServer.searchPath(getenv("VIGIA_TEST_REDIS").map { String(cString: $0) })
    for folder in folders {
      let own = [
        "cluster-enabled yes", "cluster-config-file \(folder.file("nodes.conf"))",
        "cluster-node-timeout \(nodeTimeout)", "repl-ping-replica-period 1", "repl-diskless-sync-delay 0",
      ]
      let (server, client) = try Self.start(own + settings, path, self.loop)
      nodes.append(server)
      clients.append(client)
    }
    try join(replicas)
  }

  /// A node's second port is ten thousand above its first: another server may have it.
  private static func start(
    _ settings: [String], _ path: String, _ loop: Loop
  ) throws -> (PrivateServer, RawNode) {
    for _ in 0..<20 {
      let server = try PrivateServer(settings: settings, environment: ["PATH": path])
      let client = RawNode(server.endpoint, loop)
      // One that cannot have its second port ends before it answers.
      if (try? client.call(Request("PING"))) != nil { return (server, client) }
    }
    throw Unready(description: "no cluster node keeps running")
  }

  private func join(_ replicas: Int) throws {
    for index in 0..<primaries {
      let (first, last) = (HashSlot.count * index / primaries, HashSlot.count * (index + 1) / primaries - 1)
      var request = Request("CLUSTER", "ADDSLOTS")
      for slot in first...last { request.append(slot) }
      _ = try clients[index].call(request)
    }
    for node in nodes.dropFirst() { _ = try call(0, "CLUSTER", "MEET", "127.0.0.1", Int(node.port)) }
    try loop.wait { (0..<nodes.count).allSatisfy { knownNodes(of: $0) == nodes.count } }
    for index in primaries..<nodes.count {
      let id = try call(index % primaries, "CLUSTER", "MYID").bytes ?? []
      try loop.wait { (try? call(index, "CLUSTER", "REPLICATE", id))?.error == nil }
    }
    try waitUntilServing()
    for index in primaries..<nodes.count {
      try loop.wait { ((try? call(index, "INFO", "replication"))?.text ?? "").contains("master_link_status:up") }
    }
  }

  private func knownNodes(of index: Int) -> Int? {
    let text = (try? call(index, "CLUSTER", "INFO"))?.text ?? ""
    let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cluster_known_nodes:") }
    return line.flatMap { Int($0.dropFirst("cluster_known_nodes:".count)) }
  }

  /// Waits until each node that runs says that all slots are served.
  package func waitUntilServing() throws {
    try loop.wait {
      nodes.indices.allSatisfy { index in
        !nodes[index].isRunning || ((try? call(index, "CLUSTER", "INFO"))?.text ?? "").contains("cluster_state:ok")
      }
    }
  }

  /// Sends one request to a node and waits for its answer.
  @discardableResult
  package func call(_ node: Int, _ arguments: any RequestArgument...) throws -> Reply {
    try clients[node].call(Request(arguments))
  }

  package func call(all arguments: [any RequestArgument], to node: Int) throws -> Reply {
    try clients[node].call(Request(arguments))
  }

  /// The node that owns a slot at present, as the first node that answers knows.
  package func owner(of slot: Int) throws -> Int {
    for index in nodes.indices where nodes[index].isRunning {
      for part in try call(index, "CLUSTER", "SLOTS").elements ?? [] {
        guard let fields = part.elements, let first = fields[0].integer, let last = fields[1].integer,
          (first...last).contains(Int64(slot)), let port = fields[2].elements?[1].integer,
          let owner = nodes.firstIndex(where: { Int64($0.port) == port })
        else { continue }
        return owner
      }
    }
    throw Unready(description: "nobody owns slot \(slot)")
  }

  /// Moves a slot with all its keys to another primary, as `redis-cli --cluster reshard` does.
  ///
  /// Whoever takes a slot over raises its epoch above those that it knows. If the next move began before all know of the
  /// last, two nodes could end with one epoch, and each name the other as the slot's owner for good.
  package func move(slot: Int, to target: Int) throws {
    try loop.wait { agreesOnEpochs }
    let source = try owner(of: slot)
    guard source != target else { return }
    let ids = try [source, target].map { try call($0, "CLUSTER", "MYID").bytes ?? [] }
    try call(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", ids[0])
    try call(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", ids[1])
    while let keys = try call(source, "CLUSTER", "GETKEYSINSLOT", slot, 10).elements?.compactMap(\.bytes), !keys.isEmpty
    {
      var request = Request("MIGRATE", "127.0.0.1", Int(nodes[target].port), "", 0, 5000, "KEYS")
      for key in keys { request.append(key) }
      if let error = try clients[source].call(request).error { throw error }
    }
    for index in [target, source] + (0..<nodes.count) where nodes[index].isRunning {
      // Replicas take no word of it.
      _ = try call(index, "CLUSTER", "SETSLOT", slot, "NODE", ids[1])
    }
  }

  /// Whether all nodes that run know of the same epochs.
  private var agreesOnEpochs: Bool {
    let views = nodes.indices.filter { nodes[$0].isRunning }.map { epochs(knownTo: $0) }
    return views.allSatisfy { $0 == views[0] && !$0.isEmpty }
  }

  /// The epoch of each node, by its id.
  private func epochs(knownTo index: Int) -> [Substring: Substring] {
    let lines = ((try? call(index, "CLUSTER", "NODES"))?.text ?? "").split(whereSeparator: \.isNewline)
    return Dictionary(
      uniqueKeysWithValues: lines.map { $0.split(separator: " ") }.filter { $0.count > 6 }.map { ($0[0], $0[6]) })
  }

  /// Kills a node.
  package func kill(_ node: Int) { nodes[node].stop() }
}

/// One connection to a node, made anew where the last has ended.
private final class RawNode {
  private let endpoint: Endpoint
  private let loop: Loop
  private var connection: Connection?

  init(_ endpoint: Endpoint, _ loop: Loop) { (self.endpoint, self.loop) = (endpoint, loop) }

  func call(_ request: Request) throws -> Reply {
    var answer: Result<Reply, ConnectionFailure>?
    let connection: Connection
    if let known = self.connection {
      connection = known
    } else {
      connection = try Connection(
        loop: loop, endpoint: endpoint, onReady: {}, onFailure: { [weak self] _ in self?.connection = nil })
      self.connection = connection
    }
    connection.send(request) { answer = $0 }
    connection.flush()
    try loop.wait { answer != nil }
    return try answer!.get()
  }
}
