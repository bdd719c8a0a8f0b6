import Glibc
import Loop
import TestSupport
import TestThreads
import Testing

@testable import Redis

/// Tries one connection to its end.
struct Attempt {
  /// - Returns: nil once the server has answered.
  static func failure(_ endpoint: Endpoint, on loop: Loop) throws -> ConnectionFailure? {
    var outcome: ConnectionFailure??
    do throws(ConnectionFailure) {
      let connection = try Connection(loop: loop, endpoint: endpoint) {
        outcome = .some(nil)
      } onFailure: {
        if outcome == nil { outcome = .some($0) }
      }
      _ = try? loop.wait { outcome != nil }
      connection.close()
    } catch {
      outcome = error
    }
    return try #require(outcome)
  }
}

/// Certificates as they are met.
@Suite(.threaded) struct TLSCertificateTests {
  private func failure(_ server: TLSServer, _ endpoint: Endpoint) throws -> TLSFailure? {
    switch try Attempt.failure(endpoint, on: server.plain.loop) {
    case nil: return nil
    case .tls(let failure): return failure
    case let other?:
      Issue.record("\(other)")
      return nil
    }
  }

  @Test(arguments: ["localhost", "127.0.0.1"]) func nameAndAddressOfTheCertificateAreTaken(_ host: String) throws {
    let server = try TLSServer()
    #expect(try Attempt.failure(server.endpoint(host), on: server.plain.loop) == nil)
  }

