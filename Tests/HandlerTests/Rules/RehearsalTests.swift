import Automation
import FleetModel
import TestThreads
import Testing
import Wire

@testable import Handler

/// Rules tried on recorded events.
@Suite(.threaded) struct RehearsalTests {
  /// What is made of events at so many seconds each.
  private func decisions(_ runbook: String, _ events: [(second: Int, type: String, data: JSONValue)]) throws -> [String]
  {
    var runbookTest = RunbookTest(try RuleScene.read(runbook))
    return try events.flatMap { second, type, data in
      let received = ISO8601.format(.epoch + .seconds(Int64(second)))
      let line: JSONValue = [
        "event_type": .string(type), "entity_id": "a1", "received": .string(received), "data": data,
      ]
      return try line.encoded.withUnsafeBytes { try runbookTest.take($0) }.map(\.decision.words)
    }
  }

  @Test func throttleIsRememberedByTheEventsOwnTime() throws {
    let decisions = try decisions(
      """
      [[rules]]
      id = "more"
      on = "agent.high_traffic"
      throttle = [{ once_within = "1m" }]
      do = [{ action = "scale", by = "+1" }]
      """, [0, 30, 60].map { ($0, "agent.high_traffic", ["queue_size": 500]) })
    #expect(decisions == ["", "throttled: acted 30s ago, once in 1m", ""])
  }

  @Test func troubleClearsBeforeTheRuleActsAgain() throws {
    let decisions = try decisions(
      """
      [[rules]]
      id = "relief"
      on = "agent.high_traffic"
      clear = "metric.queue_size < 50"
      do = [{ action = "scale", by = "+1" }]
      """,
      [
        (0, "agent.high_traffic", ["queue_size": 500]), (10, "agent.high_traffic", ["queue_size": 400]),
        (20, "agent.metrics", ["queue_size": 10]), (30, "agent.high_traffic", ["queue_size": 300]),
      ])
    #expect(decisions == ["", "not_cleared: it acted on this, and it has not cleared since", ""])
  }

  /// One rule acts once an hour for the fleet; the other waits for a minute of rest of it.
  static let sharing = """
    [[rules]]
    id = "hourly"
    on = "agent.high_traffic"
    throttle = [{ once_within = "1h", per = "fleet" }]
    do = [{ action = "scale", by = "+1" }]

    [[rules]]
    id = "brief"
    on = "agent.feedback"
    throttle = [{ once_within = "1s", per = "fleet" }]
    do = [{ action = "scale", by = "+1" }]

    [[rules]]
    id = "rested"
    on = "agent.custom"
    throttle = [{ once_after = "1m", per = "fleet" }]
    do = [{ action = "scale", by = "+1" }]

    [[rules]]
    id = "free"
    on = "agent.other"
    do = [{ action = "scale", by = "+1" }]
    """

  @Test func throttlesOfTheFleetAreSharedByThoseThatHaveOne() throws {
    let decisions = try decisions(
      Self.sharing,
      [
        (0, "agent.other", ["x": 1]), (0, "agent.custom", ["x": 1]), (10, "agent.high_traffic", ["queue_size": 500]),
        (20, "agent.custom", ["x": 1]), (30, "agent.high_traffic", ["queue_size": 500]),
      ])
    #expect(
      decisions == [
        "", "", "", "throttled: asked for 20s ago, waits for 1m of rest for the fleet",
        "throttled: acted 20s ago, once in 1h for the fleet",
      ])
  }

  @Test func onceAfterWaitsForRest() throws {
    let decisions = try decisions(
      """
      [[rules]]
      id = "calm"
      on = "agent.high_traffic"
      throttle = [{ once_after = "1m" }]
      do = [{ action = "scale", by = "+1" }]
      """, [0, 50, 100, 170].map { ($0, "agent.high_traffic", ["queue_size": 500]) })
    #expect(
      decisions == [
        "", "throttled: asked for 50s ago, waits for 1m of rest", "throttled: asked for 50s ago, waits for 1m of rest",
        "",
      ])
  }
}
