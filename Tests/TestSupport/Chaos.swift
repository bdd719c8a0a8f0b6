import FleetModel
import Glibc
import Loop
import Redis
import Wire

/// Handlers that are killed in the middle of a command, at a chosen point, and what becomes of the command.
///
/// ```
/// operator ─▶ Redis ◀─ proxy ◀─ vigia-handler ─▶ service
///                        └─ kills it where a point is passed
/// ```
/// Each round is one command for one agent. Its handler dies, the next takes over, and the command must have been done
/// once: at the service, in the agent's record, and in the audit.
package final class Chaos {
  /// Where a handler dies.
  package enum Point: String, CaseIterable, Sendable {
    /// The command is on its way to the handler.
    case read
    /// The intent is about to be written; or has been.
    case beforeIntent, intent
    /// The service has been asked.
    case effect
    /// The outcome, and with it the acknowledgement, is about to be written; or has been.
    case beforeOutcome, acknowledge
  }

  /// What went wrong in a round.
  package struct Fault: Error, CustomStringConvertible {
    package let description: String
  }

  private let server: TestServer
  private let keys = Keys()
  private let path: String
  private let folder: String
  private var service: MockService?
  private var proxy: FaultProxy?
  private var handler: Child?
  private var lastHandler = 0
  private var lastCommand = 0
  private var armed: Point?
  /// The command that the point belongs to.
  private var current = ""
  /// Whether the intent, or the outcome, has been handed on and its answer is to be kept.
  private var isWritten = false
  /// How often each effect was asked for, by its key; the service has it once.
  package private(set) var requests: [String: Int] = [:]

  /// - Parameter path: the handler's program.
  package init(path: String) throws {
    self.path = path
    server = try TestServer()
    var template = Array("/tmp/vigia-chaos-XXXXXX".utf8CString)
    guard let folder = mkdtemp(&template) else { throw SystemError("make a folder in", "/tmp") }
    self.folder = String(cString: folder)
    service = try MockService(loop: server.loop) { [unowned self] in answer($0) }
    proxy = try FaultProxy(loop: server.loop, to: server.server)
    proxy?.inspect = { [unowned self] in inspect($0, fromServer: $1) }
    try writeConfiguration()
    try startHandler()
  }

  deinit {
    handler?.end(SIGKILL)
    unlink(configuration)
    rmdir(folder)
  }

  private var configuration: String { folder + "/handler.toml" }

  private func writeConfiguration() throws {
    let text = """
      [actuators.pause]
      kind = "http"
      method = "PUT"
      url = "\(service?.url("/api/v1/agents/") ?? "")"
      body = '{{"agent": "{agent}", "is_active": false}}'
      timeout = "5s"
      """
    guard let file = fopen(configuration, "w") else { throw SystemError("write", configuration) }
    fputs(text, file)
    fclose(file)
  }

  private func startHandler() throws {
    lastHandler += 1
    guard let proxy, case .tcp(let host, let port) = proxy.endpoint.address else { return }
    let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(null) }
    handler = try Child(
      path, ["--id", "h\(lastHandler)", "--redis", "redis://\(host):\(port)", "--config", configuration],
      environment: [:], output: null, error: null)
    try wait("the handler to take office") { [self] in
      let lease = (try? server.call("GET", keys.lease))?.bytes.flatMap { LeaseCoding.decode($0) }
      return lease?.id == "h\(lastHandler)"
    }
  }

  private func wait(_ what: String, _ condition: () -> Bool) throws {
    do { try server.loop.wait(seconds: 30, condition) } catch { throw Fault(description: "waited for \(what)") }
  }

  // MARK: A round

  /// Has a handler die at a point of one command, and the next finish it.
  package func run(_ point: Point) throws {
    lastCommand += 1
    current = "chaos-\(lastCommand)"
    let agent = AgentID("agent-\(lastCommand)")
    (armed, isWritten) = (point, false)
    try publish(agent)
    try wait("the handler to die at \(point)") { armed == nil }
    _ = handler?.wait()
    // Its lease would stand for three seconds more.
    _ = try server.call("DEL", keys.lease)
    try startHandler()
    try wait("the outcome after \(point)") { (try? closings())?.isEmpty == false && (try? pending()) == 0 }
    try check(agent, point)
  }

  private func publish(_ agent: AgentID) throws {
    let time = try server.call("TIME").elements ?? []
    let now = Instant(milliseconds: (time.first?.integer ?? 0) * 1000)
    let command = Command(
      id: CommandID(current), action: .pause, targets: [agent], operator: "chaos", issuedAt: now,
      expiresAt: now + .minutes(10))
    _ = try server.call("XADD", keys.commands, "*", Keys.dataField, CommandCoding.encode(command))
  }

  private func closings() throws -> [AuditLine] { try lines().filter { $0.target == .none && $0.phase != .received } }

  private func lines() throws -> [AuditLine] {
    // Only the latest are of this round.
    try server.call("XREVRANGE", keys.audit, "+", "-", "COUNT", 20).elements?.compactMap { entry in
      let data = entry.elements?.last?.pairs.first { $0.name == Keys.dataField }?.value
      return data.flatMap { AuditCoding.decode($0) }
    }.filter { $0.origin == .command(CommandID(current)) } ?? []
  }

  private func pending() throws -> Int64? {
    try server.call("XPENDING", keys.commands, Keys.group).elements?.first?.integer
  }

  private func check(_ agent: AgentID, _ point: Point) throws {
    func ensure(_ holds: Bool, _ what: @autoclosure () -> String) throws {
      if !holds { throw Fault(description: "\(current), killed at \(point): \(what())") }
    }
    let lines = try lines()
    func count(_ phase: AuditLine.Phase, _ target: AgentID) -> Int {
      lines.count { $0.phase == phase && $0.target == target }
    }
    let record = AgentRecordCoding.decode(fields: try server.call("HGETALL", keys.agent(agent)).pairs)
    try ensure(record.state == .paused && record.version == 1, "its record is \(record)")
    try ensure(requests["\(current)/\(agent)", default: 0] >= 1, "the service was never asked")
    try ensure(count(.received, .none) == 1, "received \(count(.received, .none)) times")
    try ensure(count(.started, agent) == 1, "\(count(.started, agent)) intents")
    try ensure(count(.succeeded, agent) == 1, "\(count(.succeeded, agent)) outcomes")
    try ensure(count(.succeeded, .none) == 1, "\(count(.succeeded, .none)) closing lines")
    // The end of its pause.
    let jobs = try server.call("ZCARD", keys.schedule).integer ?? 0
    try ensure(Int(jobs) == lastCommand, "\(jobs) ends of pauses for \(lastCommand) pauses")
  }

  // MARK: What passes

  private func answer(_ request: MockService.Request) -> MockService.Answer {
    let key = request.headers["idempotency-key"]?.first ?? ""
    requests[key, default: 0] += 1
    guard armed == .effect, key.hasPrefix(current + "/") else { return .status(200) }
    kill()
    return .silence
  }

  /// Whether bytes may pass.
  private func inspect(_ bytes: [UInt8], fromServer: Bool) -> Bool {
    guard let armed else { return true }
    if fromServer {
      if armed == .read, contains(bytes, current) {
        // It passes, and the handler may come as far as it likes until it is dead.
        kill()
        return true
      }
      guard isWritten else { return true }
      kill()
      return false
    }
    let phase = armed == .beforeIntent || armed == .intent ? "started" : "succeeded"
    guard armed != .read, armed != .effect, contains(bytes, "\"phase\":\"\(phase)\""), contains(bytes, current) else {
      return true
    }
    if armed == .beforeIntent || armed == .beforeOutcome {
      kill()
      return false
    }
    isWritten = true
    return true
  }

  private func contains(_ bytes: [UInt8], _ text: String) -> Bool {
    String(decoding: bytes, as: UTF8.self).contains(text)
  }

  private func kill() {
    armed = nil
    handler?.signal(SIGKILL)
  }
}
