import FleetModel
import Glibc
import Loop
import TestSupport
import TestThreads
import Testing

@testable import Redis

/// Servers and networks that do not do as they should.
@Suite(.threaded) struct TLSFaultTests {
  @Test func serverWithoutTLSIsToldApart() throws {
    let server = try TestServer()
    let endpoint = Endpoint(
      address: .tcp(host: "127.0.0.1", port: server.server.port), tls: TLSSettings(isInsecure: true))
    // Redis itself waits for the end of a line, which never comes.
    var failures: [ConnectionFailure] = []
    let link = Link(loop: server.loop, endpoint: endpoint) { notice in
      if case .down(let failure) = notice { failures.append(failure) }
    }
    link.start()
    try server.wait { !failures.isEmpty }
    #expect(failures.first == .tls(.silentInHandshake(milliseconds: 5000)))
    link.stop()
    for words in ["-ERR unknown command\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "220 mail ready\r\n"] {
      let loop = try Loop()
      var held: [Int32] = []
      let speaker = try Speaker(loop: loop, Array(words.utf8)) { held.append($0) }
      let place = Endpoint(address: .tcp(host: "127.0.0.1", port: speaker.port), tls: TLSSettings(isInsecure: true))
      #expect(try Attempt.failure(place, on: loop) == .tls(.speaksNoTLS))
      for socket in held { close(socket) }
    }
  }

  /// Redis ends the connection without a word; others answer with an alert.
  @Test func serverWithTLSIsToldApartWhereNoneIsSpoken() throws {
    let server = try TLSServer()
    let endpoint = Endpoint(address: .tcp(host: "127.0.0.1", port: server.port))
    #expect(try Attempt.failure(endpoint, on: server.plain.loop) == .tls(.mayWantTLS))
    let loop = try Loop()
    let other = try FakeServer(loop: loop) { _ in "\u{15}\u{3}\u{1}\0\u{2}\u{2}F" }
    #expect(try Attempt.failure(other.endpoint, on: loop) == .tls(.wantsTLS))
  }

