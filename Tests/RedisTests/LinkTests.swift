import Loop
import Redis
import TestSupport
import TestThreads
import Testing

/// Redis away, dead or silent, seen through a proxy.
@Suite(.threaded) struct LinkTests {
  private let server: TestServer
  private let proxy: FaultProxy

  init() throws {
    server = try TestServer()
    proxy = try FaultProxy(loop: server.loop, to: server.server)
  }

  private func follow(_ change: (inout EventFeed.Options) -> Void = { _ in }) -> Follower {
    Follower(server, at: proxy.endpoint) { options in
      options.patience.poll = 50
      options.patience.block = 100
      options.patience.silence = 400
      change(&options)
    }
  }

  @Test func redisAwayAtTheStartIsWaitedFor() throws {
    proxy.refuse()
    let follower = follow()
    try server.wait { follower.states.count >= 4 }
    for state in follower.states {
      guard case .down(let since, let retryAt, let reason) = state else {
        Issue.record("\(state)")
        continue
      }
      #expect(reason.contains("Connection refused"))
      // Since the first attempt; and again within five seconds.
      #expect(since <= MonotonicTime.now)
      if let retryAt { #expect(retryAt.milliseconds(since: .now) <= 5000) }
    }
    try server.add(1...3)
    try proxy.allow()
    try server.wait { follower.isUp && follower.isCaughtUp }
    #expect(follower.numbers == [1, 2, 3])
  }

  @Test func readingGoesOnAfterRedisWasAway() throws {
    let follower = follow()
    try server.add(1...3)
    try server.wait { follower.numbers.count == 3 && follower.handlers.count > 2 }
    proxy.refuse()
    try server.wait { follower.isDown }
    try server.add(4...6)
    try proxy.allow()
    try server.wait { follower.numbers.count == 6 && follower.isUp }
    #expect(follower.numbers == [1, 2, 3, 4, 5, 6])
    // Without a recorder nobody knows what channels carried meanwhile.
    try server.wait { !follower.gaps.isEmpty }
    #expect(follower.gaps.map(\.cause) == [.notHeard])
    #expect(follower.gaps.map(\.gap.count) == [nil])
  }

  @Test(arguments: [0, 1, 2]) func eachConnectionNoticesABlackHoleByItself(_ place: Int) throws {
    let follower = follow()
    try server.add(1...2)
    try server.wait { follower.isUp && follower.numbers.count == 2 && follower.handlers.count > 2 }
    let count = follower.states.count
    proxy.passages[place].fault = .blackHole
    try server.add(3...4)
    try server.wait { follower.states.count > count && follower.isUp && follower.numbers.count == 4 }
    guard case .down(_, _, let reason) = follower.states[count] else {
      Issue.record("\(follower.states)")
      return
    }
    #expect(reason.hasPrefix("no answer for"))
    #expect(follower.numbers == [1, 2, 3, 4])
    // The other two had no reason to end.
    #expect(proxy.passages.count == 4)
  }

  @Test func quietStreamIsNoDeadLink() throws {
    let follower = follow()
    try server.wait { follower.isUp && follower.isCaughtUp }
    // Three times as long as silence is borne, told by how often the lease was looked at.
    let looks = follower.handlers.count
    try server.wait { follower.handlers.count >= looks + 24 }
    #expect(follower.states == [.up])
    #expect(follower.gaps.isEmpty)
  }

  @Test func heldAnswersArriveInOrderWhenReleased() throws {
    proxy.fault = { _ in .held }
    try server.add(1...3)
    let follower = follow { $0.patience.silence = 60_000 }
    try server.wait { proxy.passages.count == 3 }
    #expect(follower.seen.isEmpty && !follower.isUp)
    for passage in proxy.passages { passage.fault = .none }
    try server.wait { follower.isUp && follower.numbers.count == 3 }
    #expect(follower.numbers == [1, 2, 3])
  }

  /// What breaks without a word is found out late.
  @Test func silenceCountsFromTheLastAnswer() throws {
    let follower = follow()
    try server.wait { follower.isUp && follower.isCaughtUp }
    server.server.signal(19)
    try server.wait { follower.isDown }
    server.server.signal(18)
    guard case .down(let since, _, _) = follower.states.last else { return }
    #expect(MonotonicTime.now.milliseconds(since: since) >= 350)
  }

  @Test func stoppedServerLooksDeadAndIsFoundAgain() throws {
    let follower = Follower(server) {
      $0.patience.silence = 400; $0.patience.block = 100; $0.patience.poll = 50
    }
    try server.wait { follower.isUp && follower.isCaughtUp }
    server.server.signal(19)
    try server.wait { follower.isDown }
    server.server.signal(18)
    try server.wait { follower.isUp }
    try server.add(1...2)
    try server.wait { follower.numbers.count == 2 }
  }

  @Test func attemptUnderWayHasNoTimeToCome() throws {
    proxy.refuse()
    let follower = follow()
    try server.wait { if case .down(_, .some, _) = follower.states.last { true } else { false } }
    // They connect, and nothing answers.
    proxy.fault = { _ in .blackHole }
    try proxy.allow()
    try server.wait { if case .down(_, nil, _) = follower.states.last { true } else { false } }
    #expect(!follower.isUp)
  }
}
