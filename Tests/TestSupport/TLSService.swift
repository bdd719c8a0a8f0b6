import Glibc
import Loop
import Redis

/// A service with a certificate of its own authority, by the `openssl` command, which answers 200 to any GET.
package final class TLSService {
  /// The authority's certificate.
  package let authority: String
  package let port: UInt16
  private let folder: String
  private let server: Child

  package static let openssl: String? = ["/usr/bin/openssl", "/usr/local/bin/openssl"].first { access($0, X_OK) == 0 }

  /// - Parameter name: whom the certificate is for, `IP:127.0.0.1` or `DNS:other.example`.
  package init(for name: String) throws {
    var template = Array("/tmp/vigia-tls-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError("make a folder") }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    authority = "\(folder)/ca.pem"
    port = PrivateServer.freePort()
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    try Self.run(
      ["req", "-x509", "-subj", "/CN=Test authority", "-keyout", "\(folder)/ca.key", "-out", authority] + key)
    try Self.run(
      ["req", "-x509", "-subj", "/CN=service", "-addext", "subjectAltName=\(name)", "-CA", authority]
        + ["-CAkey", "\(folder)/ca.key", "-keyout", "\(folder)/key.pem", "-out", "\(folder)/cert.pem"]
        + ["-addext", "basicConstraints=critical,CA:FALSE"] + key)
    server = try Self.start(
      ["s_server", "-accept", "127.0.0.1:\(port)", "-www", "-quiet"]
        + ["-cert", "\(folder)/cert.pem", "-key", "\(folder)/key.pem"])
    try waitUntilServing()
  }

  deinit {
    server.end(SIGKILL)
    _ = try? Child("/bin/rm", ["-r", folder], environment: [:]).wait()
  }

  private func waitUntilServing() throws {
    for _ in 0..<1000 where server.isRunning {
      if let socket = LoopbackSocket.connected(to: port) {
        close(socket)
        return
      }
      // openssl tells nobody that it listens.
      usleep(10_000)
    }
    throw SystemError("serve TLS", "127.0.0.1:\(port)", code: ECONNREFUSED)
  }

  private static func run(_ arguments: [String]) throws {
    guard try start(arguments).wait() == 0 else { throw SystemError("run openssl", arguments[0], code: EINVAL) }
  }

  private static func start(_ arguments: [String]) throws -> Child {
    let null = open("/dev/null", O_WRONLY)
    defer { close(null) }
    return try Child(openssl ?? "openssl", arguments, environment: [:], output: null, error: null)
  }
}
