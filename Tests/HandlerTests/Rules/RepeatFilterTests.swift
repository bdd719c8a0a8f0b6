import Automation
import FleetModel
import TestThreads
import Testing
import Wire

@testable import Handler

/// What numbers of an event settle is what the condition itself says, and only what is remembered is settled.
@Suite(.threaded) struct RepeatFilterTests {
  private struct Fields: Facts {
    let data: JSONValue

    func value(_ name: FactName) -> FactValue? {
      name.parts.count == 2 ? data[name.parts[1]].flatMap { FactValue($0) } : nil
    }
  }

  private static let conditions = [
    "data.a >= 0.1 or data.b >= 4000", "data.a < 1 and not data.b > 2", "not data.a == 3", "data.a != 3", "2 <= data.b",
    "not (data.a > 1 or data.b > 1)", "data.a <= -1.5e2",
  ]

  private static let bodies = [
    #"{"entity_id":"x","data":{"a":0.31,"b":1200}}"#, #"{"data":{"b":5000,"c":{"a":9}},"entity_id":"x"}"#,
    #"{"entity_id":"x","data":{"a":1,"a":3}}"#, #"{"entity_id":"x","data":{"a":null,"b":2}}"#,
    #"{"entity_id":"x","data":{"a":"0.5"}}"#, #"{"entity_id":"x","data":{"a":true,"b":[1]}}"#,
    #"{"entity_id":"x","a":7,"b":1}"#, #"{"entity_id":"x","data":{}}"#, #"{"entity_id":"x","data":3,"a":1}"#,
    #"{"entity_id":"x","data":{"a":-150.0,"b":1e3}}"#, #"{"entity_id":"x","data":{"\u0061":5,"b":-0}}"#,
    #"{"entity_id":"x","data":{"a":1},"data":{"b":9}}"#, #"{"entity_id":"x","data":{"a":NaN,"b":Infinity}}"#,
    #"{"entity_id":"x","data":{"a":123456789012345678901234567890}}"#,
  ]

  @Test(arguments: conditions) func numbersSayWhatTheConditionSays(_ text: String) throws {
    let condition = try Condition(text)
    var names: [String] = []
    let test = try #require(NumberTest(condition, &names))
    var numbers = EventNumbers(names)
    var settled = 0
    for body in Self.bodies {
      guard Array(body.utf8).withUnsafeBytes({ numbers.read($0) }) else { continue }
      guard let holds = test.holds(numbers.values) else { continue }
      settled += 1
      let json = try JSONValue.parse(Array(body.utf8))
      #expect(holds == condition.judge(Fields(data: json["data"] ?? json)).holds, "\(body)")
    }
    #expect(settled >= 6)
  }

  @Test func otherConditionsAreLeftToWords() throws {
    var names: [String] = []
    for text in ["agent.state == 'running'", "data.a in [1, 2]", "data.a", "data.a.b > 1", "data.a > data.b"] {
      #expect(NumberTest(try Condition(text), &names) == nil, "\(text)")
    }
  }

  @Test func onlyWhatIsRememberedOfTheSameAgentIsSettledAndForAWhile() throws {
    let runbook = try RuleScene.read(
      """
      [[rules]]
      id = "calm"
      on = "agent.performance_degraded"
      when = "data.error_rate >= 0.25"
      throttle = [{ once_within = "15m" }]
      do = [{ action = "pause" }]
      """)
    let rules = RulesByType(runbook, Keys())
    let filter = RepeatFilter(rules)
    let rule = try #require(rules["agent.performance_degraded"].first)
    let now = Instant(milliseconds: 1_795_000_000_000)
    func settles(_ rate: String, at instant: Instant, first: Instant = .epoch, isStale: Bool = false) throws -> Bool {
      let body = #"{"entity_id":"a","event_type":"agent.performance_degraded","data":{"error_rate":\#(rate)}}"#
      return try Array(body.utf8).withUnsafeBytes { bytes in
        let event = try EventDecoder().decode(bytes, channel: nil, receivedAt: instant)
        let matches = try #require(filter.matches(event))
        return filter.settles(matches, event.kind, at: 3, first: first, now: instant, isStale: isStale)
      }
    }
    #expect(try settles("0.1", at: now), "the condition does not hold")
    #expect(try !settles("0.3", at: now))
    filter.remember(rule, .performanceDegraded, 3, first: .epoch, .throttled, until: now + .seconds(5))
    #expect(try settles("0.3", at: now) && settles("0.3", at: now + .seconds(4)))
    #expect(try !settles("0.3", at: now + .seconds(5)))
    #expect(try !settles("0.3", at: now, first: now), "another agent has its place")
    #expect(try !settles("0.3", at: now, isStale: true), "that it is too old has not been told")
    filter.forget(3)
    #expect(try !settles("0.3", at: now))
    var tally = DecisionTally()
    rules.moveCounts(to: &tally)
    #expect(tally == DecisionTally(["calm/not_met": 1, "calm/throttled": 2]))
    #expect(rules.counted == 0)
  }

  @Test(arguments: [
    (#"{"error_rate":0.3,"response_time":100}"#, true), (#"{"error_rate":0.05,"response_time":4000}"#, true),
    (#"{"error_rate":0.05,"response_time_avg":4000}"#, false), (#"{"response_time":4000}"#, true),
    (#"{"error_rate":0.05,"response_time":1,"response_time_avg":9000}"#, false), (#"{"error_rate":0.05}"#, false),
    (#"{"error_rate":0.3,"response_time":null}"#, true),
    (#"{"response_time":1,"error_rate":0.05,"error_rate":0.2}"#, true),
  ]) func numbersThatWereReadAlreadySayTheSame(_ data: String, _ holds: Bool) throws {
    let runbook = try RuleScene.read(
      """
      [[rules]]
      id = "calm"
      on = "agent.performance_degraded"
      when = "data.error_rate >= 0.1 or data.response_time >= 4000"
      do = [{ action = "pause" }]
      """)
    let filter = RepeatFilter(RulesByType(runbook, Keys()))
    let body = #"{"entity_id":"a","event_type":"agent.performance_degraded","data":\#(data)}"#
    let matches = try Array(body.utf8).withUnsafeBytes { bytes in
      filter.matches(try EventDecoder().decode(bytes, channel: nil, receivedAt: .epoch))
    }
    #expect(matches == (holds ? 1 : 0))
  }

  @Test func textInPlaceOfANumberIsLeftToWords() throws {
    let runbook = try RuleScene.read(
      """
      [[rules]]
      id = "calm"
      on = "agent.performance_degraded"
      when = "data.error_rate >= 0.1"
      do = [{ action = "pause" }]
      """)
    let filter = RepeatFilter(RulesByType(runbook, Keys()))
    let body = #"{"entity_id":"a","event_type":"agent.performance_degraded","data":{"error_rate":"0.3"}}"#
    let matches = try Array(body.utf8).withUnsafeBytes { bytes in
      filter.matches(try EventDecoder().decode(bytes, channel: nil, receivedAt: .epoch))
    }
    #expect(matches == nil)
  }
}
