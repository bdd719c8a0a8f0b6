import Loop
import Redis
import TestSupport
import TestThreads
import Testing

/// Sentinels that say what the test has them say.
@Suite(.threaded) struct SentinelLocatorTests {
  /// One that answers for a group named `m`.
  private final class FakeSentinel {
    var place: Endpoint
    var epoch: Int
    var others: [SentinelGroup.Node] = []
    /// Answers anything with this, if set.
    var garbage: String?
    private var server: FakeServer?

    init(_ loop: Loop, _ place: Endpoint, epoch: Int = 1) throws {
      (self.place, self.epoch) = (place, epoch)
      server = try FakeServer(loop: loop) { [unowned self] in answer($0) }
    }

    var node: SentinelGroup.Node { Self.node(server!.endpoint) }
    var requests: [[String]] { server?.requests ?? [] }
    func close() { server = nil }

    static func node(_ endpoint: Endpoint) -> SentinelGroup.Node {
      guard case .tcp(let host, let port) = endpoint.address else { return .init(host: "", port: 1) }
      return .init(host: host, port: port)
    }

    private func bulk(_ texts: [String]) -> String {
      "*\(texts.count)\r\n" + texts.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
    }

    private func answer(_ request: [String]) -> String {
      if let garbage { return garbage }
      switch request.prefix(2).joined(separator: " ").uppercased() {
      case "SENTINEL GET-MASTER-ADDR-BY-NAME":
        guard request[2] == "m" else { return "*-1\r\n" }
        let node = Self.node(place)
        return bulk([node.host, "\(node.port)"])
      case "SENTINEL MASTER": return bulk(["name", "m", "config-epoch", "\(epoch)"])
      case "SENTINEL SENTINELS":
        return "*\(others.count)\r\n" + others.map { bulk(["ip", $0.host, "port", "\($0.port)"]) }.joined()
      case let words where words.hasPrefix("SUBSCRIBE"):
        return request.dropFirst().enumerated().map { index, channel in
          "*3\r\n$9\r\nsubscribe\r\n$\(channel.utf8.count)\r\n\(channel)\r\n:\(index + 1)\r\n"
        }.joined()
      default: return "+OK\r\n"
      }
    }
  }

  private func endpoint(_ sentinels: [SentinelGroup.Node], name: String = "m") -> Endpoint {
    Endpoint(address: .sentinel(SentinelGroup(sentinels: sentinels, name: name)))
  }

  /// A link that keeps what it is told.
  private final class Notes {
    var failures: [ConnectionFailure] = []
    private(set) var link: Link!

    init(_ loop: Loop, _ endpoint: Endpoint) {
      link = Link(loop: loop, endpoint: endpoint) { [unowned self] in
        if case .down(let failure) = $0 { failures.append(failure) }
      }
      link.start()
    }

    deinit { link.stop() }
  }

  @Test func firstGoodSentinelDecidesAndOthersMayBeGone() throws {
    let server = try TestServer()
    let loop = server.loop
    let good = try FakeSentinel(loop, server.endpoint)
    let gone = SentinelGroup.Node(host: "127.0.0.1", port: PrivateServer.freePort())
    let hung = try FaultProxy(loop: loop, to: server.server)
    hung.fault = { _ in .blackHole }
    let garbage = try FakeSentinel(loop, server.endpoint)
    garbage.garbage = "$-7\r\n*99999999999\r\n\u{1B}]0;x\u{7}"
    let notes = Notes(loop, endpoint([gone, FakeSentinel.node(hung.endpoint), garbage.node, good.node]))
    #expect(notes.link.searchActivity == "asking 4 sentinels where m is")
    try server.wait { notes.link.connection != nil }
    #expect(notes.link.server == server.endpoint)
    #expect(notes.failures == [])
  }

