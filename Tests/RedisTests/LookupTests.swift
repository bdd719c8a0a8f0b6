import Loop
import TestSupport
import TestThreads
import Testing

@testable import Redis

/// Hosts by name.
@Suite(.threaded) struct LookupTests {
  private func endpoint(_ host: String, _ port: UInt16 = 6379) -> Endpoint {
    Endpoint(address: .tcp(host: host, port: port))
  }

  @Test(arguments: ["localhost", "127.0.0.1", "0x7f000001"]) func nameAndNumberLeadToTheServer(_ host: String) throws {
    let server = try TestServer()
    let link = Link(loop: server.loop, endpoint: endpoint(host, server.server.port)) { _ in }
    link.start()
    try server.wait { link.connection != nil }
    link.stop()
  }

  @Test func nameThatNobodyKnowsIsAFailureInWordsThatIsTriedAgain() throws {
    let loop = try Loop()
    var failures: [ConnectionFailure] = []
    var turnsOfOthers = 0
    func others() {
      turnsOfOthers += 1
      loop.schedule(at: .now) { others() }
    }
    let link = Link(loop: loop, endpoint: endpoint("no-such-host.invalid")) { notice in
      if case .down(let failure) = notice { failures.append(failure) }
    }
    link.start()
    // Nothing has been waited for.
    #expect(failures.isEmpty)
    others()
    try loop.wait { failures.count >= 2 }
    #expect(turnsOfOthers > 2)
    for failure in failures {
      guard case .unresolved(host: "no-such-host.invalid", let reason) = failure else {
        Issue.record("\(failure)")
        continue
      }
      #expect(!reason.isEmpty)
      #expect("\(failure)".hasPrefix("cannot resolve no-such-host.invalid: "))
    }
    link.stop()
  }

  @Test func connectionThatIsGoneBeforeTheAnswerHearsNothingOfIt() throws {
    let loop = try Loop()
    var notices = 0
    for _ in 1...20 {
      let link = Link(loop: loop, endpoint: endpoint("no-such-host.invalid")) { _ in notices += 1 }
      link.start()
      link.stop()
    }
    let last = Link(loop: loop, endpoint: endpoint("no-such-host.invalid")) { _ in notices += 1_000 }
    last.start()
    try loop.wait { notices > 0 }
    #expect(notices == 1_000)
    last.stop()
  }

  @Test(arguments: [
    "redis://evil\u{1B}]0;x\u{7}:6379", "redis://evil\u{202E}host", "redis://evil\u{9B}1m", "redis://e\u{E0041}",
    "redis://a b",
    "redis://[::1\u{1B}]:6379", "redis://line\nfeed",
  ])
  func hostWithACharacterThatNoHostHasIsNoURL(_ url: String) {
    #expect(throws: Endpoint.Malformed(reason: "the host holds a character that no host's name has")) {
      _ = try Endpoint(url: url)
    }
  }

  @Test func schemeThatIsNoneIsNotRepeated() {
    #expect(throws: Endpoint.Malformed(reason: "what stands before :// is no scheme")) {
      _ = try Endpoint(url: "evil\u{1B}[2J://host")
    }
  }

  @Test(arguments: ["redis://redis_1.example-net:6379", "redis://[fe80::1%eth0]:6379", "redis://bücher.example"])
  func hostsAsTheyOccurAreTaken(_ url: String) throws {
    _ = try Endpoint(url: url)
  }
}
