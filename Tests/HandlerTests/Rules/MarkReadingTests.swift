import Automation
import FleetModel
import Redis
import TestThreads
import Testing
import Wire

@testable import Handler

/// What is remembered of many rules and agents is read at once.
@Suite(.threaded) struct MarkReadingTests {
  private let rule: PreparedRule

  init() throws {
    let rule = try #require(
      RuleScene.read(
        """
        [[rules]]
        id = "busy"
        on = "agent.high_traffic"
        throttle = [{ once_within = "15m", per = "agent" }, { once_within = "1m", per = "rule" }]
        limits = { per_agent = { count = 4, within = "24h" }, rate = { count = 3, within = "1m" } }
        mode = "auto"
        do = [{ action = "pause" }]
        """
      ).rules.first)
    self.rule = PreparedRule(rule, Keys())
  }

  private func marks(_ agent: AgentID) throws -> RuleState {
    let event: JSONValue = ["entity_id": .string(agent.bytes), "event_type": "agent.high_traffic", "data": [:]]
    let trigger = try event.encoded.withUnsafeBytes { bytes throws(Unreadable) in
      let event = try EventDecoder().decode(bytes, channel: nil, receivedAt: .epoch)
      return TriggerEvent(event, StreamID(milliseconds: 5), before: nil)
    }
    return RuleState(rule, try #require(trigger), isDry: false)
  }

  /// The words of a request, and what Redis answers to MGET by these values.
  private func answer(_ request: Request, _ values: [String: String]) -> (keys: [String], reply: Reply) {
    var bytes: [UInt8] = []
    request.encode(into: &bytes)
    let lines = String(decoding: bytes, as: UTF8.self).split(
      separator: "\r\n" as Character, omittingEmptySubsequences: false
    ).map(String.init)
    let words = stride(from: 2, to: lines.count, by: 2).map { lines[$0] }
    let keys = Array(words.dropFirst())
    return (keys, .array(keys.map { values[$0].map { .string(Array($0.utf8)) } ?? .null }))
  }

  @Test func whatARuleCountsByIsReadOnceForAllItsAgents() throws {
    var reading = RuleStateReader()
    for agent in ["a", "b"] { reading.add(try marks(AgentID(agent))) }
    #expect(reading.requests.count == 1)
    let (keys, reply) = answer(
      reading.requests[0],
      [
        "agentos:mark:rate/busy": "1000,2000,x,,99999999999999999999,3000", "agentos:mark:limit/busy/b": "700-1",
        "agentos:mark:throttle/0/busy/a": "400", "agentos:mark:throttle/1/busy": "900",
        "agentos:mark:held/busy/b": "limited",
      ])
    #expect(keys.count { $0 == "agentos:mark:rate/busy" } == 1)
    #expect(keys.count { $0 == "agentos:mark:throttle/1/busy" } == 1)
    #expect(Set(keys).count == keys.count)
    let found = reading.marks([reply])
    #expect(found.map(\.agent) == ["a", "b"])
    let memories = found.map { $0.memory(at: Instant(milliseconds: 4000)) }
    let acted = [1000, 2000, 3000].map { Instant(milliseconds: $0) }
    #expect(memories.map(\.acted) == [acted, acted])
    #expect(memories.map(\.actedOnAgent) == [[], [Instant(milliseconds: 700)]])
    #expect(
      memories.map(\.throttles) == [
        [Instant(milliseconds: 400), Instant(milliseconds: 900)], [nil, Instant(milliseconds: 900)],
      ])
    #expect(found.map(\.held) == [nil, .limited])
  }

  @Test func markUnderItsFormerSpellingIsFound() throws {
    var reading = RuleStateReader()
    let agent = AgentID("a b")
    reading.add(try marks(agent))
    let (keys, reply) = answer(reading.requests[0], ["agentos:mark:throttle/0/busy/a b": "400"])
    #expect(keys.contains("agentos:mark:throttle/0/busy/a%20b"))
    #expect(
      reading.marks([reply])[0].memory(at: Instant(milliseconds: 500)).throttles.first
        == Instant(milliseconds: 400))
  }

  @Test func markOfAllAgentsHasOneSpellingBesideOthersThatHaveTwo() throws {
    var reading = RuleStateReader()
    for agent in ["a b", "c d"] { reading.add(try marks(AgentID(agent))) }
    let values = [
      "agentos:mark:rate/busy": "1000", "agentos:mark:held/busy/a%20b": "limited",
      "agentos:mark:held/busy/c d": "stale",
    ]
    let (keys, reply) = answer(reading.requests[0], values)
    #expect(keys.count { $0 == "agentos:mark:rate/busy" } == 1)
    let found = reading.marks([reply])
    #expect(found.map(\.held) == [.limited, .stale])
    #expect(found.map { $0.memory(at: Instant(milliseconds: 2000)).acted.count } == [1, 1])
  }

  @Test func whatCannotBeReadIsNothing() throws {
    var reading = RuleStateReader()
    reading.add(try marks("a"))
    let memory = reading.marks([.error(ServerError("NOPERM"))])[0].memory(at: .epoch)
    #expect(memory == RuleHistory(throttles: [nil, nil]))
  }
}
