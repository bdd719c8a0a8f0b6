import FleetModel
import Glibc
import Loop
import Redis
import Wire

/// A master with replicas, and the sentinels that watch them: all on loopback, on free ports, in a folder of their own.
///
/// ```
/// replicas, sentinels ──▶ proxy ──▶ master        whoever was told the master's own port reaches it past the proxy
/// ```
/// All know the first master by the proxy's address: a proxy that swallows everything cuts it off from them.
package final class SentinelServers {
  /// Spans that sentinels go by, in milliseconds.
  package struct Timing: Sendable {
    /// After how long without an answer a server counts as down.
    package var downAfter = 1000
    /// How long a failover may take until another is tried.
    package var failover = 6000

    package init() {}
  }

  package let loop: Loop
  /// The first is the master at the beginning.
  package private(set) var servers: [PrivateServer] = []
  /// Before the first master; nil if all reach it directly.
  package private(set) var proxy: FaultProxy?
  package private(set) var sentinels: [Child] = []
  package private(set) var sentinelPorts: [UInt16] = []
  private let folder: TemporaryFolder
  private let program: String
  private let password: String?
  private var configurations: [String] = []

  package static let name = "mymaster"

  /// Where redis-sentinel is; nil where it is not installed.
  package static let program = PrivateServer.find("redis-sentinel", path: "/usr/bin:/usr/local/bin")

  /// - Parameters:
  ///   - isProxied: whether the first master is reached by the others through a proxy.
  ///   - sentinelPassword: what sentinels want from whoever asks.
  package init(
    replicas: Int = 2, sentinels count: Int = 3, isProxied: Bool = false, timing: Timing = Timing(),
    sentinelPassword: String? = nil, settings: [String] = []
  ) throws {
    guard let program = Self.program else { throw PrivateServer.Failure.notInstalled }
    self.program = program
    loop = try Loop()
    folder = try TemporaryFolder()
    password = sentinelPassword
    let master = try Self.server(settings)
    servers = [master]
    if isProxied { proxy = try FaultProxy(loop: loop, to: master) }
    let port = masterPort
    if isProxied { try set(master, "replica-announce-port", "\(port)") }
    for _ in 0..<replicas { servers.append(try Self.server(settings + ["replicaof 127.0.0.1 \(port)"])) }
    try waitForReplicas(replicas)
    for number in 0..<count { try startSentinel(number, port, timing) }
    try loop.wait { [self] in isWatched(others: count - 1, replicas: replicas) }
  }

  deinit {
    proxy?.close()
    for sentinel in sentinels { sentinel.end(SIGKILL) }
    for server in servers { server.stop() }
  }

  private static func server(_ settings: [String]) throws -> PrivateServer {
    try PrivateServer(
      settings: ["repl-diskless-sync yes", "repl-diskless-sync-delay 0", "repl-ping-replica-period 1"] + settings,
      environment: ["PATH": "/usr/bin:/usr/local/bin"])
  }

  /// The port by which all but the nearest know the first master.
  private var masterPort: UInt16 {
    if let proxy, case .tcp(_, let port) = proxy.endpoint.address { return port }
    return servers[0].port
  }

  private func startSentinel(_ number: Int, _ port: UInt16, _ timing: Timing) throws {
    let own = PrivateServer.freePort()
    var lines = [
      "port \(own)", "bind 127.0.0.1", "dir \(folder.path)", "logfile \"\"", "protected-mode no",
      "sentinel monitor \(Self.name) 127.0.0.1 \(port) \(sentinelQuorum)",
      "sentinel down-after-milliseconds \(Self.name) \(timing.downAfter)",
      "sentinel failover-timeout \(Self.name) \(timing.failover)", "sentinel parallel-syncs \(Self.name) 2",
    ]
    if let password { lines += ["requirepass \(password)", "sentinel sentinel-pass \(password)"] }
    configurations.append(try folder.write(lines.joined(separator: "\n") + "\n", to: "sentinel-\(number).conf"))
    sentinelPorts.append(own)
    sentinels.append(try startSentinel(number))
  }

  private let sentinelQuorum = 2

  private func startSentinel(_ number: Int) throws -> Child {
    let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(null) }
    return try Child(program, [configurations[number]], environment: [:], output: null, error: null)
  }

  // MARK: What a test does

  /// What a program is told to find the group by.
  package var endpoint: Endpoint {
    let nodes = sentinelPorts.map { SentinelGroup.Node(host: "127.0.0.1", port: $0) }
    return Endpoint(address: .sentinel(SentinelGroup(sentinels: nodes, name: Self.name, password: password)))
  }

  package func sentinelEndpoint(_ number: Int) -> Endpoint {
    Endpoint(address: .tcp(host: "127.0.0.1", port: sentinelPorts[number]), password: password)
  }

  /// The address of the first master by which its sentinels know it.
  package var firstMaster: Endpoint { Endpoint(address: .tcp(host: "127.0.0.1", port: masterPort)) }

  /// Starts a sentinel again that was ended.
  package func restartSentinel(_ number: Int) throws { sentinels[number] = try startSentinel(number) }

  /// Cuts the first master off from all who reach it through the proxy, or lets them reach it again.
  package func cut(_ isCut: Bool) {
    proxy?.fault = { _ in isCut ? .blackHole : .none }
    guard isCut else {
      // What was swallowed cannot be made good: both sides connect anew.
      for passage in proxy?.passages ?? [] where passage.fault.isBlackHole { passage.close() }
      return
    }
    for passage in proxy?.passages ?? [] where passage.isOpen { passage.fault = .blackHole }
  }

  /// Has a sentinel move the master without need.
  package func failOver() throws {
    try loop.wait { [self] in
      (try? ask(sentinelEndpoint(0), "SENTINEL", "FAILOVER", Self.name))?.error == nil
    }
  }

  /// Whom the sentinels that answer take for the master, the first first; those that do not are left out.
  package func masters() -> [UInt16] {
    sentinelPorts.indices.compactMap { number in
      let reply = try? ask(sentinelEndpoint(number), "SENTINEL", "GET-MASTER-ADDR-BY-NAME", Self.name)
      return reply?.elements?.last?.integer.flatMap { UInt16(exactly: $0) }
    }
  }

  /// The server that a port stands for.
  package func server(at port: UInt16) -> PrivateServer? {
    port == masterPort ? servers[0] : servers.first { $0.port == port }
  }

  /// The number of the server that all sentinels that answer take for the master and that is one; nil while there is none.
  package func master() -> Int? {
    let named = masters()
    guard let port = named.first, named.allSatisfy({ $0 == port }), let server = server(at: port),
      (try? call(server, "ROLE"))?.elements?.first?.text == "master"
    else { return nil }
    return servers.firstIndex { $0 === server }
  }

  /// Waits until the group has another master than a server, one that all agree on, with replicas beside it.
  ///
  /// - Returns: its number among the servers.
  @discardableResult
  package func waitForMaster(otherThan former: Int?, replicas: Int = 0) throws -> Int {
    var found: Int?
    try loop.wait { [self] in
      found = master()
      guard let found, found != former else { return false }
      return replicas == 0 || onlineReplicas(of: found) >= replicas
    }
    return found ?? 0
  }

  /// How many replicas a server has that follow it.
  package func onlineReplicas(of number: Int) -> Int {
    let info = (try? call(servers[number], "INFO", "replication"))?.text ?? ""
    return info.split(separator: "\r\n").count { $0.hasPrefix("slave") && $0.contains("state=online") }
  }

  package func waitForReplicas(_ count: Int, of number: Int = 0) throws {
    try loop.wait { [self] in onlineReplicas(of: number) >= count }
  }

  private func isWatched(others: Int, replicas: Int) -> Bool {
    sentinelPorts.indices.allSatisfy { number in
      let reply = try? ask(sentinelEndpoint(number), "SENTINEL", "MASTER", Self.name)
      return (reply?.field("num-other-sentinels")?.integer ?? -1) >= Int64(others)
        && (reply?.field("num-slaves")?.integer ?? -1) >= Int64(replicas)
    }
  }

  private func set(_ server: PrivateServer, _ name: String, _ value: String) throws {
    if let error = try call(server, "CONFIG", "SET", name, value).error { throw error }
  }

  /// Sends one request to one of the servers, past any proxy, and waits for its answer.
  @discardableResult
  package func call(_ server: PrivateServer, _ arguments: any RequestArgument...) throws -> Reply {
    try ask(server.endpoint, all: arguments)
  }

  private func ask(_ endpoint: Endpoint, _ arguments: any RequestArgument...) throws -> Reply {
    try ask(endpoint, all: arguments)
  }

  /// Sends one request to any endpoint that names a server; fails where no answer comes within a second.
  package func ask(_ endpoint: Endpoint, all arguments: [any RequestArgument]) throws -> Reply {
    var answer: Result<Reply, ConnectionFailure>?
    let connection = try Connection(loop: loop, endpoint: endpoint, onReady: {}) { failure in
      if answer == nil { answer = .failure(failure) }
    }
    defer { connection.close() }
    connection.send(Request(arguments)) { if answer == nil { answer = $0 } }
    let deadline = MonotonicTime.now.adding(milliseconds: 1000)
    while answer == nil, MonotonicTime.now < deadline { loop.turn(atMostMilliseconds: 10) }
    return try (answer ?? .failure(.silent(milliseconds: 1000))).get()
  }
}
