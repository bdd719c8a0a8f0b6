import Redis
import TestSupport

/// What a benchmark's server needs to speak TLS at a port of its own.
struct BenchTLS {
  private let folder: TemporaryFolder
  private let authority: TestAuthority
  private let issued: TestAuthority.Issued
  private let port = PrivateServer.freePort()

  init() throws {
    folder = try TemporaryFolder()
    authority = try TestAuthority(in: folder.path)
    issued = try authority.issue("server")
  }

  /// Lines of its configuration.
  var settings: [String] {
    [
      "tls-port \(port)", "tls-cert-file \(issued.certificate)", "tls-key-file \(issued.key)",
      "tls-ca-cert-file \(authority.certificate)", "tls-auth-clients no",
    ]
  }

  var endpoint: Endpoint {
    Endpoint(address: .tcp(host: "127.0.0.1", port: port), tls: TLSSettings(authority: authority.certificate))
  }
}
