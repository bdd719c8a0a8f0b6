import FleetModel
import Testing

@testable import Handler

@Suite struct NewcomersTests {
  @Test func whoCameFirstIsTakenFirst() {
    var newcomers = Newcomers()
    #expect(newcomers.isEmpty)
    for agent in ["a", "b", "c"] as [AgentID] { newcomers.add(agent) }
    #expect(newcomers.count == 3 && newcomers.take(atMost: 2) { [] } == ["a", "b"])
    #expect(newcomers.take(atMost: 2) { ["x"] } == ["c"] && newcomers.isEmpty)
  }

  /// Those that found no room are among those that are present, if they matter at all.
  @Test func ifSomeFoundNoRoomAllArePassedThroughOnce() {
    var newcomers = Newcomers()
    for number in 0..<20_000 { newcomers.add(AgentID("agent-\(number)")) }
    let kept = newcomers.count
    #expect(kept < 20_000)
    #expect(newcomers.take(atMost: .max) { [] }.count == kept && !newcomers.isEmpty)
    #expect(newcomers.take(atMost: 2) { ["a", "b", "c"] } == ["a", "b"])
    #expect(newcomers.take(atMost: 2) { ["d"] } == ["c"] && newcomers.isEmpty)
  }
}
