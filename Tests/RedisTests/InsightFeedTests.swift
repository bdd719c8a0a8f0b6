import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Redis

/// Following what the handler thinks of agents.
@Suite(.threaded) struct InsightFeedTests {
  private let server: TestServer
  private let keys = Keys()

  init() throws { server = try TestServer() }

  private func insight(_ health: Double, at milliseconds: Int64 = 1_763_000_000_000) -> AgentInsight {
    var insight = AgentInsight(at: Instant(milliseconds: milliseconds))
    insight.health = health
    return insight
  }

  /// Writes it as a handler does.
  private func write(_ agent: AgentID, _ health: Double, at milliseconds: Int64) throws {
    _ = try server.call("HSET", keys.insight, agent.bytes, InsightCoding.encode(insight(health)))
    _ = try server.call("ZADD", keys.insightChanged, milliseconds, agent.bytes)
  }

  private func follow() throws -> Follower {
    let follower = Follower(server) {
      ($0.patience.insight, $0.patience.inspect, $0.patience.poll) = (20, 40, 20)
    }
    try server.wait { follower.isCaughtUp }
    return follower
  }

  private func scores(_ follower: Follower) -> [String] {
    follower.insights.map { "\($0.id) \($0.insight.health ?? -1)" }
  }

  @Test func allIsToldFirstAndThenOnlyWhatChanges() throws {
    try write("a", 0.5, at: 1000)
    try write("b", 0.6, at: 2000)
    let follower = try follow()
    try server.wait { follower.insightRounds == 1 }
    #expect(scores(follower) == ["a 0.5", "b 0.6"])
    try write("a", 0.4, at: 3000)
    try server.wait { follower.insights.count == 3 }
    #expect(scores(follower).last == "a 0.4" && follower.insightRounds == 1)
    // In the same millisecond as one that was read.
    try write("c", 0.7, at: 3000)
    try server.wait { follower.insights.count == 4 }
    #expect(scores(follower).last == "c 0.7")
    // A handler whose clock is behind took over.
    try write("b", 0.2, at: 1500)
    try server.wait { follower.insights.count == 5 }
    #expect(scores(follower).last == "b 0.2")
  }

  @Test(arguments: [false, true]) func tenThousandAgentsAreReadInBites(_ isOneMoment: Bool) throws {
    for start in stride(from: 0, to: 10_000, by: 1000) {
      var (values, times): ([any RequestArgument], [any RequestArgument]) = ([], [])
      for number in start..<start + 1000 {
        values += ["agent-\(number)", InsightCoding.encode(insight(0.5))]
        times += [isOneMoment ? 7 : number / 37, "agent-\(number)"]
      }
      _ = try server.call(all: ["HSET", keys.insight] + values)
      _ = try server.call(all: ["ZADD", keys.insightChanged] + times)
    }
    let follower = try follow()
    try server.wait { follower.insightRounds == 1 }
    #expect(follower.insights.count == 10_000 && Set(follower.insights.map(\.id)).count == 10_000)
  }

  @Test func nothingThereIsToldToo() throws {
    let follower = try follow()
    try server.wait { follower.insightRounds == 1 }
    #expect(follower.insights.isEmpty)
    try write("a", 0.5, at: 1000)
    try server.wait { follower.insights.count == 1 }
  }

  /// The key that holds something else: the times of change, or the values.
  @Test(arguments: [true, false]) func wrongTypeIsToldOnceAndReadOnceItIsRight(isOfTimes: Bool) throws {
    let key = isOfTimes ? keys.insightChanged : keys.insight
    if !isOfTimes { _ = try server.call("ZADD", keys.insightChanged, 1000, "a") }
    _ = try server.call("SET", key, "x")
    let follower = try follow()
    try server.wait { follower.seen.contains("refused insight WRONGTYPE") }
    _ = try server.call("DEL", key)
    try write("a", 0.5, at: 1000)
    try server.wait { follower.insights.count == 1 }
    #expect(follower.seen == ["refused insight WRONGTYPE", "served insight"])
  }

