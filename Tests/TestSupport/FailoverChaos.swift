import FleetModel
import Glibc
import Loop
import Redis
import Wire

/// Failovers under orders, one after the other: two handlers that find their server by sentinels, and a service that
/// counts what it is asked for.
///
/// ```
/// operator ─▶ master ◀─ vigia-handler ×2 ─▶ service        the master is replaced, or freezes, in the middle
/// ```
/// Like a console, the operator sends an order again until a master has confirmed it. Each must be asked for by one key,
/// and have come to one end in the audit of the last master.
package final class FailoverChaos {
  private let group: SentinelServers
  private let service: MockService
  private let keys = Keys()
  private let folder: TemporaryFolder
  private var handlers: [Child] = []
  private var place = 0
  private var orders: [Command] = []
  private var confirmed: Set<CommandID> = []
  /// How often each effect was asked for, by its key.
  package private(set) var requests: [String: Int] = [:]
  /// How long after the first sentinel named the new master the next order was done there, in milliseconds.
  package private(set) var spans: [Double] = []

  /// - Parameter path: the handler's program.
  package init(path: String) throws {
    group = try SentinelServers()
    folder = try TemporaryFolder()
    let requested = Requested()
    service = try MockService(loop: group.loop) { request in
      for key in request.headers["idempotency-key"]?.prefix(1) ?? [] { requested.counts[key, default: 0] += 1 }
      return .status(200)
    }
    self.requested = requested
    let configuration = try folder.write(
      """
      # What is safe to repeat: of what is not, an order that a failover interrupts ends as unknown.
      [actuators.pause]
      kind = "http"
      method = "PUT"
      url = "\(service.url("/"))"
      body = '{{"agent": "{agent}", "action": "{action}"}}'
      """, to: "handler.toml")
    let place = "redis+sentinel://\(group.sentinelPorts.map { "127.0.0.1:\($0)" }.joined(separator: ","))/"
    let log = open(folder.file("log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    defer { close(log) }
    for id in ["h1", "h2"] {
      handlers.append(
        try Child(
          path,
          [
            "--id", id, "--redis", place + SentinelServers.name, "--config", configuration, "--runbook", "/dev/null",
          ], environment: [:], output: log, error: log))
    }
  }

  deinit { for handler in handlers { handler.end(SIGKILL) } }

  private final class Requested { var counts: [String: Int] = [:] }
  private let requested: Requested

  /// One failover with orders before, in and after it.
  ///
  /// - Parameter freezes: whether the master freezes, so that sentinels have to find that out; else they are asked to
  ///   replace it.
  package func round(_ number: Int, orders count: Int, freezes: Bool) throws {
    try place(count / 2)
    let old = group.servers[place]
    let former = group.masters().first
    if freezes { old.signal(SIGSTOP) } else { try group.failOver() }
    try place(count - count / 2)
    try group.loop.wait { [self] in group.masters().contains { $0 != former } }
    let switchedAt = MonotonicTime.now
    try waitForMaster()
    try settle()
    spans.append(MonotonicTime.now.milliseconds(since: switchedAt))
    if freezes { old.signal(SIGCONT) }
    // The next failover needs servers that sentinels believe to be replicas.
    try group.waitForReplicas(2, of: place)
    requests = requested.counts
  }

  /// The server that most sentinels name, and that says so itself.
  private func waitForMaster() throws {
    let former = place
    try group.loop.wait { [self] in
      let named = group.masters()
      guard let port = named.first(where: { port in named.count { $0 == port } >= 2 }),
        let server = group.server(at: port), server !== group.servers[former],
        (try? group.call(server, "ROLE"))?.elements?.first?.text == "master"
      else { return false }
      place = group.servers.firstIndex { $0 === server } ?? place
      return true
    }
  }

  private func place(_ count: Int) throws {
    for _ in 0..<count {
      let now = Instant(milliseconds: LocalClock.now.milliseconds)
      let number = orders.count + 1
      let order = Command(
        id: CommandID("c\(number)"), action: .pause, targets: [AgentID("agent-\(number)")],
        arguments: ["for": "1h"],
        operator: "alice@bastion", reason: "test", issuedAt: now, expiresAt: now + .minutes(30))
      orders.append(order)
      send(order)
    }
  }

  /// Sends an order to the present master, and notes whether a replica has it.
  private func send(_ order: Command) {
    let server = group.servers[place]
    guard
      let connection = try? Connection(loop: group.loop, endpoint: server.endpoint, onReady: {}, onFailure: { _ in })
    else { return }
    defer { connection.close() }
    var count: Int64?
    var isOver = false
    connection.send(Request("XADD", keys.commands, "*", Keys.dataField, CommandCoding.encode(order))) { result in
      if case .success(let reply) = result, reply.error == nil { return }
      isOver = true
    }
    connection.send(Request("WAIT", 1, 300)) { result in
      if case .success(let reply) = result { count = reply.integer }
      isOver = true
    }
    connection.flush()
    let deadline = MonotonicTime.now.adding(milliseconds: 500)
    while !isOver, MonotonicTime.now < deadline { group.loop.turn(atMostMilliseconds: 10) }
    if let count, count >= 1 { confirmed.insert(order.id) }
  }

  /// Sends again what no master has confirmed, until every order has come to its end once.
  private func settle() throws {
    var sentAt = MonotonicTime.now
    try group.loop.wait { [self] in
      let ends = ends()
      if orders.allSatisfy({ ends[$0.id.text] != nil }) { return true }
      if MonotonicTime.now.milliseconds(since: sentAt) > 1000 {
        for order in orders where !confirmed.contains(order.id) { send(order) }
        sentAt = .now
      }
      return false
    }
    for (id, phases) in ends() where phases != [.succeeded] {
      throw Chaos.Fault(description: "order \(id) ended as \(phases.map(\.rawValue))")
    }
    let counts = requested.counts
    guard counts.count == orders.count else {
      throw Chaos.Fault(description: "\(orders.count) orders, \(counts.count) effects by their keys")
    }
  }

  private static let ends: Set<AuditLine.Phase> = [.succeeded, .rejected, .failed, .skipped, .unknown, .expired]

  /// How each order ended, by the present master's audit.
  private func ends() -> [String: [AuditLine.Phase]] {
    let reply = try? group.call(group.servers[place], "XRANGE", keys.audit, "-", "+")
    var ends: [String: [AuditLine.Phase]] = [:]
    for entry in reply?.elements ?? [] {
      guard let data = entry.elements?.last?.pairs.first(where: { $0.name == Keys.dataField })?.value,
        let line = AuditCoding.decode(data), case .command(let id) = line.origin, line.target == .none,
        Self.ends.contains(line.phase)
      else { continue }
      ends[id.text, default: []].append(line.phase)
    }
    return ends
  }

  package var orderCount: Int { orders.count }
}
