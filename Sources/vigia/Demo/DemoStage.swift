import FleetModel
import Glibc
import Loop
import Redis
import Wire

/// All that a demo needs besides the console: a private Redis, a handler and a simulator, which die with this process.
///
/// A class, since it owns processes.
final class DemoStage {
  let installation: Installation
  private let server: PrivateServer
  private let environment: [String: String]
  private let isQuiet: Bool
  private(set) var handler: Child?
  private(set) var simulator: Child?
  /// Scrapes the handler; nil if nobody asked for it.
  private(set) var prometheus: DemoPrometheus?
  /// What the handler is told; nil for nothing.
  private var settings: DemoSettings?

  /// Starts the Redis.
  ///
  /// - Parameters:
  ///   - prefix: what its keys are to begin with.
  ///   - isQuiet: whether what the children log is dropped, since a console has the terminal.
  init(prefix: KeyPrefix, isQuiet: Bool) throws {
    let password = Self.password()
    do {
      server = try PrivateServer(password: password, environment: Environment.values("PATH"))
    } catch {
      throw Exit.failed.saying("\(error)")
    }
    installation = Installation(endpoint: server.endpoint, prefix: prefix)
    self.isQuiet = isQuiet
    // By the environment, so that the password stands in no list of processes.
    var environment = Environment.values("PATH", "HOME", "LANG", "LC_ALL")
    environment["VIGIA_REDIS"] = "redis://:\(password)@127.0.0.1:\(server.port)/0"
    environment["VIGIA_PREFIX"] = prefix.text
    self.environment = environment
  }

  /// Starts a Prometheus, to which the handler that is started after it tells its metrics.
  func startPrometheus() throws { prometheus = try DemoPrometheus() }

  /// Gives settings, as TOML, to the handler that is started after it.
  func setHandlerSettings(_ text: String) throws { settings = try DemoSettings(text) }

  /// Starts the handler in a Redis whose rules act: nobody but the demo's own agents is there to be surprised.
  func startHandler() throws {
    try RedisQuery.run(installation) { query in
      query.send(Request("SET", query.keys.automation, AutomationMode.on.rawValue)) { _ in query.end() }
    }
    guard let program = HandlerCommand.program else {
      throw Exit.failed.saying("vigia-handler is not beside this program; build both with swift build")
    }
    let metrics = prometheus.map { ["--metrics", "127.0.0.1:\($0.metricsPort)"] } ?? []
    let config = settings.map { ["--config", $0.path] } ?? []
    handler = try start(program, ["--die-with-parent"] + metrics + config, output: -1)
  }

  /// Waits until the handler holds the lease, so that a console finds it listening: five seconds, and then no longer.
  func waitForHandler() throws {
    try RedisQuery.run(installation) { Self.look(for: $0, tries: 100) }
  }

  private static func look(for query: RedisQuery, tries: Int) {
    query.send(Request("GET", query.keys.lease)) { reply in
      guard reply.bytes == nil, tries > 0 else { return query.end() }
      query.session.loop.schedule(inMilliseconds: 50) { look(for: query, tries: tries - 1) }
    }
  }

  /// Starts the simulator; what it prints: a line of JSON as soon as it is under way, one more every `report`, and one at
  /// its end.
  func startSimulator(_ arguments: [String], report: String) throws -> ChildOutput {
    guard let program = HandlerCommand.ownPath else { throw Exit.failed.saying("this program's file is not known") }
    let output = try ChildOutput()
    // The Redis is ours: there is nobody to ask for leave.
    simulator = try start(
      program, ["simulate", "--into-live", "--report", report] + arguments, output: output.writeEnd)
    output.closeWriteEnd()
    return output
  }

  private func start(_ program: String, _ arguments: [String], output: Int32) throws -> Child {
    let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(null) }
    do {
      return try Child(
        program, arguments, environment: environment, output: output < 0 ? null : output, error: isQuiet ? null : -1)
    } catch {
      throw Exit.failed.saying("\(error)")
    }
  }

  private static func password() -> String {
    (0..<4).map { _ in String(UInt64.random(in: 0...UInt64.max), radix: 36) }.joined()
  }
}
