import Automation
import Execution
import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Work on agents that is scheduled.
@Suite(.threaded) struct JobTests {
  private func reports(_ scene: HandlerScene) throws -> [String] {
    try scene.entries(scene.keys.reports).compactMap { bytes in
      let data = try bytes.withUnsafeBytes { try JSONValue.parse($0) }["data"]
      return [data?["job"]?.text, data?["outcome"]?.text, data?["detail"]?.text].compactMap(\.self)
        .joined(separator: " ")
    }
  }

  @Test func jobIsToldToItsRuntimeAndEndsWithItsReport() throws {
    let scene = try HandlerScene()
    try scene.send(.schedule, ["agent-1"], ["job": "analysis"])
    try scene.server.wait { ((try? scene.control().count) ?? 0) == 1 }
    let told = try #require(try scene.control().first)
    #expect(told.verb == .job && told.arguments == ["job": "analysis"] && told.agent == "agent-1")
    #expect(told.commandID.text.hasPrefix("schedule/job/analysis/agent-1/"))
    #expect(try scene.schedule().map(\.job).count == 1, "its limit")
    try scene.report("agent-1", "running", command: told.commandID.text)
    try scene.server.wait { ((try? reports(scene).count) ?? 0) == 1 }
    #expect(try reports(scene) == ["analysis obeyed it reports running"])
    #expect(try scene.schedule().isEmpty)
    let lines = try scene.audit().filter { $0.origin == .run(told.commandID.text) }
    #expect(
      lines.map(\.short) == [
        "succeeded agent-1: analysis begun", "succeeded: analysis begun", "obeyed agent-1: it reports running",
        "obeyed: it reports running",
      ])
  }

  @Test func jobThatNobodyReportsFailsAtItsLimit() throws {
    let scene = try HandlerScene(start: false)
    try scene.startHandler("h1") { $0.jobLimit = .milliseconds(300) }
    try scene.send(.schedule, ["agent-1"], ["job": "maintenance", "at": "1s"])
    try scene.server.wait { ((try? reports(scene).count) ?? 0) == 1 }
    #expect(try reports(scene) == ["maintenance failed no report of it came within 1s"])
    #expect(try scene.schedule().isEmpty)
    #expect(try scene.audit().last?.phase == .failed)
  }

  @Test func jobIsMovedAndCancelledAndBothAreTakenBack() throws {
    let scene = try HandlerScene()
    try scene.send(.schedule, ["agent-1"], ["job": "audit", "at": "1h"])
    let first = try #require(try scene.schedule().first?.due)
    try scene.send(.schedule, ["agent-1"], ["job": "audit", "at": "2h"])
    #expect(try scene.schedule().count == 1)
    #expect(try scene.schedule().first?.due ?? first > first)
    try scene.send(.cancel, ["agent-1"], ["job": "audit"])
    #expect(try scene.schedule().isEmpty)
    let none = try scene.send(.cancel, ["agent-1"], ["job": "audit"])
    #expect(none.last?.short == "failed: no audit of agent-1 is scheduled")
    try scene.send(.undo, [], ["command_id": "c3"])
    #expect(try scene.schedule().map(\.job) == [#"{"action":"job/audit","target":"agent-1"}"#])
    try scene.send(.undo, [], ["command_id": "c2"])
    #expect(try scene.schedule().isEmpty)
  }

  /// Leaves blocks of addresses that end at a moment.
  private func block(_ addresses: [String], until due: Instant, _ scene: HandlerScene) throws {
    for address in addresses {
      let job = Job(.unblock(try #require(IPAddress(address))), .none)
      _ = try scene.server.call("ZADD", scene.keys.blocked, due, address)
      _ = try scene.server.call("ZADD", scene.keys.schedule, due, job.encoded)
    }
  }

  private func waitForTheEndOfBlocks(_ scene: HandlerScene) throws {
    try scene.server.wait {
      (try? scene.server.call("EXISTS", scene.keys.blocked, scene.keys.schedule).integer) == 0
    }
  }

  @Test func blocksThatEndInTheSameMillisecondAllEnd() throws {
    let scene = try HandlerScene(start: false)
    try block(["192.0.2.1", "192.0.2.2", "2001:db8::1"], until: try scene.now(.seconds(-1)), scene)
    try scene.startHandler("h1")
    try waitForTheEndOfBlocks(scene)
    #expect(try Set(scene.control().map(\.commandID)).count == 3)
  }

  @Test func blockThatIsMadeAnewForTheMomentAtWhichItEndedEndsOnceMore() throws {
    let scene = try HandlerScene(start: false)
    let due = try scene.now(.seconds(-1))
    try block(["192.0.2.1"], until: due, scene)
    try scene.startHandler("h1")
    try waitForTheEndOfBlocks(scene)
    scene.handlers[0].halt()
    try block(["192.0.2.1"], until: due, scene)
    _ = try scene.server.call("DEL", scene.keys.lease)
    try scene.startHandler("h2")
    try waitForTheEndOfBlocks(scene)
    #expect(try scene.control().count == 2)
  }

  @Test func jobWaitsForItsHandlerAndRunsOnce() throws {
    let scene = try HandlerScene()
    try scene.send(.schedule, ["agent-1"], ["job": "retraining", "at": "1s"])
    let due = try #require(try scene.schedule().first?.due)
    scene.handlers[0].halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
    try scene.server.wait { ((try? scene.now()) ?? .epoch) > due }
    try scene.startHandler("h2")
    try scene.server.wait { ((try? scene.control().count) ?? 0) == 1 }
    try scene.send(.scale, ["agent-1"], ["by": "+1"])
    #expect(try scene.control().map(\.verb) == [.job, .action(.scale)])
  }

  @Test func jobsOfABusyAgentHideNobodyElses() throws {
    let scene = try HandlerScene(start: false)
    let service = try MockService(loop: scene.server.loop) { _ in .silence }
    let due = try scene.now(.seconds(-60))
    _ = try scene.server.call("ZADD", scene.keys.schedule, due, Job(.run(.audit), "agent-1").encoded)
    for number in 0..<100 {
      let address = "10.0.0.\(number)"
      _ = try scene.server.call(
        "ZADD", scene.keys.schedule, due + .seconds(1),
        Job(.unblock(try #require(IPAddress(address))), "agent-1").encoded)
    }
    let other = Job(.run(.analysis), "agent-2").encoded
    _ = try scene.server.call("ZADD", scene.keys.schedule, due + .seconds(2), other)
    let actuator = HTTPActuator(url: try Template(service.url("/job")))
    try scene.startHandler("h1") { $0.actuators = ActuatorTable(jobs: ["audit": .http(actuator)]) }
    try scene.server.wait { ((try? scene.control()) ?? []).contains { $0.agent == "agent-2" } }
  }
}