  @Test func rightThatIsMissingIsTold() throws {
    _ = try server.call("ACL", "SETUSER", "default", "-zrangebyscore")
    let follower = try follow()
    try server.wait { follower.seen.contains("refused insight NOPERM") }
    _ = try server.call("ACL", "SETUSER", "default", "+@all")
    try server.wait { follower.seen.contains("served insight") }
  }

  @Test func whatIsNoInsightIsPassedOverAndTheRestIsRead() throws {
    let bad: [[UInt8]] = [[], [0xFF], Array("7".utf8), Array("{\"at\":".utf8), Array(repeating: 0x5B, count: 100_000)]
    for (number, value) in bad.enumerated() {
      _ = try server.call("HSET", keys.insight, "bad-\(number)", value)
      _ = try server.call("ZADD", keys.insightChanged, 100 + number, "bad-\(number)")
    }
    _ = try server.call("ZADD", keys.insightChanged, 50, [0xFF, 0xFE] as [UInt8])
    _ = try server.call("ZADD", keys.insightChanged, 60, "nobody-has-written-it")
    _ = try server.call("ZADD", keys.insightChanged, "-inf", "early")
    try write("a{b}\n", 0.5, at: 1000)
    let follower = try follow()
    try server.wait { follower.insightRounds == 1 }
    #expect(scores(follower) == ["a{b}\n 0.5"])
  }

  @Test func timeOfTheFutureHidesNoLaterChange() throws {
    _ = try server.call("ZADD", keys.insightChanged, "+inf", "far")
    try write("far", 0.1, at: 9_000_000_000_000_000)
    let follower = try follow()
    try server.wait { follower.insightRounds == 1 }
    let now = try #require(try server.call("TIME").elements?.first?.integer) * 1000
    try write("a", 0.5, at: now)
    try server.wait { scores(follower).contains("a 0.5") }
    #expect(follower.insights.allSatisfy { $0.insight.at <= follower.feed.clock.latest })
  }

  @Test func allIsReadAnewOnceAnotherHandlerLeads() throws {
    try write("a", 0.5, at: 1000)
    let follower = try follow()
    try server.wait { follower.insightRounds == 1 }
    for (fence, id) in ["h1", "h2"].enumerated() {
      let lease = Lease(id: id, fence: fence, isRecording: true, since: .epoch)
      _ = try server.call("SET", keys.lease, LeaseCoding.encode(lease))
      try server.wait { follower.handlers.last == id }
    }
    try server.wait { follower.insightRounds == 2 }
    #expect(scores(follower) == ["a 0.5", "a 0.5"])
  }

  // MARK: The order of changes

  private func pairs(_ changes: [(String, Int64)]) -> [(name: [UInt8], value: [UInt8])] {
    changes.map { (Array($0.0.utf8), Array("\($0.1)".utf8)) }
  }

  @Test func aFullBiteOfOneMomentGoesOnWithinIt() {
    var changes = InsightChanges()
    let full = pairs((0..<1000).map { ("a\($0)", 7) })
    #expect(changes.take(full, at: .epoch + .days(1)).isMore)
    #expect(changes.place == 7 && changes.offset == 1000)
    #expect(!changes.take(pairs([("b", 7)]), at: .epoch + .days(1)).isMore)
    #expect(changes.offset == 1001)
    changes.finish()
    #expect(changes.place == 0 && changes.offset == 0 && changes.isComplete)
  }

  @Test func whatWasReadBeforeIsPassedOverUnlessItHasChanged() {
    var changes = InsightChanges()
    let now = Instant.epoch + .days(1)
    #expect(changes.take(pairs([("a", 5000), ("b", 6000)]), at: now).new.count == 2)
    changes.finish()
    #expect(changes.place == 4000)
    let again = changes.take(pairs([("a", 5000), ("b", 6001)]), at: now)
    #expect(again.new == [.init(agent: Array("b".utf8), at: 6001)])
  }

  @Test(arguments: ["inf", "-inf", "nan", "x", "1e300", "-5", ""]) func timesThatAreNoneMakeNoTrouble(_ text: String) {
    var changes = InsightChanges()
    let now = Instant.epoch + .days(1)
    _ = changes.take([(Array("a".utf8), Array(text.utf8))], at: now)
    changes.finish()
    #expect((0...now.milliseconds).contains(changes.place))
  }
}
