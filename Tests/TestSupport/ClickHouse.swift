import Glibc
import Loop
import Redis

/// A real ClickHouse on a free loopback port, with a folder of its own that goes with it.
package final class ClickHouse {
  package let port: UInt16
  private let folder: TemporaryFolder
  private let ports: [UInt16]
  private var server: Child

  private static let path = "/usr/sbin/clickhouse-server"

  /// Whether it is installed, and what to say if it is not.
  package static let isInstalled = access(path, X_OK) == 0
  package static let missing = "clickhouse-server is not installed (Debian: apt-get install clickhouse-server)"

  package struct NotServing: Error {
    package var log: String
    package init(log: String) { self.log = log }
  }

  /// Who writes and who reads, each with a password.
  package static let writer = (user: "writer", password: "writers-own-word")
  package static let reader = (user: "reader", password: "readers-own-word")

  /// - Parameter settings: further lines of its configuration.
  package init(settings: String = "", on loop: Loop) throws {
    folder = try TemporaryFolder()
    ports = [PrivateServer.freePort(), PrivateServer.freePort()]
    port = ports[0]
    try folder.write(Self.configuration(folder.path, ports, settings), to: "config.xml")
    try folder.write(Self.users, to: "users.xml")
    server = try Self.start(folder)
    try wait(on: loop)
  }

  deinit { server.end(SIGKILL) }

  package var url: String { "http://127.0.0.1:\(port)/" }

  package var log: String {
    guard let file = fopen(folder.file("log"), "r") else { return "" }
    defer { fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    return String(decoding: buffer[..<fread(&buffer, 1, buffer.count, file)], as: UTF8.self)
  }

  /// Kills it as a crash does.
  package func kill() { server.end(SIGKILL) }

  /// Starts another one on what it has kept.
  package func startAgain(on loop: Loop) throws {
    server = try Self.start(folder)
    try wait(on: loop)
  }

  package func signal(_ signal: Int32) { server.signal(signal) }

  /// Asks it, and gives what it says.
  package func ask(
    _ statement: String, as account: (user: String, password: String) = writer, _ query: String = "", on loop: Loop
  ) throws -> String {
    guard server.isRunning else { throw NotServing(log: log) }
    guard let client = try? RawClient(port: port) else { return "" }
    client.send(
      """
      POST /?\(query) HTTP/1.0\r\nHost: 127.0.0.1\r\nX-ClickHouse-User: \(account.user)\r
      X-ClickHouse-Key: \(account.password)\r\nContent-Length: \(statement.utf8.count)\r\n\r\n\(statement)
      """)
    try loop.wait { client.isOver }
    return String(decoding: client.body, as: UTF8.self)
  }

  private func wait(on loop: Loop) throws {
    try loop.wait {
      guard server.isRunning else { return true }
      return (try? ask("SELECT 1", on: loop)) == "1\n"
    }
    guard server.isRunning else { throw NotServing(log: log) }
  }

  private static func start(_ folder: TemporaryFolder) throws -> Child {
    let log = open(folder.file("log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    defer { close(log) }
    return try Child(
      path, ["--config-file=\(folder.file("config.xml"))"], environment: ["TZ": "UTC"], output: log, error: log)
  }

  private static func configuration(_ folder: String, _ ports: [UInt16], _ settings: String) -> String {
    """
    <yandex>
      <logger><level>warning</level><console>1</console></logger>
      <listen_host>127.0.0.1</listen_host>
      <http_port>\(ports[0])</http_port>
      <tcp_port>\(ports[1])</tcp_port>
      <path>\(folder)/data/</path>
      <tmp_path>\(folder)/tmp/</tmp_path>
      <users_config>\(folder)/users.xml</users_config>
      <default_profile>default</default_profile>
      <default_database>default</default_database>
      <mark_cache_size>67108864</mark_cache_size>
      \(settings)
    </yandex>
    """
  }

  private static var users: String {
    let accounts = [writer, reader].map { account in
      """
      <\(account.user)>
        <password>\(account.password)</password>
        <networks><ip>127.0.0.1</ip></networks>
        <profile>\(account.user)</profile><quota>default</quota>
      </\(account.user)>
      """
    }
    return """
      <yandex>
        <profiles><default></default><writer></writer><reader><readonly>1</readonly></reader></profiles>
        <quotas><default></default></quotas>
        <users>\(accounts.joined())</users>
      </yandex>
      """
  }
}
