import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

@Suite(.threaded) struct PauseTests {
  @Test func pauseIsWrittenWholeByOneStep() throws {
    let scene = try HandlerScene()
    let before = try scene.now()
    let lines = try scene.send(.pause, ["agent-1"])
    #expect(lines.map(\.short) == ["received", "succeeded agent-1: paused for 15m", "succeeded: paused for 15m"])
    #expect(lines.allSatisfy { $0.operator == "alice@bastion" && $0.handler == "h1" && $0.reason == "test" })
    #expect(lines.allSatisfy { $0.source == "agentos:commands" && $0.action == "pause" })
    #expect(lines[1].before == AgentRecord())
    let record = try scene.record("agent-1")
    #expect(lines[1].after == record)
    #expect(record.state == .paused)
    #expect(record.version == 1)
    #expect(record.updatedBy == "alice@bastion")
    let end = try #require(record.pausedUntil)
    #expect(end >= before + .minutes(15))
    #expect(end <= before + .minutes(16))
    let control = try scene.control()
    #expect(
      control == [
        ControlMessage(
          agent: "agent-1", action: .pause, arguments: ["for": "15m"], commandID: CommandID("c1"), until: end)
      ])
    let schedule = try scene.schedule()
    #expect(schedule.map(\.job) == [#"{"action":"resume","target":"agent-1"}"#])
    #expect(schedule.map(\.due) == [end])
    #expect(try scene.server.call("EXISTS", "agentos:mark:c1/agent-1") == .integer(1))
    let expiry = try scene.server.call("PTTL", "agentos:mark:c1/agent-1").integer ?? 0
    #expect(expiry > 47 * 3_600_000)
    #expect(try scene.pendingCount() == 0)
  }

  @Test func controlIsAlsoPublishedOnItsChannel() throws {
    let scene = try HandlerScene()
    var heard: [ControlMessage] = []
    let subscriber = try scene.subscribe("agentos.control.*") {
      if let one = ControlCoding.decode($0) { heard.append(one) }
    }
    try scene.send(.pause, ["agent-1"], ["for": "90s"])
    try scene.server.wait { !heard.isEmpty }
    #expect(heard == (try scene.control()))
    subscriber.stop()
  }

  @Test func pauseEndsByItselfWhenDue() throws {
    let scene = try HandlerScene()
    try scene.send(.pause, ["agent-1"], ["for": "1s"])
    try scene.server.wait { (try? scene.record("agent-1").state) == .running }
    let record = try scene.record("agent-1")
    #expect(record.pausedUntil == nil)
    #expect(record.version == 2)
    #expect(record.updatedBy == "schedule")
    #expect(try scene.schedule().isEmpty)
    #expect(try scene.control().map(\.action) == [.pause, .resume])
    let lines = try scene.audit().suffix(2)
    #expect(lines.map(\.short) == ["succeeded agent-1: resumed", "succeeded: resumed"])
    #expect(lines.allSatisfy { $0.operator == "schedule" })
    let due = try #require(lines.first)
    #expect(due.origin.key.hasPrefix("run:schedule/resume/agent-1/"))
  }

  @Test func longerPauseMovesTheResume() throws {
    let scene = try HandlerScene()
    try scene.send(.pause, ["agent-1"], ["for": "1m"])
    try scene.send(.pause, ["agent-1"], ["for": "1h"])
    let schedule = try scene.schedule()
    #expect(schedule.count == 1)
    #expect(schedule.first?.due == (try scene.record("agent-1").pausedUntil))
  }

  @Test func staleResumeLeavesANewerPause() throws {
    let scene = try HandlerScene(start: false)
    let end = try scene.now(.hours(1))
    _ = try scene.server.call(
      "HSET", scene.keys.agent("agent-1"), "state", "paused", "paused_until", end, "version", "4")
    let job = Array(#"{"action":"resume","target":"agent-1"}"#.utf8)
    _ = try scene.server.call("ZADD", scene.keys.schedule, try scene.now(.seconds(-5)), job)
    try scene.startHandler("h1")
    try scene.server.wait { (try? scene.schedule().isEmpty) ?? false }
    #expect(try scene.record("agent-1").state == .paused)
    #expect(try scene.audit().map(\.short) == ["skipped agent-1: stale"])
  }

  @Test func resumeEndsThePauseAndItsSchedule() throws {
    let scene = try HandlerScene()
    try scene.send(.pause, ["agent-1"])
    let lines = try scene.send(.resume, ["agent-1"])
    #expect(lines.map(\.short) == ["received", "succeeded agent-1: resumed", "succeeded: resumed"])
    #expect(try scene.record("agent-1").state == .running)
    #expect(try scene.schedule().isEmpty)
    let again = try scene.send(.resume, ["agent-1"])
    #expect(again.last?.short == "failed: agent-1 is not paused: it is running")
  }
}
