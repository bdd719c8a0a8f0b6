import FleetModel
import TestSupport
import Testing

@testable import Console

@Suite struct MissedTests {
  @Test func whatWasMissedIsSaidWithItsLengthAndCount() throws {
    var scene = try Scene.plain(agents: 3)
    scene.model.fleet.applyGap(from: .at(2), to: .at(16), count: 1234)
    scene.tick(.at(20))
    let status = scene.statusText()
    #expect(status.contains("MISSED 14s (1.2k events) at 08:00:02Z"))
  }

  @Test func readingThatCannotKeepUpSaysHowFarBehindItIs() throws {
    var scene = try Scene.plain(agents: 1)
    _ = scene.model.update(.lag(.seconds(12)))
    let behind = scene.statusText()
    #expect(behind.contains("12s behind, reading on") && !behind.contains(" live "))
    _ = scene.model.update(.lag(nil))
    let present = scene.statusText()
    #expect(present.contains(" live ") && !present.contains("behind"))
  }

  @Test func whatTheServerRefusesStaysOnTheScreenUntilItIsServed() throws {
    var scene = try Scene.plain(agents: 1)
    _ = scene.model.update(.refused("agentos:audit", "this user may not do that"))
    let refused = scene.statusText()
    #expect(refused.contains("NOT SERVED: agentos:audit, this user may not do that"))
    _ = scene.model.update(.served("agentos:audit"))
    let served = scene.statusText()
    #expect(!served.contains("NOT SERVED"))
  }

  @Test func attemptThatIsUnderWayIsNotYetToCome() throws {
    var scene = try Scene.plain(agents: 1)
    func status(retryAt: Instant?, at instant: Instant) -> String {
      _ = scene.model.update(.link(.down(since: .at(10), retryAt: retryAt, reason: "refused")))
      scene.tick(instant)
      return scene.statusText()
    }
    let before = status(retryAt: .at(25), at: .at(20))
    #expect(before.contains("NO LINK for 10s, next try in 5s"))
    let due = status(retryAt: .at(25), at: .at(25))
    #expect(due.contains("NO LINK for 15s, trying now"))
    let later = status(retryAt: .at(25), at: .at(29))
    #expect(later.contains("NO LINK for 19s, trying now"))
    let untold = status(retryAt: nil, at: .at(30))
    #expect(untold.contains("NO LINK for 20s, trying now"))
  }
}
