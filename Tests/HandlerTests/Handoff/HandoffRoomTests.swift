import FleetModel
import TestThreads
import Testing
import Wire

@testable import Handler

/// How much room agents have is counted by what they are asked for, what they have taken and what they tell.
@Suite(.threaded) struct HandoffRoomTests {
  private var fleet = Fleet(seed: 7, keepsHistory: false, tracksAgentChanges: true)
  private let health = FleetHealth()
  private let start = Instant(milliseconds: 1_795_000_000_000)

  private mutating func apply(_ type: String, _ agent: AgentID, _ data: JSONValue, at seconds: Int64) throws {
    let event: JSONValue = ["entity_id": .string(agent.bytes), "event_type": .string(type), "data": data]
    let instant = start + .seconds(seconds)
    try event.encoded.withUnsafeBytes { bytes in
      _ = fleet.apply(try EventDecoder().decode(bytes, channel: nil, receivedAt: instant))
    }
    health.update(&fleet, at: instant, silence: .seconds(300))
  }

  private mutating func tell(_ agent: AgentID, _ open: Int64, at seconds: Int64) throws {
    try apply("agent.status", agent, ["state": "running", "conversations": .integer(open)], at: seconds)
  }

  private func open(_ agent: AgentID) -> Int? { health.member(agent)?.rank.room?.open }

  @Test mutating func roomIsTakenByWhoIsAskedAndGivenBackIfNothingComesOfIt() throws {
    try apply("agent.created", "a", ["skills": ["legal"], "capacity": 8], at: 0)
    try tell("a", 2, at: 0)
    #expect(open("a") == 2)
    health.setAsked(["a": 2])
    #expect(open("a") == 4)
    health.ask("a")
    #expect(open("a") == 5)
    // What it tells before it has answered does not hold them yet.
    try tell("a", 3, at: 1)
    #expect(open("a") == 6)
    try apply("agent.updated", "a", ["capacity": 9], at: 2)
    #expect(open("a") == 6 && health.member("a")?.rank.room?.capacity == 9)
    health.setAsked([:])
    #expect(open("a") == 3)
  }

  @Test mutating func whatIsTakenCountsUntilItIsTold() throws {
    try apply("agent.created", "a", ["skills": ["legal"], "capacity": 8], at: 0)
    try tell("a", 2, at: 5)
    // It has told since then.
    health.take("a", at: start + .seconds(4))
    #expect(open("a") == 2)
    health.take("a", at: start + .seconds(6))
    #expect(open("a") == 3)
    try tell("a", 3, at: 7)
    #expect(open("a") == 3)
  }

  @Test(arguments: [86_400, -86_400] as [Int64])
  mutating func clockThatIsSetAnewGivesNoRoomBack(seconds: Int64) throws {
    try apply("agent.created", "a", ["skills": ["legal"], "capacity": 8], at: 0)
    try apply("agent.metrics", "a", ["queue_size": 4], at: 5)
    try tell("a", 2, at: 5)
    health.take("a", at: start + .seconds(6))
    #expect(open("a") == 3 && health.member("a")?.rank.load == 5)
    fleet.leap(by: .seconds(seconds))
    health.update(&fleet, at: start + .seconds(seconds + 7), silence: .seconds(300))
    #expect(open("a") == 3 && health.member("a")?.rank.load == 5)
    // What it tells by the new clock counts.
    try apply("agent.metrics", "a", ["queue_size": 6], at: seconds + 8)
    try tell("a", 5, at: seconds + 8)
    #expect(open("a") == 5 && health.member("a")?.rank.load == 6)
  }

  @Test mutating func whoComesLaterHasWhatItIsAskedFor() throws {
    health.setAsked(["a": 3])
    health.take("a", at: start)
    try apply("agent.created", "a", ["skills": ["legal"], "capacity": 8], at: 0)
    try tell("a", 1, at: 0)
    #expect(open("a") == 4)
    let full = health.specialists(besides: [], skill: "legal", language: "").free.map(\.rank.room?.open)
    #expect(full == [4])
  }
}
