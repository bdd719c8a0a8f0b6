import Redis

/// A redis-server that speaks TLS at a port of its own, with a certificate of a test's authority; at another port it is
/// reached without.
package final class TLSServer {
  package let folder: TemporaryFolder
  package let authority: TestAuthority
  /// Reached without TLS.
  package let plain: TestServer
  /// Where TLS is spoken.
  package let port: UInt16

  /// - Parameters:
  ///   - issue: makes the server's certificate; by default one for localhost and 127.0.0.1.
  ///   - clients: what it asks of clients: `no`, `optional` or `yes`.
  package init(
    clients: String = "no", settings: [String] = [], password: String? = nil,
    _ issue: (TestAuthority) throws -> TestAuthority.Issued = { try $0.issue("server") }
  ) throws {
    folder = try TemporaryFolder()
    authority = try TestAuthority(in: folder.path)
    let issued = try issue(authority)
    port = PrivateServer.freePort()
    plain = try TestServer(
      password: password,
      settings: [
        "tls-port \(port)", "tls-cert-file \(issued.certificate)", "tls-key-file \(issued.key)",
        "tls-ca-cert-file \(authority.certificate)", "tls-auth-clients \(clients)",
      ] + settings)
  }

  /// As a client reaches it that trusts the authority.
  package func endpoint(_ host: String = "localhost", _ tls: TLSSettings? = nil) -> Endpoint {
    Endpoint(
      address: .tcp(host: host, port: port), password: plain.endpoint.password,
      tls: tls ?? TLSSettings(authority: authority.certificate))
  }

  package var url: String { "rediss://localhost:\(port)" }
}
