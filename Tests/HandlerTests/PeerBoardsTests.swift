import FleetModel
import Insight
import Testing

@testable import Handler

/// When a role is looked at.
@Suite struct PeerBoardsTests {
  private static let queue = MetricID(rawValue: 4)
  private static let minute = Instant(milliseconds: 1_700_006_400_000)

  private static func agents(_ count: Int, role: String) -> WatchedAgents {
    var agents = WatchedAgents()
    for position in 0..<count {
      var agent = WatchedAgent(AgentID("a\(position)"), since: .epoch)
      agent.role = role
      agent.watch = AgentWatch([WatchedMetric(queue, name: "queue_size", bad: .above)], stored: nil)
      let rollup = Rollup(count: 1, sum: 20, min: 20, max: 20, p95: 20)
      agent.watch?.recall(AgentWatch.Minute(minute, [(queue, rollup)]))
      agents[position] = agent
    }
    return agents
  }

  @Test func aRoleIsAwaitedUntilItIsLookedAtAtTheBeginningOfAMinute() {
    let agents = Self.agents(6, role: "support")
    var boards = PeerBoards()
    #expect(boards["support"].isPending && !boards[""].isPending)
    boards.look(at: Self.minute + .seconds(70), agents)
    #expect(boards["support"].isPending && !boards["of few"].isPending)
    boards.look(at: Self.minute + .seconds(71), agents)
    #expect(boards["support"][Self.queue]?.upTo == Self.minute)
    // The next round begins with the next minute, however short a while ago the last one was.
    boards.look(at: Self.minute + .seconds(119), WatchedAgents())
    #expect(boards["support"][Self.queue] != nil)
    boards.look(at: Self.minute + .seconds(120), WatchedAgents())
    #expect(boards["support"][Self.queue] == nil && !boards["support"].isPending)
  }
}
