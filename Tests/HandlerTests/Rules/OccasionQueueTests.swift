import Automation
import FleetModel
import Testing
import Wire

@testable import Handler

/// What waits to be judged is bounded by what is read, goes by urgency, and is never turned away.
@Suite struct OccasionQueueTests {
  private func occasion(
    _ agent: AgentID, _ type: String = "agent.high_traffic", size: Int = 100, number: UInt64 = 1
  ) throws -> Occasion {
    let event: JSONValue = [
      "entity_id": .string(agent.bytes), "event_type": .string(type),
      "data": ["queue_size": 60, "text": .string(String(repeating: "x", count: max(0, size - 100)))],
    ]
    let occasion = try event.encoded.withUnsafeBytes { bytes throws(Unreadable) in
      let event = try EventDecoder().decode(bytes, channel: nil, receivedAt: .epoch)
      return Occasion(event, StreamID(milliseconds: number), before: nil)
    }
    return try #require(occasion)
  }

  private func occasion(of event: JSONValue) throws -> Occasion {
    try #require(
      try event.encoded.withUnsafeBytes { bytes throws(Unreadable) in
        let event = try EventDecoder().decode(bytes, channel: nil, receivedAt: .epoch)
        return Occasion(event, StreamID(milliseconds: 1), before: nil)
      })
  }

  @Test func eventLongerThanSixtyFourKibibytesIsKeptWithWhatIsKnownAlone() throws {
    #expect(try occasion("a", size: 64_000).data["queue_size"] == 60)
    let long = try occasion("a", size: 66_000)
    #expect(long.data["queue_size"]?.double == 60 && long.data.weight < 4096)
    #expect(long.agent == "a" && long.type == "agent.high_traffic")
  }

  @Test func eventOfManyValuesTakesTheRoomOfTheirTree() throws {
    let numbers = JSONValue.array([JSONValue](repeating: 1, count: 1000))
    let event: JSONValue = ["entity_id": "a", "event_type": "agent.high_traffic", "data": ["list": numbers]]
    #expect(try occasion(of: event).size > 1000 * MemoryLayout<JSONValue>.stride)
  }

  @Test func eventThatIsToBeToldKeepsNoDataAndTheOldestIsFoundAmongAll() throws {
    let rule = try RuleScene.read(nil).rules[0]
    let held = try ([5, 2, 7] as [UInt64]).map { number in
      let occasion = try occasion("a", number: number)
      return HeldEvents.Held(
        rule: rule, occasion: occasion, decision: Decision(.hold(.stale), "old"), hold: .stale,
        marks: RuleMarks(rule, occasion, Keys(), isDry: false))
    }
    #expect(HeldEvents.oldest(held) == StreamID(milliseconds: 2))
    #expect(held.allSatisfy { $0.occasion.data == JSONValue.null })
    #expect(HeldEvents.oldest([]) == nil)
  }

  private func drain(_ queue: inout OccasionQueue) -> [UInt64] {
    var order: [UInt64] = []
    while let first = queue.first {
      order.append(first.entry.milliseconds)
      queue.removeFirst()
    }
    return order
  }

  @Test func eventsOfManyAgentsLeaveInTheOrderInWhichTheyCame() throws {
    var queue = OccasionQueue()
    for number in 1...3000 { queue.append(try occasion(AgentID("agent-\(number)"), number: UInt64(number))) }
    #expect(drain(&queue) == Array(1...3000))
    #expect(queue.isEmpty && queue.oldest == nil)
  }

  @Test func repeatsOfAnAttackPassNobodysFirstEvent() throws {
    var queue = OccasionQueue()
    for number in 1...3 { queue.append(try occasion("attacked", "agent.security_alert", number: UInt64(number))) }
    queue.append(try occasion("quiet", number: 4))
    queue.append(try occasion("other", "agent.security_alert", number: 5))
    #expect(drain(&queue) == [1, 5, 4, 2, 3])
  }

  @Test func attacksAndTheFirstOfEachAgentPassRepeats() throws {
    var queue = OccasionQueue()
    for number in 1...4 { queue.append(try occasion("loud", number: UInt64(number))) }
    queue.append(try occasion("quiet", number: 5))
    queue.append(try occasion("loud", "agent.satisfaction_low", number: 6))
    queue.append(try occasion("loud", "agent.security_alert", number: 7))
    #expect(queue.ahead(3).map(\.entry.milliseconds) == [7, 1, 5])
    #expect(queue.oldest == StreamID(milliseconds: 1))
    #expect(drain(&queue) == [7, 1, 5, 6, 2, 3, 4])
  }

  @Test func whatIsBeingJudgedStaysFirst() throws {
    var queue = OccasionQueue()
    queue.append(try occasion("a", number: 1))
    #expect(queue.first?.entry.milliseconds == 1)
    queue.append(try occasion("b", "agent.security_alert", number: 2))
    #expect(queue.first?.entry.milliseconds == 1)
    queue.removeFirst()
    #expect(queue.first?.entry.milliseconds == 2)
  }

  @Test func itIsFullByNumberAndByBytesAndRoomyAgainOnceHalfIsGone() throws {
    var queue = OccasionQueue(most: 4, mostBytes: 4000)
    for number in 1...4 { queue.append(try occasion("a", number: UInt64(number))) }
    #expect(queue.isFull && !queue.isRoomy)
    // What was read already is taken all the same.
    queue.append(try occasion("b", number: 5))
    #expect(queue.count == 5)
    for _ in 0..<3 { queue.removeFirst() }
    #expect(!queue.isFull && queue.isRoomy)
    queue.append(try occasion("c", size: 4000, number: 6))
    #expect(queue.isFull && !queue.isRoomy)
  }
}
