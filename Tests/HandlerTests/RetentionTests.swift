import FleetModel
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

@Suite(.threaded) struct RetentionTests {
  /// Adds entries of a given age; enough for whole nodes of the stream to be old.
  private func fill(_ scene: HandlerScene, _ stream: [UInt8], _ count: Int, age: TimeSpan) throws {
    let start = try scene.now(TimeSpan.zero).milliseconds - age.milliseconds
    for number in 0..<count { _ = try scene.server.call("XADD", stream, "\(start)-\(number)", "__data__", "x") }
  }

  private func length(_ scene: HandlerScene, _ stream: [UInt8]) -> Int64 {
    (try? scene.server.call("XLEN", stream).integer) ?? -1
  }

  @Test func oldEntriesLeave() throws {
    let scene = try HandlerScene(start: false)
    try fill(scene, scene.keys.audit, 250, age: .days(8))
    try fill(scene, scene.keys.control, 250, age: .days(2))
    try fill(scene, scene.keys.events, 250, age: .days(2))
    try scene.startHandler("h1") { $0.retention.every = .milliseconds(100) }
    for stream in [scene.keys.audit, scene.keys.control, scene.keys.events] {
      // Whole nodes of a hundred entries leave.
      _ = try? scene.server.wait { length(scene, stream) < 100 }
      #expect(length(scene, stream) < 100)
    }
  }

  /// Its entries tell no age: it goes by when they had come.
  @Test func streamWithAnIDOfTheFutureIsTrimmedByAgeToo() throws {
    let scene = try HandlerScene(start: false)
    _ = try scene.server.call("XADD", scene.keys.control, "9999999999999-0", "__data__", "x")
    for _ in 0..<250 { _ = try scene.server.call("XADD", scene.keys.control, "*", "__data__", "x") }
    try scene.startHandler("h1") {
      $0.retention.every = .milliseconds(100)
      $0.retention.control = .seconds(1)
    }
    try scene.server.wait { length(scene, scene.keys.control) < 100 }
    #expect(try scene.server.call("HEXISTS", scene.keys.cursor, "agentos:control#grown") == .integer(1))
  }

  @Test func commandsThatNobodyAcknowledgedStay() throws {
    let scene = try HandlerScene(start: false)
    try fill(scene, scene.keys.commands, 250, age: .days(2))
    _ = try scene.server.call("XGROUP", "CREATE", scene.keys.commands, "vigia-handler", "0")
    // A dead member of the group holds an early one.
    _ = try scene.server.call(
      "XREADGROUP", "GROUP", "vigia-handler", "dead", "COUNT", 1, "STREAMS", scene.keys.commands, ">")
    try scene.startHandler("h1") { $0.retention.every = .milliseconds(100) }
    // The handler takes all of them over, and rejects them.
    try scene.server.wait { ((try? scene.audit().count) ?? 0) == 250 }
    // Whole nodes of a hundred entries leave at the least.
    try scene.server.wait { length(scene, scene.keys.commands) <= 50 }
  }

  @Test func whatIsOldLeavesAlsoOutOfANodeThatIsNotOldAltogether() throws {
    let scene = try HandlerScene(start: false)
    try fill(scene, scene.keys.audit, 30, age: .days(8))
    try fill(scene, scene.keys.audit, 20, age: .days(1))
    try scene.startHandler("h1") { $0.retention.every = .milliseconds(100) }
    try scene.server.wait { length(scene, scene.keys.audit) == 20 }
  }

  @Test func moreThanOneBiteLeavesAtOnce() throws {
    let scene = try HandlerScene(start: false)
    let old = try scene.now(TimeSpan.zero).milliseconds - TimeSpan.days(8).milliseconds
    let script = "for n = 1, 200000 do redis.call('XADD', KEYS[1], ARGV[1] .. '-' .. n, 'd', 'x') end"
    _ = try scene.server.call("EVAL", script, "1", scene.keys.dead, old)
    // It is looked at by age once, for the next look is far off.
    try scene.startHandler("h1")
    try scene.server.wait { length(scene, scene.keys.dead) == 0 }
  }

  @Test func streamThatGrowsFastStaysWithinItsBound() throws {
    let scene = try HandlerScene(start: false)
    let bound = 8 << 20
    try scene.startHandler("h1") { $0.retention.bytes = bound }
    let script = "for n = 1, 400 do redis.call('XADD', KEYS[1], '*', '__data__', ARGV[1]) end"
    let entry = String(repeating: "x", count: 250)
    var (sizes, added): ([Int64], Int64) = ([], 0)
    // Some 17,000 a second: more than a bound's worth of them.
    while added < 150_000 {
      _ = try scene.server.call("EVAL", script, "1", scene.keys.control, entry)
      added += 400
      let size = try scene.server.call("MEMORY", "USAGE", scene.keys.control, "SAMPLES", 0).integer ?? 0
      sizes.append(size)
      var isDue = false
      scene.server.loop.schedule(inMilliseconds: 24) { isDue = true }
      try scene.server.wait { isDue }
      // A handler that a loaded machine holds up gets its turns first: of 40 commands it needs five for a bite of a
      // hundred entries. One that trims nothing in them fails.
      if Double(size) > Double(bound) * 1.04 {
        // Each question is one of them.
        let before = try scene.server.callCount()
        var asked: Int64 = 0
        try scene.server.wait {
          asked += 1
          return ((try? scene.server.callCount()) ?? 0) - before - asked >= 40
        }
      }
    }
    #expect((sizes.max() ?? 0) <= Int64(Double(bound) * 1.1))
    #expect((sizes.last ?? 0) >= Int64(Double(bound) * 0.85))
  }

