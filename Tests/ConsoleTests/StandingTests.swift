import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// What stands on the status line as long as it is true: settings that were not taken, and people who were not told.
@Suite struct StandingTests {
  private static let fault =
    "runbook not taken: line 12: rules[0].on: is missing; expected a type of event (/etc/vigia/rules.toml)"

  private func faulty(_ columns: Int, _ rows: Int, fault: String = Self.fault) throws -> Scene {
    var scene = try Scene.full(columns: columns, rows: rows)
    _ = scene.model.update(.handler(.alive(id: "h1", isRecording: true, fault: fault)))
    return scene
  }

  private func giveUp(_ scene: inout Scene, _ number: Int, at instant: Instant) {
    scene.model.fleet.apply(
      AuditLine(
        origin: .run("notify/degraded/a\(number)"), phase: .failed, action: "notify", operator: "notifier",
        detail: "ops: not told in time, 9 attempts: HTTP 503: a\(number) is ill", handler: "h1", at: instant))
  }

  @Test(arguments: [(80, 24), (130, 40), (200, 50)])
  func runbookThatWasNotTakenStandsOnTheStatusLine(columns: Int, rows: Int) throws {
    var scene = try faulty(columns, rows)
    expectScreen(scene.draw(), "fault-\(columns)x\(rows)")
  }

  @Test func goodRunbookTakesItAway() throws {
    var scene = try faulty(80, 24)
    #expect(scene.statusText().contains("runbook not taken: line 12  "))
    _ = scene.model.update(.handler(.alive(id: "h1", isRecording: true)))
    #expect(!scene.statusText().contains("runbook"))
  }

  @Test func narrowLineSaysAtLeastThat() throws {
    var scene = try faulty(60, 24)
    #expect(scene.statusText().hasPrefix(" live  automation on  runbook not taken: line 12  "))
    _ = scene.model.update(.resized(Size(rows: 24, columns: 50)))
    #expect(scene.statusText().hasPrefix(" live  auto on  runbook not taken  "))
  }

  @Test func faultOfAnyTextTakesNoMoreThanItsPlace() throws {
    var scene = try faulty(130, 40, fault: String(repeating: "東京", count: 200))
    #expect(scene.statusText().contains("automation on") && scene.statusText().contains("8 alerts"))
    scene = try faulty(130, 40, fault: "")
    #expect(scene.statusText().contains("automation on"))
  }

  @Test(arguments: [(80, 24), (130, 40), (200, 50)])
  func noticesThatWereGivenUpAreCounted(columns: Int, rows: Int) throws {
    var scene = try Scene.full(columns: columns, rows: rows)
    for number in 1...2 { giveUp(&scene, number, at: .at(603)) }
    scene.tick(.at(606))
    expectScreen(scene.draw(), "undelivered-\(columns)x\(rows)")
  }

  @Test func bothStandOnANarrowLine() throws {
    var scene = try faulty(80, 24)
    for number in 1...2 { giveUp(&scene, number, at: .at(603)) }
    #expect(
      scene.statusText() == " live  automation on  runbook not taken: line 12  2 undelivered       08:10:05Z")
  }

  private static let evicts =
    "Redis evicts: policy volatile-lru: 0 % of maxmemory used; the lease and the marks that keep actions from running "
    + "twice may vanish; set noeviction"
  private static let full =
    "Redis memory: 91 % of maxmemory used: at 100 % it takes no writes; raise maxmemory or shorten retention"
  private static let keys =
    "keys take 530 MB of 512 MB in Redis: most are mark: 2000 keys, 500 MB; old marks are let go"

  @Test(arguments: [
    (Self.evicts, "Redis evicts: policy volatile-lru", "Redis evicts"),
    (Self.full, "Redis memory: 91 % of maxmemory used", "Redis memory"),
    (Self.keys, "keys take 530 MB of 512 MB in Redis: mo…", "keys take"),
  ])
  func whatTheServersMemoryIsAboutToDoStandsOnTheStatusLine(warning: String, wide: String, narrow: String) throws {
    var scene = try Scene.full(columns: 200, rows: 50)
    _ = scene.model.update(.handler(.alive(id: "h1", isRecording: true, warning: warning)))
    #expect(scene.statusText().contains("  \(wide)  "), "\(scene.statusText())")
    _ = scene.model.update(.resized(Size(rows: 24, columns: 80)))
    #expect(scene.statusText().contains("  \(narrow)"), "\(scene.statusText())")
    _ = scene.model.update(.handler(.alive(id: "h1", isRecording: true)))
    #expect(!scene.statusText().contains(narrow))
  }

  @Test func oneIsOneAndADayLaterNone() throws {
    var scene = try Scene.plain(agents: 1)
    giveUp(&scene, 1, at: .at(2))
    scene.tick(.at(3))
    #expect(scene.statusText().contains("1 notice undelivered  vigia dead list"))
    scene.tick(.at(2 + 86_400))
    #expect(!scene.statusText().contains("undelivered"))
  }
}
