import Glibc
import Loop
import Redis

/// A real Alertmanager on a free loopback port, with a folder of its own that goes with it.
package final class Alertmanager {
  package let port: UInt16
  private let folder: String
  private let server: Child

  package enum Failure: Error, CustomStringConvertible {
    case notInstalled
    case notServing(UInt16)

    package var description: String {
      switch self {
      case .notInstalled:
        "prometheus-alertmanager is not installed; install it (Debian: apt-get install prometheus-alertmanager)"
      case .notServing(let port): "prometheus-alertmanager did not begin to serve on 127.0.0.1:\(port)"
      }
    }
  }

  private static let path = "/usr/bin/prometheus-alertmanager"

  package init() throws {
    guard access(Self.path, X_OK) == 0 else { throw Failure.notInstalled }
    var template = Array("/tmp/vigia-alertmanager-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError("make a folder") }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard let file = fopen("\(folder)/config.yml", "w") else { throw SystemError("write", "\(folder)/config.yml") }
    fputs("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n", file)
    fclose(file)
    port = PrivateServer.freePort()
    server = try Child(
      Self.path,
      [
        "--config.file=\(folder)/config.yml", "--storage.path=\(folder)/data",
        "--web.listen-address=127.0.0.1:\(port)", "--cluster.listen-address=", "--log.level=error",
      ], environment: [:])
    try waitUntilServing()
  }

  deinit {
    server.end(SIGKILL)
    _ = try? Child("/bin/rm", ["-r", folder], environment: [:]).wait()
  }

  package var url: String { "http://127.0.0.1:\(port)" }

  private func waitUntilServing() throws {
    for _ in 0..<3000 where server.isRunning {
      if let socket = LoopbackSocket.connected(to: port) {
        close(socket)
        return
      }
      // It tells nobody that it listens.
      usleep(10_000)
    }
    throw Failure.notServing(port)
  }
}