  @Test func nameAndAddressThatTheCertificateIsNotForAreRefused() throws {
    let named = try TLSServer { try $0.issue("server", for: ["DNS:redis.example", "DNS:*.other.example"]) }
    for host in ["localhost", "127.0.0.1"] {
      #expect(
        try failure(named, named.endpoint(host))
          == .wrongName(wanted: host, found: "DNS:redis.example, DNS:*.other.example"))
    }
    let trusted = named.authority.certificate
    for (name, isGood) in [
      ("redis.example", true), ("redis.example.", true), ("REDIS.example", true), ("a.other.example", true),
      ("a.b.other.example", false), ("other.example", false), ("example", false), ("127.0.0.1", false),
    ] {
      let settings = TLSSettings(authority: trusted, name: name)
      #expect(try (failure(named, named.endpoint("127.0.0.1", settings)) == nil) == isGood, "\(name)")
    }
    // An address in the certificate is no name, and the other way round.
    let addressed = try TLSServer { try $0.issue("server", for: ["IP:127.0.0.1"]) }
    #expect(try failure(addressed, addressed.endpoint("127.0.0.1")) == nil)
    #expect(
      try failure(addressed, addressed.endpoint("localhost"))
        == .wrongName(wanted: "localhost", found: "IP Address:127.0.0.1"))
    let odd = try TLSServer { try $0.issue("server", for: ["DNS:127.0.0.1"]) }
    #expect(try failure(odd, odd.endpoint("127.0.0.1")) != nil)
  }

  @Test func timesCount() throws {
    let old = try TLSServer { try $0.issue("server", from: -7200, until: -3600) }
    guard case .expired(let until) = try failure(old, old.endpoint()) else { return #expect(Bool(false)) }
    #expect(until.hasSuffix(" GMT"))
    let early = try TLSServer { try $0.issue("server", from: 3600) }
    guard case .notYetValid(let from) = try failure(early, early.endpoint()) else { return #expect(Bool(false)) }
    #expect(from.hasSuffix(" GMT"))
  }

  @Test func authoritiesCount() throws {
    let own = try TLSServer { try $0.issue("server", isSelfSigned: true) }
    #expect(try failure(own, own.endpoint()) == .selfSigned)
    let itself = TLSSettings(authority: own.folder.file("server.pem"))
    #expect(try failure(own, own.endpoint("localhost", itself)) == nil)

    let server = try TLSServer()
    guard
      case .unknownAuthority(let issuer) = try failure(server, server.endpoint("localhost", TLSSettings()))
    else { return #expect(Bool(false)) }
    #expect(issuer == "CN = authority")
    let other = try TestAuthority(in: server.folder.path, name: "other")
    let wrong = TLSSettings(authority: other.certificate)
    #expect(try failure(server, server.endpoint("localhost", wrong)) == .unknownAuthority(issuer: "CN = authority"))
    let insecure = TLSSettings(isInsecure: true)
    #expect(try failure(server, server.endpoint("localhost", insecure)) == nil)
    #expect(server.endpoint("localhost", insecure).isUnverified && !server.endpoint().isUnverified)
  }

  /// Plain names are read as they are; names that are hashes, as `openssl rehash` makes them, as they are needed.
  @Test func folderOfAuthoritiesIsOne() throws {
    let server = try TLSServer()
    let folder = try TemporaryFolder()
    let settings = TLSSettings(authority: folder.path)
    #expect(try failure(server, server.endpoint("localhost", settings)) == .noCertificate(file: folder.path))
    try folder.write("no certificate at all", to: "readme.txt")
    #expect(try failure(server, server.endpoint("localhost", settings)) == .noCertificate(file: folder.path))
    _ = try TestAuthority(in: folder.path, name: "other")
    #expect(try failure(server, server.endpoint("localhost", settings)) != nil)
    // It is found by the next connection.
    try folder.write(TemporaryFolder.text(of: server.authority.certificate), to: "trusted.crt")
    #expect(try failure(server, server.endpoint("localhost", settings)) == nil)

    guard let openssl = TLSService.openssl else { return }
    let child = try Child(openssl, ["rehash", folder.path], environment: ["PATH": "/usr/bin:/bin"])
    #expect(child.wait() == 0)
    #expect(try failure(server, server.endpoint("localhost", settings)) == nil)
  }
}

/// Certificates of clients, and files.
@Suite(.threaded) struct TLSClientTests {
  private func failure(_ server: TLSServer, _ settings: TLSSettings) throws -> ConnectionFailure? {
    try Attempt.failure(server.endpoint("localhost", settings), on: server.plain.loop)
  }

  /// In TLS 1.3 the handshake is over before the server has seen it.
  @Test(arguments: ["TLSv1.3", "TLSv1.2"]) func serverMayWantOne(_ version: String) throws {
    let server = try TLSServer(clients: "yes", settings: ["tls-protocols \(version)"])
    let trusted = server.authority.certificate
    for _ in 0..<20 {
      #expect(try failure(server, TLSSettings(authority: trusted)) == .tls(.clientCertificateRequired))
    }
    let right = try server.authority.issue("client")
    let good = TLSSettings(authority: trusted, certificate: right.certificate, key: right.key)
    #expect(try failure(server, good) == nil)
    let other = try TestAuthority(in: server.folder.path, name: "other").issue("stranger")
    let old = try server.authority.issue("old", from: -7200, until: -3600)
    for (issued, words) in [
      (other, "its authority is not known there"), (old, "it has expired, or is not valid yet"),
    ] {
      let settings = TLSSettings(authority: trusted, certificate: issued.certificate, key: issued.key)
      for _ in 0..<20 { #expect(try failure(server, settings) == .tls(.clientCertificateRefused(words))) }
    }
    // Certificate and key in one file.
    let both = TemporaryFolder.text(of: right.certificate) + TemporaryFolder.text(of: right.key)
    let one = try server.folder.write(both, to: "both.pem")
    #expect(try failure(server, TLSSettings(authority: trusted, certificate: one)) == nil)
  }

  @Test func filesThatCannotBeTakenAreNamed() throws {
    let server = try TLSServer()
    let (folder, trusted) = (server.folder, server.authority.certificate)
    let right = try server.authority.issue("client")
    let locked = try server.authority.issue("locked", passphrase: "hunter2")
    let other = try server.authority.issue("other")
    let missing = folder.file("missing.pem")
    let empty = try folder.write("", to: "empty.pem")
    let gone = TLSFailure.unreadable(file: missing, reason: "No such file or directory")
    let certificate = right.certificate
    for (settings, expected) in [
      (TLSSettings(authority: missing), gone),
      (TLSSettings(authority: empty), .noCertificate(file: empty)),
      (TLSSettings(authority: right.key), .noCertificate(file: right.key)),
      (TLSSettings(authority: "/dev/zero"), .unreadable(file: "/dev/zero", reason: "it is no file")),
      (TLSSettings(authority: trusted, certificate: missing), gone),
      (
        TLSSettings(authority: trusted, certificate: folder.path),
        .unreadable(file: folder.path, reason: "it is no file")
      ),
      (TLSSettings(authority: trusted, certificate: empty, key: right.key), .noCertificate(file: empty)),
      (TLSSettings(authority: trusted, certificate: certificate, key: missing), gone),
      (TLSSettings(authority: trusted, certificate: certificate, key: empty), .noKey(file: empty)),
      (TLSSettings(authority: trusted, certificate: certificate), .noKey(file: certificate)),
      (
        TLSSettings(authority: trusted, certificate: certificate, key: other.key),
        .foreignKey(file: other.key, certificate: certificate)
      ),
      (
        TLSSettings(authority: trusted, certificate: locked.certificate, key: locked.key),
        .encryptedKey(file: locked.key)
      ),
    ] {
      #expect(try failure(server, settings) == .tls(expected))
    }
  }

  /// A renewed certificate counts from the next connection on; without a change nothing is read again.
  @Test func changedFilesAreReadAgain() throws {
    let server = try TLSServer(clients: "yes")
    let stranger = try TestAuthority(in: server.folder.path, name: "other").issue("client")
    let settings = TLSSettings(
      authority: server.authority.certificate, certificate: stranger.certificate, key: stranger.key)
    let contexts = TLSContexts()
    let first = try contexts.context(for: settings)
    #expect(try contexts.context(for: settings) === first)
    #expect(try failure(server, settings) != nil)
    _ = try server.authority.issue("client")
    #expect(try contexts.context(for: settings) !== first)
    #expect(try failure(server, settings) == nil)
  }

  @Test func everyFailureSaysWhatItMeansAndWhatWouldHelp() {
    let all: [TLSFailure] = [
      .unreadable(file: "f", reason: "r"), .noCertificate(file: "f"), .noKey(file: "f"), .encryptedKey(file: "f"),
      .foreignKey(file: "f", certificate: "c"), .noSystemStore, .wrongName(wanted: "w", found: "f"),
      .expired(until: "u"), .notYetValid(from: "f"), .selfSigned, .unknownAuthority(issuer: "i"), .badCertificate("b"),
      .clientCertificateRequired, .clientCertificateRefused("r"), .speaksNoTLS, .wantsTLS, .noCommonVersion,
      .noCommonCipher, .unknownServerName("n"), .endedInHandshake, .silentInHandshake(milliseconds: 5000),
    ]
    for failure in all { #expect("\(failure)" == "\(failure.meaning); \(failure.remedy ?? "")") }
    #expect("\(TLSFailure.broken("bad record mac"))" == "TLS failed: bad record mac")
    #expect(ConnectionFailure.tls(.speaksNoTLS).description.contains("redis://"))
  }
}