  @Test(.enabled(if: TestServer.countsEntries)) func whatIsTrimmedUnreadIsCountedExactly() throws {
    let scene = try HandlerScene()
    try scene.waitForRecording()
    try scene.report("agent-0", "running", command: "c9")
    try scene.server.wait { (try? scene.cursorIsAtEnd()) ?? false }
    scene.handlers[0].halt()
    let total = 20_000
    let script = """
      for n = 1, ARGV[1] do
        redis.call('XADD', KEYS[1], '*', '__data__', '{"entity_id":"a' .. n .. '","event_type":"agent.created","data":'
          .. '{"name":"n","text":"' .. ARGV[2] .. '"}}')
      end
      """
    _ = try scene.server.call("EVAL", script, "1", scene.keys.events, total, String(repeating: "x", count: 900))
    _ = try scene.server.call("DEL", scene.keys.lease)
    try scene.startHandler("h2") { $0.retention.bytes = 4 << 20 }
    try scene.server.wait { (try? scene.cursorIsAtEnd()) ?? false }
    func missed() throws -> Int {
      try scene.audit().filter { $0.action == "read" }
        .reduce(0) { $0 + (Int($1.detail.prefix { $0.isNumber }) ?? 0) }
    }
    func read() throws -> Int { Int(try scene.server.call("HLEN", scene.keys.profiles).integer ?? 0) }
    try scene.server.wait { ((try? read() + missed()) ?? 0) >= total }
    #expect(try missed() > 0)
    #expect(try read() + missed() == total)
  }

  @Test func eachPolicyOfAFullServerIsSaidForWhatItIs() {
    func words(_ policy: String, used: Int, most: Int = 1000) -> String? {
      let info = "# Memory\r\nused_memory:\(used)\r\nmaxmemory:\(most)\r\nmaxmemory_policy:\(policy)\r\n"
      return MemoryWatch.words(.string(Array(info.utf8)))
    }
    #expect(words("noeviction", used: 849) == nil)
    #expect(words("noeviction", used: 1, most: 0) == nil)
    #expect(words("allkeys-lru", used: 900, most: 0) == nil)
    #expect(words("noeviction", used: 850)?.hasPrefix("Redis memory: 85 % of maxmemory used: ") == true)
    for policy in ["allkeys-lru", "allkeys-lfu", "allkeys-random"] {
      #expect(words(policy, used: 1)?.hasPrefix("Redis evicts: policy \(policy): 0 % ") == true)
      #expect(words(policy, used: 1)?.contains("commands, audit and alerts") == true)
    }
    for policy in ["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"] {
      #expect(words(policy, used: 2000)?.contains("200 %") == true)
      #expect(words(policy, used: 1)?.contains("the lease and the marks") == true)
    }
    #expect(MemoryWatch.words(.error(ServerError("NOPERM no"))) != nil)
    #expect(MemoryWatch.words(.null) == nil)
  }

  @Test func consolesReadInTheLeaseWhatTheServerIsAboutToDo() throws {
    let scene = try HandlerScene(start: false)
    try scene.server.configure("maxmemory", "1gb")
    try scene.server.configure("maxmemory-policy", "volatile-lru")
    try scene.startHandler("h1")
    try scene.server.wait { (try? scene.lease())??.warning?.hasPrefix("Redis evicts: policy volatile-lru") == true }
  }

  @Test func keysThatTakeMoreThanTheyShouldAreSaid() throws {
    let scene = try HandlerScene(start: false)
    _ = try scene.server.call(
      "EVAL", "for n = 1, 2000 do redis.call('SET', KEYS[1] .. n, string.rep('x', 1000)) end", "1", "agentos:mark:")
    try scene.startHandler("h1") { $0.retention.otherBytes = 1 << 20 }
    try scene.server.wait { (try? scene.lease())??.warning?.contains("most are mark: 2000 keys") == true }
  }

  /// They are the state of the fleet: nothing lets go of them for room, so that what they take must be known.
  @Test(arguments: ["alerts", "profiles", "proposals"])
  func stateThatTakesMoreThanItShouldIsSaidAndStays(name: String) throws {
    let scene = try HandlerScene(start: false)
    let script = "for n = 1, 300 do redis.call('HSET', KEYS[1], 'field-' .. n, string.rep('x', 9000)) end"
    _ = try scene.server.call("EVAL", script, "1", "agentos:\(name)")
    let log = LogLines()
    try scene.startHandler("h1", log: log.log) { $0.retention.otherBytes = 1 << 20 }
    try scene.server.wait { (try? scene.lease())??.warning?.contains("most are \(name): 1 keys, 2 MB") == true }
    #expect(log.contains("vigia's keys in Redis exceed their bound"))
    #expect(try scene.server.call("HLEN", "agentos:\(name)") == .integer(300))
  }

  @Test func largeStreamsAreShortened() throws {
    let scene = try HandlerScene(start: false)
    try fill(scene, scene.keys.control, 5000, age: .seconds(1))
    let size = try #require(try scene.server.call("MEMORY", "USAGE", scene.keys.control).integer)
    try scene.startHandler("h1") {
      $0.retention.every = .milliseconds(100)
      $0.retention.bytes = Int(size / 2)
    }
    try scene.server.wait { length(scene, scene.keys.control) < 2600 }
    #expect(length(scene, scene.keys.control) > 2000)
  }
}
