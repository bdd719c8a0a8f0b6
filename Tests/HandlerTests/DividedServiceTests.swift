import Exposition
import FleetModel
import Logging
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// The handler of a divided fleet, on one plain server.
@Suite(.threaded) struct DividedServiceTests {
  private let server: TestServer
  private let scene: ShardScene

  init() throws {
    server = try TestServer()
    scene = try ShardScene(4, on: server)
  }

  // MARK: Recording

  @Test func eachMessageStandsInTheStreamOfItsShardAlone() throws {
    let service = try scene.start("h1")
    try scene.waitForSpread([service])
    for number in 1...200 {
      let channel = ShardPublisher.channels[number % ShardPublisher.channels.count]
      _ = try server.call("PUBLISH", channel, TestServer.event("\(number)"))
    }
    // What names no agent is shard 00's, in whatever form it comes.
    let strangers = ["no event", "{\"event_type\":\"metrics\"}", ""]
    for payload in strangers { _ = try server.call("PUBLISH", "agent.metrics", payload) }
    _ = try server.call("PUBLISH", "other", TestServer.event("1"))
    try scene.expectEachOnce(200)
    try scene.loop.wait { (try? scene.recorded(0).count { strangers.map { Array($0.utf8) }.contains($0) }) == 3 }
    #expect(try (0..<4).reduce(0) { try $0 + scene.recorded($1).count } == 203)
    for shard in 0..<4 {
      #expect(try !scene.numbers(shard).isEmpty)
      let markers = (try scene.call(shard, "XRANGE", scene.keys(shard).events, "-", "+").elements ?? []).compactMap {
        $0.elements?.last?.pairs.first { $0.name == Keys.dataField }.flatMap { RecorderMarker.decode($0.value) }
      }
      #expect(!markers.isEmpty && markers.allSatisfy { $0.shard == shard })
      #expect(try scene.lease(shard)?.shards == 4)
    }
    // They lie on one server, so they share one subscription.
    #expect(service.hub.nodeCount == 1)
    let list = try server.call("CLIENT", "LIST", "TYPE", "pubsub").text ?? ""
    #expect(list.split(separator: "\n").count == 1)
  }