  @Test(arguments: [
    "HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "\0\0\0\0\0\0\0\0", "\u{16}\u{3}\u{3}\u{7F}\u{7F}",
    "\u{16}\u{3}\u{3}\0\u{4}\u{2}\0\0\0", "\u{15}\u{3}\u{3}\0\u{2}\u{2}\u{28}", "\u{17}\u{3}\u{3}\0\u{1}x",
    "\u{15}\u{3}\u{3}\0\u{2}\u{1}\0",
  ])
  func garbageInTheHandshakeIsAFailureInWords(_ garbage: String) throws {
    let loop = try Loop()
    var held: [Int32] = []
    let listener = try Speaker(loop: loop, Array(garbage.utf8)) { held.append($0) }
    for tls in [TLSSettings(isInsecure: true), TLSSettings(authority: nil)] {
      let endpoint = Endpoint(address: .tcp(host: "127.0.0.1", port: listener.port), tls: tls)
      guard case .tls(let failure) = try Attempt.failure(endpoint, on: loop) else { return #expect(Bool(false)) }
      #expect(!failure.meaning.isEmpty)
    }
    for socket in held { close(socket) }
  }

  @Test func silenceInTheHandshakeIsSaidSo() throws {
    let server = try TLSServer()
    let proxy = try FaultProxy(loop: server.plain.loop, to: server.port)
    proxy.fault = { _ in .blackHole }
    var failures: [ConnectionFailure] = []
    let link = Link(loop: server.plain.loop, endpoint: server.through(proxy)) { notice in
      if case .down(let failure) = notice { failures.append(failure) }
    }
    link.start()
    try server.plain.wait { !failures.isEmpty }
    #expect(failures.first == .tls(.silentInHandshake(milliseconds: 5000)))
    link.stop()
  }

  /// Cut after each byte of either side, with both versions.
  @Test(arguments: ["TLSv1.3", "TLSv1.2"]) func handshakeMayEndAtEveryByte(_ version: String) throws {
    let server = try TLSServer(settings: ["tls-protocols \(version)"])
    let loop = server.plain.loop
    let proxy = try FaultProxy(loop: loop, to: server.port)
    #expect(try Attempt.failure(server.through(proxy), on: loop) == nil)
    let whole = try #require(proxy.passages.first)
    #expect(whole.passed > 500 && whole.passedToServer > 200)
    // The last bytes are the requests and their answers: the client may have all that it waits for.
    for count in 0..<whole.passed {
      proxy.fault = { _ in .cut(after: count) }
      let failure = try Attempt.failure(server.through(proxy), on: loop)
      #expect(failure != nil || count > whole.passed - 150, "\(count) of the server's bytes")
    }
    for count in 0..<whole.passedToServer {
      proxy.fault = { _ in .cut(clientAfter: count) }
      let failure = try Attempt.failure(server.through(proxy), on: loop)
      #expect(failure != nil || count > whole.passedToServer - 150, "\(count) of the client's bytes")
    }
    proxy.fault = { _ in .split }
    #expect(try Attempt.failure(server.through(proxy), on: loop) == nil)
  }

  /// Much is read and written at once, through a proxy that takes as little as it wants.
  @Test func muchGoesBothWaysAtOnce() throws {
    let server = try TLSServer()
    let loop = server.plain.loop
    let proxy = try FaultProxy(loop: loop, to: server.port)
    let link = Link(loop: loop, endpoint: server.through(proxy)) { _ in }
    link.start()
    try loop.wait { link.connection != nil }
    let connection = try #require(link.connection)
    let value = [UInt8](repeating: 0x78, count: 1_500_000)
    var answers: [Int] = []
    for index in 0..<20 {
      connection.send(Request("SET", "k\(index)", value)) { _ in }
      connection.send(Request("GET", "k\(index)")) { answers.append((try? $0.get())?.bytes?.count ?? -1) }
    }
    try loop.wait { answers.count == 20 }
    #expect(answers.allSatisfy { $0 == value.count })
    link.stop()
  }

  /// What OpenSSL holds makes no socket readable: a reader that pauses gets it all the same.
  @Test func readerThatPausesGetsEverything() throws {
    let server = try TLSServer()
    let loop = server.plain.loop
    let link = Link(loop: loop, endpoint: server.endpoint()) { _ in }
    link.start()
    try loop.wait { link.connection != nil }
    let connection = try #require(link.connection)
    var count = 0
    let value = [UInt8](repeating: 0x78, count: 100)
    for index in 0..<20_000 {
      connection.send(Request("ECHO", value)) { _ in
        count += 1
        guard index % 97 == 0 else { return }
        connection.isPaused = true
        loop.schedule(inMilliseconds: index % 2 == 0 ? 0 : 1) { connection.isPaused = false }
      }
    }
    try loop.wait { count == 20_000 }
    link.stop()
  }

  @Test func linkComesBackAfterTheServerWasKilled() throws {
    let server = try TLSServer()
    let loop = server.plain.loop
    var (ups, downs) = (0, 0)
    let link = Link(loop: loop, endpoint: server.endpoint()) { notice in
      if case .up = notice { ups += 1 } else { downs += 1 }
    }
    link.start()
    for round in 1...3 {
      try loop.wait { ups == round }
      try server.plain.restart()
    }
    try loop.wait { ups == 4 }
    #expect(downs >= 3)
    link.stop()
  }

  /// Feeds, with all their connections, over TLS.
  @Test func feedReadsHistoryAndWhatComes() throws {
    let server = try TLSServer(password: "s3cret")
    try server.plain.add(1...2000, to: "agentos:events")
    let follower = Follower(server.plain, at: server.endpoint())
    try server.plain.wait { follower.seen.count >= 2000 && follower.isCaughtUp }
    try server.plain.add(2001...2100, to: "agentos:events")
    try server.plain.wait { follower.seen.count >= 2100 }
    follower.feed.stop()
  }
}

extension TLSServer {
  /// As a client reaches it that goes through a proxy.
  func through(_ proxy: FaultProxy) -> Endpoint {
    Endpoint(address: proxy.endpoint.address, tls: TLSSettings(authority: authority.certificate, name: "localhost"))
  }
}
