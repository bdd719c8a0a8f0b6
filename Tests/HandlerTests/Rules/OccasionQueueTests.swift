import Automation
import FleetModel
import TestThreads
import Testing
import Wire

@testable import Handler

/// What waits to be judged is bounded by what is read, goes by urgency, and is never turned away.
@Suite(.threaded) struct OccasionQueueTests {
  private func trigger(
    _ agent: AgentID, _ type: String = "agent.high_traffic", size: Int = 100, number: UInt64 = 1
  ) throws -> TriggerEvent {
    let event: JSONValue = [
      "entity_id": .string(agent.bytes), "event_type": .string(type),
      "data": ["queue_size": 60, "text": .string(String(repeating: "x", count: max(0, size - 100)))],
    ]
    let trigger = try event.encoded.withUnsafeBytes { bytes throws(Unreadable) in
      let event = try EventDecoder().decode(bytes, channel: nil, receivedAt: .epoch)
      return TriggerEvent(event, StreamID(milliseconds: number), before: nil)
    }
    return try #require(trigger)
  }

  private func trigger(of event: JSONValue) throws -> TriggerEvent {
    try #require(
      try event.encoded.withUnsafeBytes { bytes throws(Unreadable) in
        let event = try EventDecoder().decode(bytes, channel: nil, receivedAt: .epoch)
        return TriggerEvent(event, StreamID(milliseconds: 1), before: nil)
      })
  }

  @Test func eventLongerThanSixtyFourKibibytesIsKeptWithWhatIsKnownAlone() throws {
    #expect(try trigger("a", size: 64_000).data["queue_size"] == 60)
    let long = try trigger("a", size: 66_000)
    #expect(long.data["queue_size"]?.double == 60 && long.data.weight < 4096)
    #expect(long.agent == "a" && long.type == "agent.high_traffic")
  }

  @Test func eventOfManyValuesTakesTheRoomOfTheirTree() throws {
    let numbers = JSONValue.array([JSONValue](repeating: 1, count: 1000))
    let event: JSONValue = ["entity_id": "a", "event_type": "agent.high_traffic", "data": ["list": numbers]]
    #expect(try trigger(of: event).size > 1000 * MemoryLayout<JSONValue>.stride)
  }

  @Test func eventThatIsToBeToldKeepsNoDataAndTheOldestIsFoundAmongAll() throws {
    let rule = PreparedRule(try RuleScene.read(nil).rules[0], Keys())
    let held = try ([5, 2, 7] as [UInt64]).map { number in
      let trigger = try trigger("a", number: number)
      return SuppressionReporter.Held(
        trigger: trigger, decision: Decision(.suppression(.stale), "old"), suppression: .stale,
        marks: RuleState(rule, trigger, isDry: false))
    }
    #expect(SuppressionReporter.oldest(held) == StreamID(milliseconds: 2))
    #expect(held.allSatisfy { $0.trigger.data == JSONValue.null })
    #expect(SuppressionReporter.oldest([]) == nil)
  }

  private func drain(_ queue: inout TriggerQueue) -> [UInt64] {
    var order: [UInt64] = []
    while let first = queue.first {
      order.append(first.entry.milliseconds)
      queue.removeFirst()
    }
    return order
  }

  @Test func eventsOfManyAgentsLeaveInTheOrderInWhichTheyCame() throws {
    var queue = TriggerQueue()
    for number in 1...3000 { queue.append(try trigger(AgentID("agent-\(number)"), number: UInt64(number))) }
    #expect(drain(&queue) == Array(1...3000))
    #expect(queue.isEmpty && queue.oldest == nil)
  }

  @Test func repeatsOfAnAttackPassNobodysFirstEvent() throws {
    var queue = TriggerQueue()
    for number in 1...3 { queue.append(try trigger("attacked", "agent.security_alert", number: UInt64(number))) }
    queue.append(try trigger("quiet", number: 4))
    queue.append(try trigger("other", "agent.security_alert", number: 5))
    #expect(drain(&queue) == [1, 5, 4, 2, 3])
  }

  @Test func attacksAndTheFirstOfEachAgentPassRepeats() throws {
    var queue = TriggerQueue()
    for number in 1...4 { queue.append(try trigger("loud", number: UInt64(number))) }
    queue.append(try trigger("quiet", number: 5))
    queue.append(try trigger("loud", "agent.satisfaction_low", number: 6))
    queue.append(try trigger("loud", "agent.security_alert", number: 7))
    #expect(queue.ahead(3).map(\.entry.milliseconds) == [7, 1, 5])
    #expect(queue.oldest == StreamID(milliseconds: 1))
    #expect(drain(&queue) == [7, 1, 5, 6, 2, 3, 4])
  }

  @Test func whatIsBeingJudgedStaysFirst() throws {
    var queue = TriggerQueue()
    queue.append(try trigger("a", number: 1))
    #expect(queue.first?.entry.milliseconds == 1)
    queue.append(try trigger("b", "agent.security_alert", number: 2))
    #expect(queue.first?.entry.milliseconds == 1)
    queue.removeFirst()
    #expect(queue.first?.entry.milliseconds == 2)
  }

  @Test func itIsFullByNumberAndByBytesAndRoomyAgainOnceHalfIsGone() throws {
    var queue = TriggerQueue(most: 4, mostBytes: 4000)
    for number in 1...4 { queue.append(try trigger("a", number: UInt64(number))) }
    #expect(queue.isFull && !queue.isRoomy)
    // What was read already is taken all the same.
    queue.append(try trigger("b", number: 5))
    #expect(queue.count == 5)
    for _ in 0..<3 { queue.removeFirst() }
    #expect(!queue.isFull && queue.isRoomy)
    queue.append(try trigger("c", size: 4000, number: 6))
    #expect(queue.isFull && !queue.isRoomy)
  }

  // MARK: Every way

  /// The queue beside three plain lists, by a seed.
  @Test func queueGivesEventsByUrgencyAndThenByAge() throws {
    let kinds = ["agent.security_alert", "agent.high_traffic", "agent.satisfaction_low", "other.kind", "other.still"]
    let events = try (1...40 as ClosedRange<UInt64>).map { number in
      try trigger(AgentID("a\(number % 3)"), kinds[Int(number % 5)], number: number)
    }
    for seed in 0..<2000 as Range<UInt64> {
      var random = SeededRandom(seed: seed)
      var queue = TriggerQueue(most: 30)
      var lists: [[TriggerEvent]] = [[], [], []]
      var judged: Int?
      for _ in 0..<80 {
        if Bool.random(using: &random), let event = events.randomElement(using: &random) {
          let isKnown = lists.joined().contains { $0.agent == event.agent && $0.type == event.type }
          let place = isKnown ? 2 : event.type == kinds[0] ? 0 : 1
          lists[place].append(event)
          queue.append(event)
        } else if Bool.random(using: &random) {
          judged = judged ?? lists.firstIndex { !$0.isEmpty }
          try #require(queue.first?.entry == judged.flatMap { lists[$0].first?.entry }, "seed \(seed)")
        } else {
          if let place = judged ?? lists.firstIndex(where: { !$0.isEmpty }) { lists[place].removeFirst() }
          judged = nil
          queue.removeFirst()
        }
        let all = lists.joined().map(\.entry)
        try #require(queue.count == all.count && queue.isFull == (all.count >= 30), "seed \(seed)")
        try #require(queue.oldest == all.min() && queue.ahead(7).map(\.entry) == Array(all.prefix(7)), "seed \(seed)")
      }
    }
  }
}
