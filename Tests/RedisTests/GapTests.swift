import Redis
import TestSupport
import TestThreads
import Testing

/// What may have been missed, with a real server.
@Suite(.threaded) struct GapTests {
  private let server: TestServer

  init() throws { server = try TestServer() }

  private func quick(_ options: inout EventFeed.Options) {
    options.patience.inspect = 100
    options.patience.block = 100
  }

  @Test(arguments: ["agentos:events", "agentos:audit"])
  func trimmedWhileAwayIsCounted(_ stream: String) throws {
    let proxy = try FaultProxy(loop: server.loop, to: server.server)
    let follower = Follower(server, at: proxy.endpoint)
    try server.wait { follower.isUp && follower.isCaughtUp }
    // First, so that whoever has the events has read these too.
    try server.add(1...5, to: "agentos:audit")
    try server.add(1...5)
    try server.wait { follower.numbers == Array(1...5) }
    proxy.refuse()
    try server.wait { follower.isDown }
    try server.add(6...20, to: stream)
    _ = try server.call("XTRIM", stream, "MAXLEN", 4)
    try proxy.allow()
    try server.wait { follower.gaps.contains { $0.cause == .trimmed } }
    let gap = try #require(follower.gaps.first { $0.cause == .trimmed })
    #expect(gap.stream.map { String(decoding: $0, as: UTF8.self) } == stream)
    #expect(gap.gap.count == (TestServer.countsEntries ? 11 : nil))
    #expect(gap.gap.from <= gap.gap.to)
    if stream == "agentos:events" {
      try server.wait { follower.numbers.count == 9 }
      #expect(follower.numbers == [1, 2, 3, 4, 5, 17, 18, 19, 20])
    }
  }

  @Test(.enabled(if: TestServer.countsEntries)) func trimmedFasterThanReadIsCounted() throws {
    let proxy = try FaultProxy(loop: server.loop, to: server.server)
    let follower = Follower(server, at: proxy.endpoint) { quick(&$0) }
    try server.wait { follower.isUp && follower.isCaughtUp }
    try server.add(1...5)
    try server.wait { follower.numbers.count == 5 }
    for passage in proxy.passages { passage.fault = .held }
    try server.add(6...30)
    _ = try server.call("XTRIM", "agentos:events", "MAXLEN", 3)
    for passage in proxy.passages { passage.fault = .none }
    try server.wait { follower.numbers.last == 30 }
    try server.add([31])
    try server.wait { follower.numbers.last == 31 }
    // What was on its way when it was trimmed has been read; what was not is counted.
    try server.wait { follower.numbers.count + follower.gaps.reduce(0) { $0 + ($1.gap.count ?? 0) } == 31 }
    #expect(follower.gaps.allSatisfy { $0.cause == .trimmed })
  }

  @Test func serverThatLostItsWritesIsGoneOnWith() throws {
    let follower = Follower(server) { quick(&$0) }
    try server.wait { follower.isUp && follower.isCaughtUp }
    for number in 1...5 { _ = try server.call("XADD", "agentos:events", "9999999999999-\(number)", "__data__", "{}") }
    try server.wait { follower.seen.count == 5 }
    // As a server that comes back from an older file: in one step, so that nobody sees it without the stream.
    let script = "redis.call('DEL', KEYS[1]); return redis.call('XADD', KEYS[1], ARGV[1], '__data__', ARGV[2])"
    _ = try server.call("EVAL", script, 1, "agentos:events", "9999999999999-2", TestServer.event("old"))
    try server.wait { !follower.gaps.isEmpty }
    _ = try server.call("XADD", "agentos:events", "9999999999999-3", "__data__", TestServer.event("new"))
    try server.wait { follower.seen.last == "entry new metrics" }
    #expect(follower.gaps.map(\.cause) == [.serverLostWrites])
  }

  @Test func streamThatWasDeletedIsFollowedFromItsBeginning() throws {
    let follower = Follower(server) { quick(&$0) }
    try server.add(1...5)
    try server.wait { follower.numbers.count == 5 && follower.isUp }
    _ = try server.call("DEL", "agentos:events")
    try server.wait { !follower.gaps.isEmpty }
    _ = try server.call("XADD", "agentos:events", "1-1", "__data__", TestServer.event("6"))
    try server.wait { follower.numbers.last == 6 }
    #expect(follower.gaps.map(\.cause) == [.streamGone])
  }

  /// Whether the reader is back before the first entry, and finds no stream, or after it, and finds one that ends early.
  @Test(arguments: [(true, EventFeed.Missed.Cause.streamGone, [6, 7, 8, 9, 10]), (false, .serverLostWrites, [9, 10])])
  func serverThatComesBackEmptyIsFollowed(
    _ isBackFirst: Bool, _ cause: EventFeed.Missed.Cause, _ read: [Int]
  ) throws {
    let proxy = try FaultProxy(loop: server.loop, to: server.server)
    let follower = Follower(server, at: proxy.endpoint) { quick(&$0) }
    try server.add(1...5)
    try server.wait { follower.numbers.count == 5 && follower.isUp }
    proxy.refuse()
    let port = server.server.port
    server.server.stop()
    try server.wait { follower.isDown }
    let second = try TestServer(port: port)
    if isBackFirst { try comeBack(proxy, follower, cause) }
    for number in 1...3 {
      _ = try second.call("XADD", "agentos:events", "\(number)-1", "__data__", TestServer.event("\(number + 5)"))
    }
    if !isBackFirst { try comeBack(proxy, follower, cause) }
    try second.add(9...10)
    try server.wait { follower.numbers.last == 10 }
    #expect(follower.numbers == [1, 2, 3, 4, 5] + read)
  }

  private func comeBack(_ proxy: FaultProxy, _ follower: Follower, _ cause: EventFeed.Missed.Cause) throws {
    try proxy.allow()
    // Channels that were not heard meanwhile are another gap.
    let ofStream = { follower.gaps.filter { $0.stream != nil }.map(\.cause) }
    try server.wait { !ofStream().isEmpty }
    #expect(ofStream() == [cause])
  }

  @Test func channelsThatWereNotHeardAreAGap() throws {
    let proxy = try FaultProxy(loop: server.loop, to: server.server)
    let follower = Follower(server, at: proxy.endpoint)
    try server.wait { follower.handlers.count >= 2 && follower.isUp }
    try server.publish(1...3)
    try server.wait { follower.numbers.count == 3 }
    proxy.passages[1].close()
    try server.publish(4...5)
    try server.wait { follower.gaps.count == 1 }
    #expect(follower.gaps[0].cause == .notHeard)
    #expect(follower.gaps[0].stream == nil)
    try server.publish(6...7)
    try server.wait { follower.numbers.last == 7 }
    #expect(follower.numbers.prefix(3) == [1, 2, 3])
  }
}
