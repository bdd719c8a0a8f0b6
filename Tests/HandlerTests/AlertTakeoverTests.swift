import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// A takeover says nothing of alerts that it does not know to be over.
@Suite(.threaded) struct AlertTakeoverTests {
  @Test func troubleThatLastsIsNotOverForTheNextHandler() throws {
    let clock = try SteppedClock(folder: BuildFolder.path)
    let services = try ServicesScene(clock: clock)
    try services.rules.event("agent.performance_degraded", "agent-1", ["error_rate": 0.3])
    try services.rules.actions(of: "performance-degraded")
    try services.waitUntilAllIsTold()
    let since = try #require(try services.scene.alert(.performanceDegraded, "agent-1")).since
    for seconds in [200, 400] as [Int64] {
      clock.set(seconds: seconds)
      try services.rules.event("agent.metrics", "agent-1", ["error_rate": 0.3])
      try services.scene.server.wait { (try? services.scene.cursorIsAtEnd()) ?? false }
    }
    services.scene.handlers[0].halt()
    _ = try services.scene.server.call("DEL", services.scene.keys.lease)
    try services.startHandler("h2")
    // Once it has taken what comes next, it has judged what it found.
    try services.scene.send(.pause, ["agent-9"])
    try services.rules.event("agent.feedback", "agent-2", ["rating": 5])
    try services.scene.server.wait { (try? services.scene.cursorIsAtEnd()) ?? false }
    #expect(try services.scene.alert(.performanceDegraded, "agent-1")?.since == since)
    #expect(!services.told(.webhook).contains { $0.body["status"] == "resolved" })
  }
}
