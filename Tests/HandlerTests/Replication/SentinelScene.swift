import Automation
import FleetModel
import HTTP
import Loop
import Redis
import TestSupport
import Testing
import Wire

@testable import Handler

/// A group of servers with sentinels, handlers that find them, and a service that is called for a restart.
final class SentinelScene {
  let group: SentinelServers
  let service: MockService
  let keys = Keys()
  private(set) var handlers: [HandlerService] = []
  private var lastCommand = 0

  init(replicas: Int = 2, isProxied: Bool = false) throws {
    group = try SentinelServers(replicas: replicas, isProxied: isProxied)
    service = try MockService(loop: group.loop) { _ in .status(200) }
  }

  deinit { for handler in handlers { handler.halt() } }

  var loop: Loop { group.loop }

  @discardableResult
  func startHandler(
    _ id: String, at endpoint: Endpoint? = nil, durability: Durability.Setting = .automatic, waits: Bool = true,
    log: LogLines = LogLines()
  ) throws -> HandlerService {
    var options = HandlerOptions(id: id)
    options.durability = durability
    let actuator = HTTPActuator(url: try Template("http://127.0.0.1:\(service.port)/\(id)"))
    options.actuators = ActuatorTable(actions: [.restart: .http(actuator)])
    let handler = try HandlerService(loop: loop, endpoint: endpoint ?? group.endpoint, options: options, log: log.log)
    handlers.append(handler)
    handler.start()
    if waits { try loop.wait { handler.isActive } }
    return handler
  }

  /// The keys of calls that the service got, each as often as it came; those of one handler, or of all.
  func calls(of handler: String? = nil) -> [String] {
    service.requests.filter { handler == nil || $0.path == "/\(handler ?? "")" }
      .compactMap { $0.headers["idempotency-key"]?.first }
  }

  /// The number of the server that an active handler's session is with; nil if it does not act.
  func place(of handler: HandlerService) -> Int? {
    guard let server = handler.session?.connection.endpoint, case .tcp(_, let port) = server.address else { return nil }
    return group.server(at: port).flatMap { found in group.servers.firstIndex { $0 === found } }
  }

  /// An order to restart one agent, with an id of its own.
  func restart() throws -> Command {
    lastCommand += 1
    let now = Instant(milliseconds: LocalClock.now.milliseconds)
    return Command(
      id: CommandID("c\(lastCommand)"), action: .restart, targets: [AgentID("agent-\(lastCommand)")], arguments: [:],
      operator: "alice@bastion", reason: "test", issuedAt: now, expiresAt: now + .minutes(5))
  }

  func publish(_ command: Command, to server: PrivateServer) throws {
    let reply = try group.call(server, "XADD", keys.commands, "*", Keys.dataField, CommandCoding.encode(command))
    if let error = reply.error { throw error }
  }

  /// The lines of the audit that stand on a server.
  func audit(on server: PrivateServer) -> [AuditLine] {
    let reply = try? group.call(server, "XRANGE", keys.audit, "-", "+")
    return (reply?.elements ?? []).compactMap { entry in
      entry.elements?.last?.pairs.first { $0.name == Keys.dataField }.flatMap { AuditCoding.decode($0.value) }
    }
  }

  /// Waits until a server's audit says that a command has succeeded.
  func waitForSuccess(of command: Command, on server: PrivateServer) throws {
    try loop.wait { [self] in
      audit(on: server).contains { $0.origin == .command(command.id) && $0.phase == .succeeded }
    }
  }
}