  @Test func lossOfTheChannelsIsAGapOfEachShard() throws {
    let service = try scene.start("h1")
    try scene.waitForSpread([service])
    _ = try server.call("CLIENT", "KILL", "TYPE", "pubsub")
    func gaps(_ shard: Int) throws -> Int { try scene.audit(shard).count { $0.action == "record" } }
    try scene.loop.wait { (0..<4).allSatisfy { (try? gaps($0)) == 1 } }
    for number in 1...40 { _ = try server.call("PUBLISH", "agent.metrics", TestServer.event("\(number)")) }
    try scene.expectEachOnce(40)
    for shard in 0..<4 { #expect(try scene.lease(shard)?.fence == 1) }
  }

  // MARK: Who leads

  @Test func shardsSpreadOverTheHandlersThatComeAndNothingIsLost() throws {
    let first = try scene.start("h1")
    try scene.waitForSpread([first])
    let publisher = try ShardPublisher([server.endpoint], scene.loop)
    let second = try scene.start("h2")
    try scene.waitForSpread([first, second])
    try publisher.pass(200)
    let third = try scene.start("h3")
    try scene.waitForSpread([first, second, third])
    try publisher.pass(200)
    try publisher.stop()
    try scene.expectEachOnce(publisher.sent)
  }

  @Test func killedHandlersShardsAreTakenOverAndNothingIsLost() throws {
    let first = try scene.start("h1")
    let second = try scene.start("h2")
    try scene.waitForSpread([first, second])
    let publisher = try ShardPublisher([server.endpoint], scene.loop)
    try publisher.pass(300)
    first.halt()
    let span = try scene.loop.wait { second.led.count == 4 }
    try scene.waitForSpread([second])
    try publisher.pass(200)
    try publisher.stop()
    try scene.expectEachOnce(publisher.sent)
    print("a killed handler's shards were led again after \(Int(span)) ms")
    #expect(span < 10_000)
  }

  @Test func handlerThatEndsGivesAllItsShardsBackAtOnce() throws {
    let first = try scene.start("h1")
    let second = try scene.start("h2")
    try scene.waitForSpread([first, second])
    let publisher = try ShardPublisher([server.endpoint], scene.loop)
    try publisher.pass(200)
    var isStopped = false
    first.stop { isStopped = true }
    try scene.loop.wait { isStopped && second.led.count == 4 }
    #expect(try server.call("HEXISTS", scene.keys(0).handlers, "h1") == .integer(0))
    try scene.waitForSpread([second])
    try publisher.pass(200)
    try publisher.stop()
    try scene.expectEachOnce(publisher.sent)
  }

  /// Another that is said to live and never comes keeps no shard from being led.
  @Test func handlerThatIsOnlySaidToLiveKeepsNoShard() throws {
    let liar = try Liar(server, scene.keys(0).handlers, ["ghost-1", "ghost-2", "ghost-3"])
    let service = try scene.start("h1")
    try scene.loop.wait { service.led.count == 4 }
    liar.stop()
  }

  /// Keeps a list of handlers that do not exist.
  private final class Liar {
    private let link: Link
    private let loop: Loop
    private var isRunning = true

    init(_ server: TestServer, _ key: [UInt8], _ ids: [String]) throws {
      loop = server.loop
      link = Link(loop: loop, endpoint: server.endpoint) { _ in }
      link.start()
      try server.wait { link.connection != nil }
      lie(key, ids)
    }

    deinit { link.stop() }

    func stop() { isRunning = false }

    private func lie(_ key: [UInt8], _ ids: [String]) {
      guard isRunning else { return }
      let script = """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        for _, id in ipairs(ARGV) do redis.call('HSET', KEYS[1], id, string.format('%.0f', now) .. ' f') end
        """
      var request = Request("EVAL", script, 1, key)
      for id in ids { request.append(id) }
      link.connection?.send(request) { _ in }
      loop.schedule(inMilliseconds: 300) { [weak self] in self?.lie(key, ids) }
    }
  }

  // MARK: The number of shards

  @Test func handlerWithAnotherNumberLeadsNothingAndSaysBoth() throws {
    let first = try scene.start("h1")
    try scene.waitForSpread([first])
    let log = LogLines()
    let other = try scene.start("h2", count: 8, log: log.log) { $0.monitoring.address = ListenAddress("127.0.0.1:0") }
    let words =
      "the fleet agentos is divided into 4 shards (field shards of {agentos:00}:cursor) and this handler was told 8: "
      + "start it with --shards 4, or give a fleet that is divided anew another prefix"
    try scene.loop.wait { (try? readiness(other)) == "503 not ready: \(words)" }
    try scene.loop.wait { log.text.split(separator: "\n").contains { $0.contains(words) } }
    #expect(log.text.split(separator: "\n").count { $0.contains(words) } == 1)
    // Leases that nobody holds do not fall to it either.
    var isStopped = false
    first.stop { isStopped = true }
    try scene.loop.wait { isStopped }
    let until = MonotonicTime.now.adding(milliseconds: 3000)
    try scene.loop.wait { MonotonicTime.now > until }
    #expect(other.led.isEmpty)
    #expect(try server.call("EXISTS", "{agentos:05}:fence") == .integer(0))
  }

  @Test func numberThatIsNoneIsSaid() throws {
    _ = try server.call("HSET", scene.keys(0).cursor, "shards", "many")
    let service = try scene.start("h1") { $0.monitoring.address = ListenAddress("127.0.0.1:0") }
    try scene.loop.wait {
      (try? readiness(service))?.contains("is no number of shards: write there into how many") == true
    }
    _ = try server.call("HSET", scene.keys(0).cursor, "shards", "4")
    try scene.loop.wait { service.led.count == 4 }
  }

  // MARK: Who watches

  private func ask(_ service: DividedService, _ path: String) throws -> ServedReply {
    var found: ServedReply?
    service.monitor.answer(ServedRequest(path: path)) { found = $0 }
    try scene.loop.wait { found != nil }
    return try #require(found)
  }

  private func readiness(_ service: DividedService) throws -> String {
    let reply = try ask(service, "/readyz")
    return "\(reply.status) \(String(decoding: Array(reply.body.joined()), as: UTF8.self).dropLast())"
  }

  @Test func pageTellsEachShardByALabel() throws {
    let service = try scene.start("h1") { $0.monitoring.address = ListenAddress("127.0.0.1:0") }
    try scene.waitForSpread([service])
    #expect(try readiness(service) == "200 leader of all 4 shards")
    for number in 1...40 { _ = try server.call("PUBLISH", "agent.metrics", TestServer.event("\(number)")) }
    try scene.expectEachOnce(40)
    func page() throws -> PageText { PageText(try ask(service, "/metrics").body.joined()) }
    func recorded(_ page: PageText) -> Int {
      (0..<4).reduce(0) { $0 + (Int(page["vigia_recorded_messages_total{shard=\"0\($1)\"}"] ?? "") ?? 0) }
    }
    try scene.loop.wait { (try? page()).map { recorded($0) == 40 } ?? false }
    let text = try page()
    for shard in 0..<4 {
      #expect(text["vigia_leader{shard=\"0\(shard)\"}"] == "1")
      #expect(text["vigia_lease_fence{shard=\"0\(shard)\"}"] == "1")
    }
    #expect(text.families.count == Set(text.families).count)
    try scene.loop.wait {
      (try? page()).map { page in
        (1...40).allSatisfy { number in
          let shard = scene.shards.shard(of: AgentID("\(number)"))
          return page["vigia_agent_error_ratio{shard=\"0\(shard)\",agent=\"\(number)\"}"] != nil
        }
      } ?? false
    }
  }

  @Test func standbyForAllIsReady() throws {
    let first = try scene.start("h1")
    try scene.waitForSpread([first])
    let log = LogLines()
    let second = try scene.start("h2", log: log.log) { $0.monitoring.address = ListenAddress("127.0.0.1:0") }
    try scene.loop.wait { (try? readiness(second)) == "200 standby for all 4 shards" }
    // Each line says which shard it is about.
    try scene.loop.wait {
      (0..<4).allSatisfy { shard in log.text.split(separator: "\n").contains { $0.contains(" shard=0\(shard)") } }
    }
  }
}
