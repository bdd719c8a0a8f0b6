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

    package init(description: String) { self.description = description }
  }

  let server: TestServer
  let clock: SteppedClock
  let keys = Keys()
  private let path: String
  let folder: String
  /// As whom the handler connects, `user:password@`; nothing for the default user.
  var credentials = ""
  /// The fleet as a console sees it meanwhile.
  private var console: ChaosConsole?
  private var service: MockService?
  var proxy: FaultProxy?
  var handler: Child?
  private var lastHandler = 0
  private var lastCommand = 0
  private var armed: Point?
  /// The command that the point belongs to.
  private var current = ""
  /// Whether the intent, or the outcome, has been handed on and its answer is to be kept.
  private var isWritten = false
  /// How often each effect was asked for, by its key; the service has it once.
  package private(set) var requests: [String: Int] = [:]

  /// A rule's chain that is under way.
  var chain: ChainState?
  /// Whether the handler has been killed, and nobody has looked after it yet.
  var isDead = false
  private let runbook: String?

  /// - Parameters:
  ///   - path: the handler's program; the library that steps clocks lies beside it.
  ///   - isPersistent: whether the server keeps what it is told.
  ///   - runbook: the handler's rules; nil for none.
  package init(path: String, isPersistent: Bool = false, runbook: String? = nil) throws {
    self.path = path
    self.runbook = runbook
    var template = Array("/tmp/vigia-chaos-XXXXXX".utf8CString)
    guard let folder = mkdtemp(&template) else { throw SystemError("make a folder in", "/tmp") }
    self.folder = String(cString: folder)
    clock = try SteppedClock(folder: String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
    server = try TestServer(persistence: isPersistent ? .appendOnly(folder: self.folder) : .none, clock: clock)
    service = try MockService(loop: server.loop) { [unowned self] in answer($0) }
    proxy = try FaultProxy(loop: server.loop, to: server.server)
    proxy?.inspect = { [unowned self] in inspect($0, fromServer: $1) }
    try writeConfiguration()
    try startHandler()
  }

  deinit {
    handler?.end(SIGKILL)
    server.server.stop()
    _ = try? Child("/bin/rm", ["-rf", folder], environment: [:]).wait()
  }

  private var configuration: String { folder + "/handler.toml" }

  private func writeConfiguration() throws {
    let url = service?.url("/api/v1/") ?? ""
    let actuators = [("pause", "agents/"), ("resume", "agents/"), ("block_ip", "blocks/"), ("unblock_ip", "blocks/")]
    let text = actuators.filter { $0.0 == "pause" || runbook != nil }.map { name, path in
      """
      [actuators.\(name)]
      kind = "http"
      method = "PUT"
      url = "\(url)\(path)"
      body = '{{"agent": "{agent}", "action": "{action}"}}'
      timeout = "5s"
      """
    }
    let budgets = runbook == nil ? [] : ["[[budgets]]\nagent = \"*\"\ncost = 1000"]
    try write((text + budgets).joined(separator: "\n"), to: configuration)
    if let runbook { try write(runbook, to: folder + "/runbook.toml") }
  }

  private func write(_ text: String, to path: String) throws {
    guard let file = fopen(path, "w") else { throw SystemError("write", path) }
    fputs(text, file)
    fclose(file)
  }

  /// Starts the next handler, and waits until it acts.
  func startHandler(waits: Bool = true) throws {
    lastHandler += 1
    console = console ?? ChaosConsole(server)
    guard let proxy, case .tcp(let host, let port) = proxy.endpoint.address else { return }
    let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
    let log = open(logPath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    defer {
      close(null)
      close(log)
    }
    handler = try Child(
      path,
      [
        "--id", "h\(lastHandler)", "--redis", "redis://\(credentials)\(host):\(port)", "--config", configuration,
        // Without rules any number of commands is taken.
        "--runbook", runbook == nil ? "/dev/null" : folder + "/runbook.toml",
      ],
      environment: [:], output: null, error: log)
    guard waits else { return }
    try wait("the handler to take office") { [self] in holder == "h\(lastHandler)" }
  }

  private var logPath: String { folder + "/log" }

  /// All that handlers have logged.
  var logged: String {
    guard let file = fopen(logPath, "r") else { return "" }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 22)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }

  /// Who holds the lease.
  var holder: String? {
    (try? server.call("GET", keys.lease))?.bytes.flatMap { LeaseCoding.decode($0) }?.id
  }

  func wait(_ what: @autoclosure () -> String, _ condition: () -> Bool) throws {
    do { try server.loop.wait(seconds: 30, condition) } catch { throw Fault(description: "waited for \(what())") }
  }

  // MARK: A round

  /// Has a handler die at a point of one command, and the next finish it.
  package func run(_ point: Point) throws {
    let agent = next()
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

  /// Names the next command, and gives the agent that it is for.
  func next() -> AgentID {
    lastCommand += 1
    current = "chaos-\(lastCommand)"
    return AgentID("agent-\(lastCommand)")
  }

  /// Sends the current command.
  func publish(_ agent: AgentID) throws { try publish(current, .pause, agent) }

  func publish(_ id: String, _ action: Action, _ agent: AgentID, _ arguments: [String: String] = [:]) throws {
    let time = try server.call("TIME").elements ?? []
    let now = Instant(milliseconds: (time.first?.integer ?? 0) * 1000)
    let command = Command(
      id: CommandID(id), action: action, targets: agent == .none ? [] : [agent], arguments: arguments,
      operator: "chaos", issuedAt: now, expiresAt: now + .minutes(10))
    _ = try server.call("XADD", keys.commands, "*", Keys.dataField, CommandCoding.encode(command))
  }

  private func closings() throws -> [AuditLine] {
    try lines(of: current).filter { $0.target == .none && $0.phase != .received }
  }

  func lines(of command: String) throws -> [AuditLine] {
    // Only the latest are of this round.
    try server.call("XREVRANGE", keys.audit, "+", "-", "COUNT", 200).elements?.compactMap { entry in
      let data = entry.elements?.last?.pairs.first { $0.name == Keys.dataField }?.value
      return data.flatMap { AuditCoding.decode($0) }
    }.filter { $0.origin == .command(CommandID(command)) } ?? []
  }

  func pending() throws -> Int64? {
    try server.call("XPENDING", keys.commands, Keys.group).elements?.first?.integer
  }

  private func check(_ agent: AgentID, _ point: Point) throws {
    try check(current, agent, "killed at \(point)")
    // The end of its pause.
    let jobs = try server.call("ZCARD", keys.schedule).integer ?? 0
    guard Int(jobs) == lastCommand else {
      throw Fault(description: "\(current): \(jobs) ends of pauses for \(lastCommand) pauses")
    }
  }

  /// The command was done once: at the service, in the agent's record and in the audit.
  func check(_ command: String, _ agent: AgentID, _ trouble: String) throws {
    func ensure(_ holds: Bool, _ what: @autoclosure () -> String) throws {
      if !holds { throw Fault(description: "\(command), \(trouble): \(what())") }
    }
    let lines = try lines(of: command)
    func count(_ phase: AuditLine.Phase, _ target: AgentID) -> Int {
      lines.count { $0.phase == phase && $0.target == target }
    }
    let record = AgentRecordCoding.decode(fields: try server.call("HGETALL", keys.agent(agent)).pairs)
    try ensure(record.state == .paused && record.version == 1, "its record is \(record)")
    try ensure(requests["\(command)/\(agent)", default: 0] >= 1, "the service was never asked")
    try ensure(count(.received, .none) == 1, "received \(count(.received, .none)) times")
    try ensure(count(.started, agent) == 1, "\(count(.started, agent)) intents")
    try ensure(count(.succeeded, agent) == 1, "\(count(.succeeded, agent)) outcomes")
    try ensure(count(.succeeded, .none) == 1, "\(count(.succeeded, .none)) closing lines")
  }

  // MARK: What passes

  private func answer(_ request: MockService.Request) -> MockService.Answer {
    let key = request.headers["idempotency-key"]?.first ?? ""
    requests[key, default: 0] += 1
    guard answersChain(key) else { return .silence }
    guard armed == .effect, key.hasPrefix(current + "/") else { return .status(200) }
    kill()
    return .silence
  }

  /// Whether bytes may pass.
  private func inspect(_ bytes: [UInt8], fromServer: Bool) -> Bool {
    guard let armed else { return inspectChain(bytes, fromServer: fromServer) }
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
