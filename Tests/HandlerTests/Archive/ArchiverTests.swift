import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// From streams into a real ClickHouse.
@Suite(.threaded, .enabled(if: ClickHouse.isInstalled, Comment(rawValue: ClickHouse.missing)))
struct ArchiverTests {
  private let archive: ArchiveScene
  private var scene: HandlerScene { archive.scene }

  init() throws { archive = try ArchiveScene() }

  @Test func leaderArchivesEventsAndTheAuditOnce() throws {
    try archive.publish(2500)
    try archive.start("h1")
    try scene.send(.pause, ["a-1"], ["for": "5m"])
    try archive.waitForAll(scene.keys.events)
    try archive.waitForAll(scene.keys.audit)
    #expect(try archive.count(.events) == archive.length(scene.keys.events))
    #expect(try archive.count(.audit) == archive.length(scene.keys.audit))
    let sum = try archive.ask(
      """
      SELECT count(), sum(metric.value[indexOf(metric.name, 'queue_size')]), uniqExact(agent)
      FROM vigia.event_rows FINAL WHERE type = 'agent.metrics'
      """)
    #expect(sum == "2500\t\(2499 * 2500 / 2)\t50\n")
    let line = try archive.ask("SELECT phase, action, target, operator FROM vigia.audit WHERE phase = 'succeeded'")
    #expect(line.contains("succeeded\tpause\ta-1\talice@bastion\n"))
  }

  /// What the first has sent and not noted, its successor sends again.
  @Test func successorGoesOnAndNothingCountsTwice() throws {
    let first = try archive.start("h1")
    try archive.start("h2", waits: false)
    try archive.publish(60_000)
    try scene.server.wait { (try? archive.count(.events)) ?? 0 > 0 }
    first.halt()
    try archive.publish(5000, from: 60_000)
    try archive.waitForAll(scene.keys.events)
    #expect(try archive.count(.events) == archive.length(scene.keys.events))
    #expect(try archive.cursor(scene.keys.events)?.lost == 0)
  }

  @Test func serverThatIsKilledLosesNothing() throws {
    let handler = try archive.start("h1")
    try archive.publish(50_000)
    try scene.server.wait { (try? archive.count(.events)) ?? 0 > 0 }
    archive.house.kill()
    try archive.publish(1000, from: 50_000)
    try scene.server.wait { handler.counts.archived[scene.keys.events]?.failures ?? 0 > 0 }
    // Commands go on meanwhile.
    try scene.send(.pause, ["a-1"], ["for": "5m"])
    try archive.house.startAgain(on: scene.server.loop)
    try archive.waitForAll(scene.keys.events)
    #expect(try archive.count(.events) == archive.length(scene.keys.events))
  }

  @Test func everyByteComesBackAsItWas() throws {
    let odd: [[UInt8]] = [
      Array(#"{"entity_id":"q\"\\\u0001\n","event_type":"x.y","data":{"t":"\ud83d\ude00"}}"#.utf8),
      Array("no JSON \u{0}\u{1}\u{1F}\u{7F}\\ \" / \t\r\n".utf8), [0xFF, 0xFE, 0x00, 0xC3, 0x28, 0xED, 0xA0, 0x80],
    ]
    for bytes in odd { _ = try scene.server.call("XADD", scene.keys.events, "*", "__data__", bytes) }
    _ = try scene.server.call("XADD", scene.keys.events, "18446744073709551615-18446744073709551614", "f", "v\"")
    try archive.start("h1")
    try archive.waitForAll(scene.keys.events)
    let rows = try archive.ask(
      "SELECT hex(data) FROM vigia.events WHERE channel != 'agentos.recorder' ORDER BY ms, seq FORMAT TSV"
    ).split(separator: "\n").map(String.init)
    func hex(_ bytes: [UInt8]) -> String {
      bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
    }
    #expect(rows == odd.map(hex) + [hex(Array(#"{"f":"v\""}"#.utf8))])
    let read = try archive.ask("SELECT hex(agent), type, fault FROM vigia.events WHERE type = 'x.y'")
    #expect(read == "\(hex(Array("q\"\\\u{1}\n".utf8)))\tx.y\t\n")
    #expect(try archive.ask("SELECT count() FROM vigia.events WHERE fault != ''") == "3\n")
  }

  /// Whatever a message is wrapped in, `data` is the event's own JSON, and its metrics are columns.
  @Test func wrappedMessagesAreArchivedAsTheEventsThatTheyCarry() throws {
    let event =
      #"{"entity_id": 7, "event_type": "agents.odd_one", "data": {"queue_size": 5, "response_time_avg": 12.5}}"#
    let head: [UInt8] = [0x89, 0x42, 0x49, 0x4E, 0x0D, 0x0A, 0x1A, 0x0A, 0, 1, 0, 0, 0, 18, 0, 0, 0, 20, 0, 0]
    let envelope: JSONValue = ["data": .string(event), "headers": ["x": "y"]]
    for message in [head + event.utf8, envelope.encoded, Array(event.utf8)] {
      _ = try scene.server.call("XADD", scene.keys.events, "*", "__data__", message)
    }
    _ = try scene.server.call(
      "XADD", scene.keys.events, "*", "entity_id", "7", "event_type", "odd_one", "queue_size", "5",
      "response_time_avg", "12.5")
    try archive.start("h1")
    try archive.waitForAll(scene.keys.events)
    let rows = try archive.ask(
      """
      SELECT agent, type, metric.name[1], metric.value[1], metric.name[2], metric.value[2], count()
      FROM vigia.events WHERE type != 'agentos.recorder' GROUP BY agent, type, metric.name, metric.value
      """)
    #expect(rows == "7\tagent.odd_one\tresponse_time\t12.5\tqueue_size\t5\t4\n")
    let plain = try archive.ask("SELECT count() FROM vigia.events WHERE data = '\(event)'")
    #expect(plain == "3\n")
  }

  /// Nothing can be added behind it, and it is archived once.
  @Test func entryWithTheLastOfAllIDsIsArchivedOnce() throws {
    _ = try scene.server.call("XADD", scene.keys.audit, "18446744073709551615-18446744073709551615", "__data__", "{}")
    let handler = try archive.start("h1") { $0.recordedPatterns = ["agent.*"] }
    try scene.server.wait { (try? archive.count(.audit)) == 1 }
    try archive.publish(2000)
    try archive.waitForAll(scene.keys.events)
    #expect(handler.counts.archived[scene.keys.audit]?.rows == 1)
  }
}
