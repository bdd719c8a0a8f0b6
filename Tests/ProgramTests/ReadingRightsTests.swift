import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import vigia

/// A viewer's rights are enough for what only reads.
@Suite(.threaded) struct ReadingRightsTests {
  private func viewer(of server: TestServer) throws -> String {
    guard TestServer.countsEntries else { return "" }
    let words: [any RequestArgument] =
      ["ACL", "SETUSER", "viewer", "on", ">secret"] + AccessTable(.viewer, Keys()).rules(in: .redis7)
    #expect(try server.call(all: words).error == nil)
    guard case .tcp(let host, let port) = server.endpoint.address else { return "" }
    return "redis://viewer:secret@\(host):\(port)"
  }

  @Test func everyToolThatOnlyReadsDoesWithThem() throws {
    let server = try TestServer()
    let url = try viewer(of: server)
    // Before Redis 7.0 rights are written otherwise.
    guard !url.isEmpty else { return }
    try server.know("a-1")
    try server.store((0..<60).map { $0 < 50 ? 1 : 900 }, of: "a-1", .queueSize)
    var insight = AgentInsight(at: try server.time())
    insight.health = 0.5
    _ = try server.call("XADD", "agentos:events", "*", "__data__", TestServer.event("a-1"))
    _ = try server.call("HSET", Keys().insight, "a-1", InsightCoding.encode(insight))
    _ = try server.call("ZADD", Keys().insightChanged, 1000, "a-1")
    let runs: [[String]] = [
      ["status", "--json"], ["history", "a-1"], ["what-changed", "--from", "10m"], ["forecast"],
      ["forecast", "--backtest"], ["audit"], ["proposals"],
    ]
    for arguments in runs {
      let result = try Program(arguments, environment: ["VIGIA_REDIS": url]).finish()
      #expect(result.status == 0 && result.errors == "", "\(arguments): \(result)")
      if arguments[0] == "status" { #expect(result.output.contains("\"health\":0.5")) }
    }
  }

  @Test func consoleIsServedAllThatItAsksFor() throws {
    let server = try TestServer()
    let url = try viewer(of: server)
    guard !url.isEmpty else { return }
    let follower = Follower(server, at: try Endpoint(url: url)) { $0.patience.insight = 50 }
    try server.wait { follower.insightRounds == 1 && follower.isUp }
    #expect(follower.seen.filter { $0.hasPrefix("refused") } == [])
    follower.feed.stop()
  }
}
