import Execution
import FleetModel
import Testing

/// How often it is written why a window waits.
@Suite struct MaintenanceWaitTests {
  private static let start = Instant(milliseconds: 1_795_334_137_000)
  private let planned = MaintenanceWindow(
    id: "w1", agent: "agent-7", backup: "agent-8", origin: .person("ana@ops"), at: start, phase: .planned, since: start)

  private func wait(_ window: MaintenanceWindow, at seconds: Int64, _ words: String) -> MaintenanceWindow.Wait? {
    var sight = MaintenanceRun.Sight(at: Self.start + .seconds(seconds))
    sight.obstacle = words
    return MaintenanceRun.step(window, sight)?.window?.wait
  }

  /// Such as how many agents are ill.
  @Test func reasonThatChangesWithEachLookIsNotWrittenWithEachLook() {
    var window = planned
    window.wait = wait(window, at: 1, "1 is ill")
    #expect(window.wait == .init(why: "1 is ill", since: Self.start + .seconds(1)))
    for seconds in [2, 16, 30] as [Int64] { #expect(wait(window, at: seconds, "\(seconds) are ill") == nil) }
    #expect(wait(window, at: 31, "1 is ill") == nil, "it stands there")
    #expect(wait(window, at: 31, "31 are ill") == .init(why: "31 are ill", since: Self.start + .seconds(31)))
    // The clock was set back.
    #expect(wait(window, at: -600, "none is ill") == nil, "it is not due")
    window.wait?.since = Self.start + .hours(1)
    #expect(wait(window, at: 1, "2 are ill")?.why == "2 are ill")
  }

  @Test func windowThatBeginsOrIsAskedForWaitsNoMore() throws {
    var window = planned
    window.origin = .forecast(.init(metric: "queue_size", crossesAt: Self.start, earliest: Self.start))
    window.wait = .init(why: "the fleet is ill", since: Self.start)
    var sight = MaintenanceRun.Sight(at: Self.start + .seconds(60))
    for (mode, phase) in [(Autonomy.auto, MaintenanceWindow.Phase.standIn), (.propose, .proposed)] {
      sight.mode = mode
      let next = try #require(MaintenanceRun.step(window, sight)?.window)
      #expect(next.phase == phase && next.wait == nil)
    }
  }

  /// The clock was set back.
  @Test func windowThatIsAheadAgainWaitsForItsTimeAlone() {
    var window = planned
    window.wait = .init(why: "the fleet is ill", since: Self.start)
    let sight = MaintenanceRun.Sight(at: Self.start - .minutes(10))
    #expect(MaintenanceRun.step(window, sight) == .init(window: planned))
    #expect(MaintenanceRun.step(planned, sight) == nil)
  }

  @Test func longReasonIsCut() throws {
    let why = try #require(wait(planned, at: 1, String(repeating: "é", count: 900))?.why)
    #expect(why.utf8.count <= TextBound.words && why.hasPrefix("éé"))
    var window = planned
    window.wait = .init(why: why, since: Self.start)
    #expect(wait(window, at: 60, String(repeating: "é", count: 900)) == nil, "it stands there, cut")
  }
}