  @Test func whenNoSentinelAnswersTheReasonsAreSaid() throws {
    let server = try TestServer()
    let gone = SentinelGroup.Node(host: "127.0.0.1", port: PrivateServer.freePort())
    let other = try FakeSentinel(server.loop, server.endpoint)
    let notes = Notes(server.loop, endpoint([gone, other.node], name: "n"))
    try server.wait { !notes.failures.isEmpty }
    guard case .notLocated(let words) = notes.failures[0] else { return #expect(notes.failures == []) }
    #expect(words.hasPrefix("no sentinel says where n is: "))
    #expect(words.contains("\(gone) connection refused"))
    #expect(words.contains("\(other.node) knows no master named n"))
  }

  @Test func replicaIsRefusedAndTheOthersAreBelieved() throws {
    let (server, replica) = (try TestServer(), try TestServer())
    _ = try replica.call("REPLICAOF", "127.0.0.1", Int(server.server.port))
    let liar = try FakeSentinel(server.loop, replica.endpoint, epoch: 900)
    let notes = Notes(server.loop, endpoint([liar.node]))
    try server.wait { !notes.failures.isEmpty }
    #expect(notes.failures[0] == .misplaced("\(replica.endpoint) is a replica, not the master of m"))
    let honest = try FakeSentinel(server.loop, server.endpoint)
    liar.others = [honest.node]
    try server.wait { notes.link.server == server.endpoint && notes.link.connection != nil }
  }

  @Test func deadServerOfOneSentinelIsNotTriedForEver() throws {
    let server = try TestServer()
    let gone = Endpoint(address: .tcp(host: "127.0.0.1", port: PrivateServer.freePort()))
    let liar = try FakeSentinel(server.loop, gone, epoch: 9)
    let honest = try FakeSentinel(server.loop, server.endpoint, epoch: 8)
    let notes = Notes(server.loop, endpoint([liar.node, honest.node]))
    try server.wait { notes.link.connection != nil }
    #expect(notes.link.server == server.endpoint)
  }

  @Test func sentinelThatWasCutOffIsNotBelieved() throws {
    let (old, new) = (try TestServer(), try TestServer())
    let stale = try FakeSentinel(old.loop, old.endpoint, epoch: 4)
    let fresh = try FakeSentinel(old.loop, new.endpoint, epoch: 5)
    let notes = Notes(old.loop, endpoint([stale.node, fresh.node]))
    // Whichever answered first: the newer answer moves the link, or has moved it already.
    try old.wait { notes.link.server == new.endpoint && notes.link.connection != nil }
    for _ in 1...5 {
      notes.link.restart(.closedByServer)
      try old.wait { notes.link.connection != nil }
      #expect(notes.link.server == new.endpoint)
    }
  }

  @Test func sentinelsThatBeganToCountAnewAreFollowed() throws {
    let (old, new) = (try TestServer(), try TestServer())
    let sentinel = try FakeSentinel(old.loop, old.endpoint, epoch: 40)
    let notes = Notes(old.loop, endpoint([sentinel.node]))
    try old.wait { notes.link.connection != nil }
    (sentinel.epoch, sentinel.place) = (1, new.endpoint)
    notes.link.restart(.closedByServer)
    try old.wait { notes.link.server == new.endpoint && notes.link.connection != nil }
  }

  @Test func namesOfSentinelsAreLearnedUpToABound() throws {
    let server = try TestServer()
    let second = try FakeSentinel(server.loop, server.endpoint)
    let first = try FakeSentinel(server.loop, server.endpoint)
    first.others = [second.node] + (1...500).map { .init(host: "127.0.0.1", port: 1 + $0) }
    let notes = Notes(server.loop, endpoint([first.node]))
    try server.wait { notes.link.connection != nil }
    first.close()
    notes.link.restart(.closedByServer)
    #expect(notes.link.searchActivity == nil)
    try server.wait { notes.link.searchActivity != nil }
    #expect(notes.link.searchActivity == "asking 16 sentinels where m is")
    try server.wait { notes.link.connection != nil }
    #expect(second.requests.contains(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "m"]))
  }
}
