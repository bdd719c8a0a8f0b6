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

  @Test func whatTheServerRefusesStaysOnTheScreenUntilItIsServed() throws {
    var scene = try Scene.plain(agents: 1)
    _ = scene.model.update(.refused("agentos:audit", "this user may not do that"))
    let refused = scene.statusText()
    #expect(refused.contains("NOT SERVED: agentos:audit, this user may not do that"))
    _ = scene.model.update(.served("agentos:audit"))
    let served = scene.statusText()
    #expect(!served.contains("NOT SERVED"))
  }
}
