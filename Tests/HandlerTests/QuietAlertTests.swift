import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What stands in Redis of an alert that is quiet, over, or closed by a person, and what people are told of it.
@Suite(.threaded) struct QuietAlertTests {
  private let clock: SteppedClock
  private let services: ServicesScene
  private var scene: HandlerScene { services.scene }

  init() throws {
    clock = try SteppedClock(folder: BuildFolder.path)
    services = try ServicesScene(clock: clock)
  }

  /// Has an agent's trouble told to people, by the rules inside the program.
  private func trouble() throws {
    try services.rules.event("agent.performance_degraded", "agent-1", ["error_rate": 0.3])
    try services.rules.actions(of: "performance-degraded")
    try services.waitUntilAllIsTold()
  }

  private var titles: [String] {
    services.told(.webhook).filter { $0.body["status"] == "resolved" }.compactMap { $0.body["title"]?.text }
  }

  @Test func alertOfWhichNothingIsHeardTurnsQuietInRedisAndEndsWithoutAnAllClear() throws {
    try trouble()
    clock.set(seconds: 301)
    try scene.server.wait { (try? scene.alert(.performanceDegraded, "agent-1"))??.quietSince != nil }
    let alert = try #require(try scene.alert(.performanceDegraded, "agent-1"))
    #expect(alert.quietSince.map { $0 - alert.last } == .minutes(5))
    #expect(alert.metric == .errorRate && titles.isEmpty)
    clock.set(seconds: 302 + 86_400)
    try scene.server.wait { (try? scene.alert(.performanceDegraded, "agent-1")) == .some(nil) }
    try scene.server.wait { !titles.isEmpty }
    #expect(titles == ["agent-1: ended without a sign of recovery"])
  }

  @Test func valuesThatAreWellForFiveMinutesGiveAnAllClear() throws {
    try trouble()
    // The rule has paused it, and nothing reaches a paused agent.
    try scene.send(.resume, ["agent-1"])
    for seconds in stride(from: Int64(10), through: 310, by: 100) {
      clock.set(seconds: seconds)
      try services.rules.event("agent.metrics", "agent-1", ["error_rate": 0.01, "response_time": 200])
      try scene.server.wait { (try? scene.cursorIsAtEnd()) ?? false }
    }
    try scene.server.wait { !titles.isEmpty }
    #expect(titles == ["agent-1: over"])
    #expect(try scene.alert(.performanceDegraded, "agent-1") == nil)
  }

  @Test func quietAlertStaysQuietForTheNextHandler() throws {
    try trouble()
    clock.set(seconds: 400)
    try scene.server.wait { (try? scene.alert(.performanceDegraded, "agent-1"))??.quietSince != nil }
    let before = try scene.alert(.performanceDegraded, "agent-1")
    scene.handlers[0].halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
    try services.startHandler("h2")
    try services.rules.event("agent.feedback", "agent-2", ["rating": 5])
    try scene.server.wait { (try? scene.cursorIsAtEnd()) ?? false }
    #expect(try scene.alert(.performanceDegraded, "agent-1") == before)
    try services.rules.event("agent.metrics", "agent-1", ["error_rate": 0.3])
    try scene.server.wait { (try? scene.alert(.performanceDegraded, "agent-1"))??.quietSince == nil }
    #expect(try scene.alert(.performanceDegraded, "agent-1")?.since == before?.since)
  }

  @Test func personClosesAnAlertAndIsToldAsTheOneWhoDid() throws {
    try trouble()
    let id = AlertID(.performanceDegraded, "agent-1").description
    let lines = try scene.send(.close, [], ["alert": id, "note": "false alarm"])
    #expect(lines.map(\.short) == ["received", "succeeded agent-1: closed", "succeeded: closed"])
    let alert = try #require(lines.compactMap(\.alert).first)
    #expect(alert.isClosed && alert.note == "false alarm")
    #expect(try scene.alert(.performanceDegraded, "agent-1") == nil)
    try scene.server.wait { !titles.isEmpty }
    #expect(titles == ["agent-1: closed by alice@bastion"])
    #expect(try scene.send(.close, [], ["alert": id]).last?.short == "failed: no open alert \(id)")
    #expect(try scene.send(.undo, [], ["command_id": "c1"]).last?.phase == .rejected)
    // Trouble that goes on opens another one.
    try services.rules.event("agent.metrics", "agent-1", ["error_rate": 0.3])
    try scene.server.wait { (try? scene.alert(.performanceDegraded, "agent-1")) != .some(nil) }
    #expect(titles.count == 1)
  }

  @Test func acknowledgementOfAnAlertThatIsClosedEndsNoMore() throws {
    try trouble()
    let id = AlertID(.performanceDegraded, "agent-1").description
    try scene.send(.acknowledge, [], ["alert": id, "for": "1h"])
    #expect(try scene.schedule().contains { $0.job.contains("unack") })
    try scene.send(.close, [], ["alert": id])
    #expect(try !scene.schedule().contains { $0.job.contains("unack") })
  }
}
