import FleetModel
import Testing

@testable import Simulation

/// The agent of the demo whose queue grows until it restarts.
@Suite struct GrowingQueueTests {
  private static let start = Instant(milliseconds: 1_795_334_400_000)

  @Test func queueGrowsByOneAMinuteWhateverWas() {
    let queue = GrowingQueue(present: Self.start)
    #expect(queue.length(at: Self.start) == 76 && queue.length(at: Self.start + .minutes(4)) == 80)
    #expect(queue.length(at: Self.start - .minutes(60)) == 16 && queue.length(at: Self.start - .days(1)) == 0)
    #expect(queue.reaches(100) == Self.start + .minutes(24))
  }

  @Test func agentReportsItUntilItRestarts() throws {
    var fleet = SimulatedFleet(agents: 12, rate: 40, seed: 7, incidents: .none, at: Self.start, grows: true)
    var now = Self.start
    func run(_ seconds: Int) -> Double? {
      var last: Double?
      for _ in 0..<seconds * 10 {
        now = now + .milliseconds(100)
        for event in fleet.advance(to: now) where event.agent == GrowingQueue.agent && event.kind == .metrics {
          last = event.data["queue_size"]?.double
        }
      }
      return last
    }
    #expect(try #require(run(20)) > 70)
    #expect(Roster.agents(12).contains { $0.id == GrowingQueue.backup && $0.backupFor == GrowingQueue.agent })
    _ = fleet.obey(.init(agent: GrowingQueue.agent, action: .restart, commandID: CommandID("c1")))
    #expect(try #require(run(20)) < 40)
  }
}
