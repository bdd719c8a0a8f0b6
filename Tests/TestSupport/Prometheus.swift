import Glibc
import Loop
import Redis

/// A real Prometheus on a free loopback port, with a folder of its own that goes with it.
package final class Prometheus {
  package let port: UInt16
  private let folder: TemporaryFolder
  private let server: Child

  private static let path = "/usr/bin/prometheus"
  private static let tool = "/usr/bin/promtool"

  /// Whether it is installed, and what to say if it is not.
  package static let isInstalled = access(path, X_OK) == 0 && access(tool, X_OK) == 0
  package static let missing = "prometheus is not installed (Debian: apt-get install prometheus)"

  package struct NotServing: Error { package var log: String }

  /// - Parameter scrapes: the section `scrape_configs` of its configuration.
  package init(scrapes: String) throws {
    folder = try TemporaryFolder()
    try folder.write("global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n\(scrapes)", to: "config.yml")
    port = PrivateServer.freePort()
    let log = open(folder.file("log"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(log) }
    server = try Child(
      Self.path,
      [
        "--config.file=\(folder.file("config.yml"))", "--storage.tsdb.path=\(folder.file("data"))",
        "--web.listen-address=127.0.0.1:\(port)", "--log.level=warn",
      ], environment: [:], output: log, error: log)
  }

  deinit { server.end(SIGKILL) }

  package var url: String { "http://127.0.0.1:\(port)" }

  /// What it has logged.
  package var log: String { TemporaryFolder.text(of: folder.file("log")) }

  /// Asks its API, and gives the JSON text; empty while it does not serve yet.
  package func ask(_ path: String, on loop: Loop) throws -> String {
    guard server.isRunning else { throw NotServing(log: log) }
    return try Self.ask(path, port: port, on: loop)
  }

  /// Asks the API of one that runs.
  package static func ask(_ path: String, port: UInt16, on loop: Loop) throws -> String {
    guard let client = try? RawClient(port: port) else { return "" }
    client.send("GET /api/v1/\(path) HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
    try loop.wait { client.isOver }
    return String(decoding: client.body, as: UTF8.self)
  }

  /// Runs promtool.
  ///
  /// - Parameter input: the name of the file that it reads as its stdin; nil for none.
  /// - Returns: its status, and all that it wrote.
  package static func tool(
    _ arguments: [String], in folder: TemporaryFolder, input: String? = nil
  ) throws -> (status: Int32, text: String) {
    let output = open(folder.file("promtool.log"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    let input = input.map { open(folder.file($0), O_RDONLY | O_CLOEXEC) } ?? -1
    defer { for file in [output, input] where file >= 0 { close(file) } }
    let status = try Child(tool, arguments, environment: [:], input: input, output: output, error: output).wait()
    return (status, TemporaryFolder.text(of: folder.file("promtool.log")))
  }
}
