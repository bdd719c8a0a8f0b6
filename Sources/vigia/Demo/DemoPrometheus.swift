import Glibc
import Loop
import Redis

/// A Prometheus that scrapes the demo's handler, in a folder that goes with it.
///
/// A class, since it owns a process and a folder.
final class DemoPrometheus {
  /// Where the handler is to serve its metrics.
  let metricsPort: UInt16
  private let port: UInt16
  private let folder: String
  private let server: Child

  /// Starts it; it looks for the handler's metrics every second from then on.
  init() throws {
    guard let program = PrivateServer.find("prometheus", path: Environment.values("PATH")["PATH"] ?? "") else {
      throw Exit.failed.saying("prometheus is not installed (Debian: apt-get install prometheus)")
    }
    var template = Array("/tmp/vigia-demo-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw Exit.failed.saying("make a folder: \(SystemError("make").description)")
    }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    (metricsPort, port) = Self.ports
    do {
      try Self.write(Self.configuration(metricsPort), to: "\(folder)/prometheus.yml")
      try Self.write(String(decoding: PackageResources.rules_yml, as: UTF8.self), to: "\(folder)/vigia.yml")
      server = try Self.start(program, folder, port)
    } catch {
      Self.remove(folder)
      throw Exit.failed.saying("\(error)")
    }
  }

  deinit {
    server.end(SIGKILL)
    Self.remove(folder)
  }

  /// Where to look.
  var places: [String] {
    [
      "Prometheus: http://127.0.0.1:\(port)/graph?g0.expr=vigia_agent_error_ratio&g0.tab=0&g0.range_input=5m",
      "its alerts: http://127.0.0.1:\(port)/alerts",
      "the metrics: http://127.0.0.1:\(metricsPort)/metrics",
    ]
  }

  /// Two that are free and not the same.
  private static var ports: (UInt16, UInt16) {
    let first = PrivateServer.freePort()
    var second = PrivateServer.freePort()
    while second == first { second = PrivateServer.freePort() }
    return (first, second)
  }

  private static func configuration(_ metricsPort: UInt16) -> String {
    """
    global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 5s}
    rule_files: [vigia.yml]
    scrape_configs:
      - job_name: vigia
        static_configs: [{targets: ["127.0.0.1:\(metricsPort)"]}]

    """
  }

  private static func start(_ program: String, _ folder: String, _ port: UInt16) throws(SystemError) -> Child {
    let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(null) }
    return try Child(
      program,
      [
        "--config.file=\(folder)/prometheus.yml", "--storage.tsdb.path=\(folder)/data",
        "--web.listen-address=127.0.0.1:\(port)", "--log.level=error",
      ], environment: Environment.values("PATH"), output: null, error: null)
  }

  private static func write(_ text: String, to path: String) throws(SystemError) {
    guard let file = fopen(path, "w") else { throw SystemError("write", path) }
    defer { fclose(file) }
    guard fputs(text, file) >= 0 else { throw SystemError("write", path) }
  }

  private static func remove(_ folder: String) {
    _ = try? Child("/bin/rm", ["-rf", folder], environment: [:]).wait()
  }
}
