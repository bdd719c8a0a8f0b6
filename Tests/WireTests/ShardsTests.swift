import FleetModel
import Testing

@testable import Wire

/// How a fleet is divided: which shard an agent is in, and what the keys of each begin with.
struct ShardsTests {
  private func shards(_ count: Int, _ prefix: String = "agentos") throws -> Shards {
    try Shards(count, of: KeyPrefix(prefix))
  }

  @Test("the check value that every description of CRC-32 gives")
  func crcIsThatOfZlib() {
    #expect(Array("123456789".utf8).withUnsafeBytes { CRC32.of($0) } == 0xCBF4_3926)
    #expect([UInt8]().withUnsafeBytes { CRC32.of($0) } == 0)
  }

  /// As `zlib.crc32(id) % 8` of Python gives them.
  @Test(arguments: [("sales-1", 6), ("support-2", 0), ("agente-çã", 1), ("43", 6), ("", 0)])
  func shardOfAnAgentIsThatOfPython(id: String, shard: Int) throws {
    #expect(try shards(8).shard(of: AgentID(id)) == shard)
  }

  @Test func eachShardHasKeysOfItsOwnAndTheChannelsOfAll() throws {
    let prefixes = try shards(12).prefixes
    #expect(prefixes.map(\.text).first == "{agentos:00}" && prefixes[11].text == "{agentos:11}" && prefixes.count == 12)
    #expect(prefixes.map(\.shard) == Array(0..<12))
    let keys = Keys(prefixes[3])
    #expect(keys.events == Array("{agentos:03}:events".utf8))
    #expect(keys.controlChannel(.action(.pause)) == Array("agentos.control.pause".utf8))
    #expect(keys.recorderChannel == Array("agentos.recorder".utf8))
    #expect(Set(prefixes.compactMap { HashSlot.of(Array($0.text.utf8)) }).count == 12)
  }

  @Test func aPrefixInBracesIsDividedLikeOneWithout() throws {
    #expect(try shards(8, "{agentos}").prefixes == shards(8, "agentos").prefixes)
  }

  @Test(arguments: ["{agentos:03}", "{a}b", "a{b}", String(repeating: "a", count: 60)])
  func whatCannotBeDividedIsRefused(prefix: String) throws {
    #expect(throws: Shards.Malformed.self) { try shards(8, prefix) }
  }

  @Test(arguments: [-1, 0, 1, 65, .max])
  func numbersThatMakeNoShardsAreRefused(count: Int) {
    #expect(throws: Shards.Malformed.self) { try shards(count) }
  }

  @Test(arguments: ["{agentos:3}", "{agentos:x3}", "{agentos:003}x", "{:03}", "agentos:03"])
  func namesThatOnlyLookLikeAShardAreNone(prefix: String) throws {
    #expect(try KeyPrefix(prefix).shard == nil)
  }

  // MARK: Messages

  private func shard(of message: String, _ count: Int = 8) throws -> Int {
    let filter = ShardFilter(try shards(count), index: 0)
    return Array(message.utf8).withUnsafeBytes { filter.shard(of: $0) }
  }

  @Test("the id counts, and not how it is written or what is around it")
  func messagesGoToTheShardOfTheirAgent() throws {
    let event = #"{"event_type":"agent.performance","entity_id":"sales-1","data":{"error_rate":0.1}}"#
    #expect(try shard(of: event) == 6)
    #expect(try shard(of: #"{"entity_id":"sales\u002d1"}"#) == 6)
    #expect(try shard(of: #"{"entity_id":43}"#) == 6)
    let envelope: JSONValue = ["data": .string(event), "headers": ["content-type": "application/json"]]
    #expect(try shard(of: String(decoding: envelope.encoded, as: UTF8.self)) == 6)
  }

  @Test(arguments: ["", "{", "[]", "{}", #"{"entity_id":null}"#, "\u{0}\u{1}"])
  func whatNamesNoAgentIsOfTheFirstShard(message: String) throws {
    #expect(try shard(of: message) == 0)
  }

  @Test func markersAndLeasesNameTheirShard() {
    let marker = RecorderMarker(handler: "h1", fence: 3, nonce: "9f", shard: 5)
    #expect(RecorderMarker.decode(marker.encode()) == marker)
    let lease = Lease(id: "h1", fence: 3, isRecording: true, since: Instant(milliseconds: 1), shards: 8)
    #expect(LeaseCoding.decode(LeaseCoding.encode(lease)) == lease)
  }
}
