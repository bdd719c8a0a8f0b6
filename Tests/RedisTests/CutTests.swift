import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

/// A session of replies, cut at every one of its bytes.
@Suite(.threaded) struct CutTests {
  private let server: TestServer

  init() throws { server = try TestServer() }

  /// What a session is to show, whatever happens to its connections.
  private static let expected = ["audit received 1", "audit received 2"] + (1...6).map { "entry \($0) metrics" }

  /// Adds two parts of a session to streams of a prefix: what is there before anybody looks, and what comes live.
  private func add(_ prefix: String, _ events: ClosedRange<Int>, audit target: String) throws {
    try server.add(events, to: prefix + ":events")
    let line = AuditLine(
      origin: .command(CommandID("c1")), phase: .received, action: "pause", target: AgentID(target),
      at: Instant(milliseconds: 0))
    _ = try server.call("XADD", prefix + ":audit", "*", "__data__", AuditCoding.encode(line))
  }

  /// Plays one session for each fault, all at once, and gives what each showed and how many bytes passed on each of its
  /// connections.
  private func play(
    _ prefix: String, _ faults: [(Int) -> FaultProxy.Fault]
  ) throws -> [(seen: [String], passed: [Int])] {
    try add(prefix, 1...3, audit: "1")
    let keys = Keys(try KeyPrefix(prefix))
    let scenes = try faults.map { fault in
      let proxy = try FaultProxy(loop: server.loop, to: server.server)
      proxy.fault = fault
      return (proxy, Follower(server, at: proxy.endpoint) { $0.keys = keys })
    }
    try server.loop.wait(seconds: 30) { scenes.allSatisfy { $0.1.seen.count >= 4 && $0.1.isCaughtUp } }
    try add(prefix, 4...6, audit: "2")
    try server.loop.wait(seconds: 30) {
      scenes.allSatisfy { $0.1.seen.count >= Self.expected.count && $0.1.isUp }
    }
    return scenes.map { proxy, follower in
      let passed = proxy.passages.map(\.passed)
      follower.feed.stop()
      proxy.close()
      return (follower.seen.sorted(), passed)
    }
  }

  @Test func everyByteOfEveryConnection() throws {
    let whole = try play("whole", [{ _ in .none }])
    #expect(whole[0].seen == Self.expected)
    try #require(whole[0].passed.count == 3)
    // What follows the session, such as looks at the lease, is not cut.
    let lengths = whole[0].passed.map { $0 + 1 }
    let cuts = lengths.indices.flatMap { connection in (0...lengths[connection]).map { (connection, $0) } }
    var batch = 0
    for start in stride(from: 0, to: cuts.count, by: 100) {
      batch += 1
      let slice = cuts[start..<min(start + 100, cuts.count)]
      let results = try play("cut\(batch)", slice.map { cut in { $0 == cut.0 ? .cut(after: cut.1) : .none } })
      for (cut, result) in zip(slice, results) {
        // Once the channels were heard, their loss is said.
        let seen = cut.0 == 1 ? result.seen.filter { $0 != "gap" } : result.seen
        guard seen != Self.expected else { continue }
        Issue.record("connection \(cut.0) cut after \(cut.1) bytes showed \(result.seen)")
      }
    }
    #expect(cuts.count > 1000)
  }

  @Test func oneByteAtATime() throws {
    #expect(try play("split", [{ _ in .split }])[0].seen == Self.expected)
  }
}
