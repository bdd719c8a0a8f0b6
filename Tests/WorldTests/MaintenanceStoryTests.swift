import FleetModel
import Testing
import World

/// Maintenance while customers talk to the agent, and something fails in each of its phases.
@Suite struct MaintenanceStoryTests {
  @Test func noMessageIsLostOrAnsweredTwiceWhoeverFailsInWhicheverPhase() throws {
    var ends: [AuditLine.Phase: Int] = [:]
    for seed in 0..<100 as Range<UInt64> {
      do {
        var story = try MaintenanceStory(seed: seed)
        let report = try story.run()
        ends[report.end, default: 0] += 1
      } catch let violation as Violation {
        Issue.record("seed \(seed): \(violation)")
      }
    }
    // Without a failure, and with most, it comes through; and there are ways back.
    #expect(ends[.succeeded, default: 0] > 50, "\(ends)")
    #expect(ends[.failed, default: 0] > 0, "\(ends)")
  }
}
