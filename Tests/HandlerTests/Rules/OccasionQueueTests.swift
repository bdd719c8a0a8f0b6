import FleetModel
import Testing
import Wire

@testable import Handler

/// What waits to be judged is bounded, and what finds no room is counted.
@Suite struct OccasionQueueTests {
  private func occasion(_ agent: AgentID, size: Int = 100, number: UInt64 = 1) throws -> Occasion {
    let event: JSONValue = [
      "entity_id": .string(agent.bytes), "event_type": "agent.high_traffic",
      "data": ["queue_size": 60, "text": .string(String(repeating: "x", count: max(0, size - 100)))],
    ]
    let occasion = try event.encoded.withUnsafeBytes { bytes throws(Unreadable) in
      let event = try EventDecoder().decode(bytes, channel: nil, receivedAt: .epoch)
      return Occasion(event, StreamID(milliseconds: number), before: nil)
    }
    return try #require(occasion)
  }

  /// Takes an event where there is room.
  private func add(_ agent: AgentID, size: Int = 100, number: UInt64 = 1, to queue: inout OccasionQueue) throws -> Bool
  {
    let occasion = try occasion(agent, size: size, number: number)
    guard queue.hasRoom(for: agent, size: occasion.size) else {
      queue.refuse(agent, type: occasion.type)
      return false
    }
    queue.append(occasion)
    return true
  }

  @Test func eventsLeaveInTheOrderInWhichTheyCame() throws {
    var queue = OccasionQueue()
    for number in 1...3000 {
      #expect(try add(AgentID("agent-\(number)"), number: UInt64(number), to: &queue))
    }
    for number in 1...3000 {
      #expect(queue.first?.entry == StreamID(milliseconds: UInt64(number)))
      queue.removeFirst()
    }
    #expect(queue.first == nil && queue.takeOverflow() == nil)
  }

  @Test func oneAgentTakesNoMoreThanItsShare() throws {
    var queue = OccasionQueue(most: 10, mostOfAgent: 3)
    let taken = try (0..<5).map { _ in try add("loud", to: &queue) }
    #expect(taken == [true, true, true, false, false])
    #expect(try add("quiet", to: &queue))
    #expect(queue.takeOverflow() == OccasionQueue.Overflow(counts: ["agent.high_traffic": 2], agent: "loud"))
    #expect(queue.takeOverflow() == nil)
    queue.removeFirst()
    #expect(try add("loud", to: &queue))
  }

  @Test func numberAndBytesAreBounded() throws {
    var queue = OccasionQueue(most: 2, mostOfAgent: 2, mostBytes: 1000)
    #expect(try add("a", size: 900, to: &queue))
    #expect(try !add("b", size: 400, to: &queue))
    #expect(try add("c", size: 10, to: &queue))
    queue.removeFirst()
    #expect(try add("b", size: 400, to: &queue))
    #expect(try !add("d", size: 10, to: &queue))
    #expect(queue.takeOverflow()?.total == 2)
  }

  @Test func typesWithoutEndAreCountedTogether() throws {
    var queue = OccasionQueue()
    for number in 0..<100 { queue.refuse("a", type: "agent.odd_\(number)" + String(repeating: "x", count: 5000)) }
    let taken = queue.takeOverflow()
    let overflow = try #require(taken)
    #expect(overflow.total == 100 && overflow.counts.count == 21 && overflow.counts["other types"] == 80)
    #expect(overflow.counts.keys.allSatisfy { $0.utf8.count <= 1024 })
  }
}
