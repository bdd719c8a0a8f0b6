import FleetModel
import Logging
import Redis
import TestSupport
import Testing
import Wire

@testable import Handler

/// A server, a handler on it, and what a test asks of both.
final class HandlerScene {
  let server: TestServer
  let keys = Keys()
  private(set) var handlers: [HandlerService] = []
  private var lastCommand = 0
  private let hasClock: Bool

  init(start: Bool = true, clock: SteppedClock? = nil) throws {
    server = try TestServer(clock: clock)
    hasClock = clock != nil
    if start { try startHandler("h1") }
  }

  deinit { for handler in handlers { handler.halt() } }

  @discardableResult
  func startHandler(
    _ id: String, waits: Bool = true, at endpoint: Endpoint? = nil, log: Log = .silent,
    _ change: (inout HandlerOptions) -> Void = { _ in }
  ) throws -> HandlerService {
    var options = HandlerOptions(id: id)
    // A test that has a clock to set lets time pass by it.
    options.leapsPassTime = hasClock
    change(&options)
    let handler = try HandlerService(
      loop: server.loop, endpoint: endpoint ?? server.endpoint, options: options, log: log)
    handlers.append(handler)
    handler.start()
    if waits { try server.wait { handler.isActive } }
    return handler
  }

  /// The server's time, plus a span.
  func now(_ span: TimeSpan = .zero) throws -> Instant {
    let parts = try server.call("TIME").elements ?? []
    return Instant(milliseconds: (parts[0].integer ?? 0) * 1000 + (parts[1].integer ?? 0) / 1000) + span
  }

  func command(
    _ action: Action, _ targets: [AgentID] = [], _ arguments: [String: String] = [:],
    _ change: (inout Command) -> Void = { _ in }
  ) throws -> Command {
    lastCommand += 1
    var command = Command(
      id: CommandID("c\(lastCommand)"), action: action, targets: targets, arguments: arguments,
      operator: "alice@bastion", reason: "test", issuedAt: try now(), expiresAt: try now(.minutes(10)))
    change(&command)
    return command
  }

  func publish(_ command: Command, to stream: [UInt8]? = nil) throws {
    _ = try server.call("XADD", stream ?? keys.commands, "*", Keys.dataField, CommandCoding.encode(command))
  }

  /// Sends a command and waits for its closing line; gives its lines.
  @discardableResult
  func send(
    _ action: Action, _ targets: [AgentID] = [], _ arguments: [String: String] = [:],
    _ change: (inout Command) -> Void = { _ in }
  ) throws -> [AuditLine] {
    let command = try command(action, targets, arguments, change)
    try publish(command)
    return try outcome(of: command.id)
  }

  func outcome(of id: CommandID) throws -> [AuditLine] {
    var lines: [AuditLine] = []
    try server.wait {
      lines = ((try? audit()) ?? []).filter { $0.origin == .command(id) }
      return lines.contains { $0.target == .none && $0.phase != .received }
    }
    return lines
  }

  func audit() throws -> [AuditLine] {
    try entries(keys.audit).compactMap { AuditCoding.decode($0) }
  }

  func control() throws -> [ControlMessage] {
    try entries(keys.control).compactMap { ControlCoding.decode($0) }
  }

  /// The `__data__` of every entry.
  func entries(_ key: [UInt8]) throws -> [[UInt8]] {
    try server.call("XRANGE", key, "-", "+").elements?.compactMap { entry in
      entry.elements?.last?.pairs.first { $0.name == Keys.dataField }?.value
    } ?? []
  }

  func record(_ agent: AgentID) throws -> AgentRecord {
    AgentRecordCoding.decode(fields: try server.call("HGETALL", keys.agent(agent)).pairs)
  }

  func alert(_ kind: AlertKind, _ agent: AgentID) throws -> AlertRecord? {
    let id = AlertID(kind, agent)
    return try server.call("HGET", keys.alerts, id.bytes).bytes.flatMap {
      AlertCoding.decode(id: id.bytes, payload: $0)
    }
  }

  /// The schedule's members and their times.
  func schedule() throws -> [(job: String, due: Instant)] {
    try server.call("ZRANGE", keys.schedule, 0, -1, "WITHSCORES").pairs.compactMap { pair in
      Instant(score: pair.value).map { (String(decoding: pair.name, as: UTF8.self), $0) }
    }
  }

  func pendingCount() throws -> Int64? {
    try server.call("XPENDING", keys.commands, Keys.group).elements?.first?.integer
  }

  /// Whether every command has been delivered and acknowledged.
  func isThrough() throws -> Bool {
    let last = try server.call("XREVRANGE", keys.commands, "+", "-", "COUNT", 1).elements?.first?.elements?.first?.bytes
    let group = try server.call("XINFO", "GROUPS", keys.commands).elements?.first?.pairs ?? []
    let delivered = group.first { $0.name == Array("last-delivered-id".utf8) }?.value
    let pending = try pendingCount()
    return delivered == last && pending == 0
  }

  /// An `agent.status` of a runtime.
  func report(_ agent: AgentID, _ state: String?, command: String, replicas: Int? = nil) throws {
    let data: JSONValue = [
      "state": state.map { .string($0) }, "command_id": .string(command),
      "replicas": replicas.map { .integer(Int64($0)) },
    ]
    let event: JSONValue = ["entity_id": .string(agent.bytes), "event_type": "agent.status", "data": data]
    _ = try server.call("XADD", keys.events, "*", Keys.dataField, event.encoded)
  }
}

extension AuditLine {
  /// Phase, target and detail, to compare lines by.
  var short: String {
    let target = target == .none ? "" : " \(target)"
    return "\(phase.rawValue)\(target)" + (detail.isEmpty ? "" : ": \(detail)")
  }
}

extension HandlerScene {
  /// Hands on what is published on channels of a pattern, from the moment it returns.
  func subscribe(_ pattern: String, _ deliver: @escaping ([UInt8]) -> Void) throws -> Link {
    var isUp = false
    let receiver = MessageReceiver(confirmed: { isUp = true }) { _, payload in deliver(Array(payload)) }
    let link = Link(loop: server.loop, endpoint: server.endpoint) { notice in
      if case .up(let connection) = notice {
        connection.subscribe(channels: [], patterns: [Array(pattern.utf8)], receiver)
      }
    }
    link.start()
    try server.wait { isUp }
    return link
  }
}
