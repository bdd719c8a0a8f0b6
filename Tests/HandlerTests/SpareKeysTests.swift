import Execution
import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What vigia keeps besides its streams stays within a bound: what it can do without goes, and that is said.
@Suite(.threaded) struct SpareKeysTests {
  @Test(arguments: [
    ("mark:held/rule/agent", SpareKeys.Kind.told), ("mark:dry/throttle/0/rule/agent", .told),
    ("mark:c1/agent-1", .target(CommandID("c1"))), ("mark:c1/a/b", .target(CommandID("c1"))),
    ("mark:c1", .needed), ("mark:rule/r/1-1/agent", .needed), ("mark:throttle/0/rule/agent", .needed),
    ("mark:limit/rule/agent", .needed), ("mark:batch/b1", .needed), ("mark:obeyed/c1", .needed),
    ("mark:proposed/rule/agent", .needed), ("mark:rules/paused", .needed), ("agent:held/x", .needed),
    ("alerts", .needed), ("mark:/x", .needed),
  ])
  func nothingGoesWithoutWhichSomethingCouldBeDoneTwice(name: String, kind: SpareKeys.Kind) {
    #expect(SpareKeys(Keys()).kind(of: Array("agentos:\(name)".utf8)) == kind)
    #expect(SpareKeys(Keys()).kind(of: Array("other:\(name)".utf8)) == .needed)
  }

  /// Bytes of the keys of a pattern, and how many there are.
  private func size(_ scene: HandlerScene, _ pattern: String) throws -> (bytes: Int64, count: Int) {
    let keys = try scene.server.call("KEYS", pattern).elements?.compactMap(\.bytes) ?? []
    let bytes = try keys.reduce(Int64(0)) { try $0 + (scene.server.call("MEMORY", "USAGE", $1).integer ?? 0) }
    return (bytes, keys.count)
  }

  private func plant(_ scene: HandlerScene, _ count: Int, _ name: String, milliseconds: Int) throws {
    let script = """
      for n = 1, ARGV[1] do redis.call('SET', KEYS[1] .. n, string.rep('x', 900), 'PX', ARGV[2]) end
      """
    _ = try scene.server.call("EVAL", script, "1", "agentos:mark:\(name)", count, milliseconds)
  }

  @Test func marksOfWhatWasToldGoFirst() throws {
    let scene = try HandlerScene(start: false)
    try plant(scene, 2500, "held/rule/agent-", milliseconds: 900_000)
    try plant(scene, 300, "throttle/0/rule/agent-", milliseconds: 900_000)
    let log = LogLines()
    try scene.startHandler("h1", log: log.log) { $0.retention.otherBytes = 2 << 20 }
    try scene.server.wait { (try? size(scene, "agentos:*").bytes) ?? .max < 2 << 20 }
    #expect(try size(scene, "agentos:mark:throttle/*").count == 300)
    #expect(try size(scene, "agentos:mark:held/*").count > 1000, "no more goes than must")
    try scene.server.wait { (try? scene.lease())??.warning?.hasSuffix("; old marks are let go") == true }
    #expect(log.text.contains("let go of marks, so that vigia's keys stay within their bound"))
  }

  @Test func marksOfEndedCommandsFollowTheOldestFirst() throws {
    let scene = try HandlerScene(start: false)
    let hours = { 3_600_000 * $0 }
    for (id, left, isClosed) in [("old", 20, true), ("new", 46, true), ("open", 20, false)] {
      var mark = CommandRecord(action: "pause", targets: [], operator: "alice@ops")
      mark.closed = isClosed ? .succeeded : nil
      _ = try scene.server.call("SET", scene.keys.mark(id), mark.encoded, "PX", hours(left))
      try plant(scene, 1000, "\(id)/agent-", milliseconds: hours(left))
    }
    try scene.startHandler("h1") { $0.retention.otherBytes = 3 << 20 }
    try scene.server.wait { (try? size(scene, "agentos:*").bytes) ?? .max < 3 << 20 }
    #expect(try size(scene, "agentos:mark:new/*").count == 1000)
    #expect(try size(scene, "agentos:mark:open/*").count == 1000)
    #expect(try size(scene, "agentos:mark:old/*").count < 1000)
    #expect(try scene.server.call("EXISTS", scene.keys.mark("old")) == .integer(1), "it cannot be run again")
  }

  /// A bound's worth of them in some seconds.
  @Test func marksThatComeFastStayWithinTheBound() throws {
    let scene = try HandlerScene(start: false)
    let bound = Int64(6 << 20)
    try scene.startHandler("h1") { $0.retention.otherBytes = Int(bound) }
    var most = Int64(0)
    for number in 0..<250 {
      try plant(scene, 40, "held/rule/\(number)-", milliseconds: 900_000)
      var isDue = false
      scene.server.loop.schedule(inMilliseconds: 50) { isDue = true }
      try scene.server.wait { isDue }
      if number % 10 == 9 {
        let script = """
          local sum = 0
          for _, key in ipairs(redis.call('KEYS', 'agentos:mark:*')) do sum = sum + redis.call('MEMORY', 'USAGE', key) end
          return sum
          """
        most = max(most, try scene.server.call("EVAL", script, "0").integer ?? 0)
      }
    }
    #expect(most > bound / 2 && most <= bound * 11 / 10, "\(most)")
  }

  @Test func undoOfWhatIsNotRememberedSaysSo() throws {
    let scene = try HandlerScene()
    try scene.send(.pause, ["agent-1"])
    _ = try scene.server.call("DEL", "agentos:mark:c1/agent-1")
    #expect(
      try scene.send(.undo, [], ["command_id": "c1"]).last?.short
        == "failed: what stood before it is not remembered any more")
  }
}
