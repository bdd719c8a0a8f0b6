import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Times of the future, and a clock that is set anew, close nothing.
@Suite(.threaded) struct LeapTests {
  private func trouble(_ scene: HandlerScene, _ agent: String, id: String = "*") throws {
    let event = #"{"entity_id":"\#(agent)","event_type":"agent.security_alert","data":{"risk_level":"high"}}"#
    _ = try scene.server.call("XADD", scene.keys.events, id, "__data__", event)
    try scene.server.wait { (try? scene.alert(.securityAlert, AgentID(agent))) != nil }
  }

  @Test func entryWithAnIDOfTheFutureClosesNothingAndIsReadOn() throws {
    let scene = try HandlerScene()
    try scene.waitForRecording()
    try trouble(scene, "agent-1")
    try trouble(scene, "agent-2", id: "9999999999999-0")
    try trouble(scene, "agent-3")
    let alerts = try ["agent-1", "agent-2", "agent-3"].map { try scene.alert(.securityAlert, AgentID($0)) }
    let now = try scene.now()
    #expect(alerts.allSatisfy { $0.map { $0.since <= now && $0.last <= now } == true })
  }

  @Test func nextHandlerAfterAnIDOfTheFutureNeitherClosesNorActsOnWhatWaited() throws {
    let scene = try HandlerScene()
    try scene.waitForRecording()
    try trouble(scene, "agent-1", id: "9999999999999-0")
    try scene.server.wait { (try? scene.cursorIsAtEnd()) ?? false }
    scene.handlers[0].halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
    try scene.report("agent-2", "running", command: "c9")
    try scene.startHandler("h2")
    try trouble(scene, "agent-3")
    try scene.waitForRecording(fence: 2)
    #expect(try scene.alert(.securityAlert, "agent-1") != nil)
    _ = try scene.server.call("PUBLISH", "agent.metrics", "one")
    try scene.server.wait { (try? scene.recorded()) == ["agent.metrics one"] }
  }

  @Test(arguments: [86_400, -86_400, 400_000_000] as [Int64])
  func clockThatIsSetAnewClosesNothing(seconds: Int64) throws {
    let clock = try SteppedClock(folder: BuildFolder.path)
    let scene = try HandlerScene(start: false, clock: clock)
    try scene.startHandler("h1") { $0.leapsPassTime = false }
    try scene.waitForRecording()
    try trouble(scene, "agent-1")
    clock.set(seconds: seconds)
    try trouble(scene, "agent-2")
    let session = try #require(scene.handlers[0].session)
    // By then it has been told the time with its lease.
    try scene.server.wait {
      guard let now = try? scene.now() else { return false }
      return abs((now - session.now).milliseconds) < 1000
    }
    try trouble(scene, "agent-3")
    for agent in ["agent-1", "agent-2", "agent-3"] as [AgentID] {
      #expect(try scene.alert(.securityAlert, agent) != nil, "\(agent)")
    }
    #expect(try !scene.audit().contains { $0.alert?.isClosed == true })
  }
}
