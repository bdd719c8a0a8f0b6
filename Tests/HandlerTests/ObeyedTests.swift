import Execution
import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

@Suite(.threaded) struct ObeyedTests {
  @Test func obeyedFollowsWhenEachRuntimeHasReported() throws {
    let scene = try HandlerScene()
    try scene.send(.pause, ["agent-1", "agent-2"])
    try scene.report("agent-1", "paused", command: "c1")
    try scene.report("agent-1", "paused", command: "c1")
    try scene.report("agent-3", "paused", command: "c1")
    try scene.report("agent-2", "paused", command: "c1")
    try scene.waitForLine("obeyed: it reports paused")
    let lines = try scene.outcome(of: CommandID("c1")).filter { $0.phase == .obeyed }
    #expect(
      lines.map(\.short) == [
        "obeyed agent-1: it reports paused", "obeyed agent-2: it reports paused", "obeyed: it reports paused",
      ])
    #expect(lines.allSatisfy { $0.operator == "alice@bastion" && $0.action == "pause" })
  }

  @Test func pauseIsObeyedOnceTheRuntimeIsPaused() throws {
    let scene = try HandlerScene()
    try scene.send(.pause, ["agent-1"])
    for state in ["running", "restarting", "draining", "stopped", "other", nil] {
      try scene.report("agent-1", state, command: "c1")
    }
    try scene.report("agent-1", "PAUSED", command: "c1")
    try scene.waitForLine("obeyed: it reports paused")
    #expect(try scene.outcome(of: CommandID("c1")).filter { $0.phase == .obeyed }.count == 2)
  }

  @Test func resumeIsObeyedOnceTheRuntimeRuns() throws {
    let scene = try HandlerScene()
    try scene.send(.pause, ["agent-1"])
    try scene.send(.resume, ["agent-1"])
    try scene.report("agent-1", "paused", command: "c2")
    try scene.report("agent-1", "running", command: "c2")
    try scene.waitForLine("obeyed: it reports running")
    let lines = try scene.outcome(of: CommandID("c2")).filter { $0.phase == .obeyed }
    #expect(lines.map(\.short) == ["obeyed agent-1: it reports running", "obeyed: it reports running"])
  }

  @Test(arguments: [["replicas": "4"], ["by": "+3"]]) func scalingIsObeyedOnceItHasSoMany(_ arguments: [String: String])
    throws
  {
    let scene = try HandlerScene()
    try scene.send(.scale, ["agent-1"], arguments)
    for replicas in [1, 3, nil, 5] { try scene.report("agent-1", "running", command: "c1", replicas: replicas) }
    try scene.report("agent-1", "paused", command: "c1", replicas: 4)
    try scene.waitForLine("obeyed: it reports paused")
    #expect(try scene.audit().count { $0.phase == .obeyed } == 2)
  }

  @Test func undoIsObeyedByWhatItAskedFor() throws {
    let scene = try HandlerScene()
    try scene.send(.pause, ["agent-1"])
    try scene.send(.undo, [], ["command_id": "c1"])
    try scene.report("agent-1", "paused", command: "c2")
    try scene.report("agent-1", "running", command: "c2")
    try scene.waitForLine("obeyed: it reports running")
    #expect(try !scene.audit().contains { $0.short.hasPrefix("obeyed") && $0.detail == "it reports paused" })
  }

  @Test func fleetWideBlockIsObeyedByTheFirstWhoReports() throws {
    let scene = try HandlerScene()
    try scene.send(.blockIP, [], ["ip": "192.0.2.7"])
    try scene.report("agent-3", "running", command: "c1")
    try scene.report("agent-4", "running", command: "c1")
    try scene.waitForLine("obeyed: by agent-3")
    #expect(try scene.audit().filter { $0.phase == .obeyed }.count == 1)
  }

  @Test func restartEndsWhenTheAgentRunsAgain() throws {
    let scene = try HandlerScene()
    let lines = try scene.send(.restart, ["agent-1"])
    #expect(lines.last?.short == "succeeded: told to restart")
    #expect(try scene.record("agent-1").state == .restarting)
    #expect(
      try scene.schedule().map(\.job) == [
        #"{"action":"restart_limit","target":"agent-1","args":{"command_id":"c1"}}"#
      ])
    let twice = try scene.send(.restart, ["agent-1"])
    #expect(twice.last?.short == "failed: agent-1 is already restarting")
    try scene.report("agent-1", "restarting", command: "c1")
    try scene.report("agent-1", "running", command: "c1")
    try scene.waitForLine("obeyed: it reports running")
    let record = try scene.record("agent-1")
    #expect(record.state == .running)
    #expect(record.version == 2)
    #expect(try scene.schedule().isEmpty)
    let obeyed = try #require(try scene.audit().first { $0.phase == .obeyed })
    #expect(obeyed.after == record)
  }

  @Test func restartThatNobodyConfirmsFailsAtItsLimit() throws {
    let scene = try HandlerScene(start: false)
    try scene.startHandler("h1") { $0.restartLimit = .seconds(1) }
    try scene.send(.restart, ["agent-1"])
    try scene.waitForLine("failed: the restart was not confirmed within 1s")
    let record = try scene.record("agent-1")
    #expect(record.state == .running)
    #expect(record.version == 2)
    #expect(try scene.schedule().isEmpty)
  }

  /// Foresight leaves an agent that restarts alone, and forgets its last hour once it has.
  @Test func restartIsMarkedOnceItIsConfirmedAndNotAsItIsGivenUp() throws {
    let scene = try HandlerScene(start: false)
    try scene.startHandler("h1") { $0.restartLimit = .seconds(1) }
    for version in ["1.0", "1.1"] {
      let event = #"{"entity_id":"agent-1","event_type":"agent.updated","data":{"version":"\#(version)"}}"#
      _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, event)
    }
    var changes: [AgentInsight.Change] = []
    func wait(forChanges count: Int) throws {
      try scene.server.wait {
        let stored = (try? scene.server.call("HGET", scene.keys.insight, "agent-1").bytes) ?? nil
        changes = stored.flatMap { InsightCoding.decode($0) }?.changes ?? []
        return changes.count == count
      }
    }
    try wait(forChanges: 1)
    try scene.send(.restart, ["agent-1"])
    try wait(forChanges: 3)
    #expect(changes.dropFirst().map(\.detail) == ["restarting by alice@bastion", "running by schedule"])
    #expect(changes.allSatisfy { !$0.isRestarted })
    // Its runtime took longer than the limit: the process is a new one all the same.
    try scene.report("agent-1", "running", command: "c1")
    try wait(forChanges: 4)
    #expect(changes.last?.detail == "restarted by alice@bastion" && changes.last?.isRestarted == true)
    #expect(try scene.record("agent-1").version == 2)
  }

  /// A handler may die once the confirmation is written, and before what foresight makes of it is.
  @Test func restartThatIsConfirmedIsMarkedOnceByWhoeverTakesOver() throws {
    let scene = try HandlerScene(start: false)
    func takeOver(_ id: String) throws {
      try scene.server.wait { (try? scene.cursorIsAtEnd()) == true }
      scene.handlers.last?.halt()
      _ = try scene.server.call("DEL", scene.keys.lease)
      // By then the server has taken all that the former one has sent; the next one reads the last minutes again.
      _ = try scene.server.call("DEL", scene.keys.cursor)
      try scene.startHandler(id)
    }
    func changes(_ count: Int) throws -> [AgentInsight.Change] {
      var changes: [AgentInsight.Change] = []
      try scene.server.wait {
        let stored = (try? scene.server.call("HGET", scene.keys.insight, "agent-1").bytes) ?? nil
        changes = stored.flatMap { InsightCoding.decode($0) }?.changes ?? []
        return changes.count == count
      }
      return changes
    }
    try scene.startHandler("h1") { $0.insight.isOn = false }
    try scene.send(.restart, ["agent-1"])
    try scene.report("agent-1", "running", command: "c1")
    try scene.waitForLine("obeyed: it reports running")
    try takeOver("h2")
    let first = try changes(1)
    let at = try #require(first.first?.at)
    #expect(first.map(\.detail) == ["restarted by alice@bastion"])
    let stored = try scene.server.call("HGET", scene.keys.agent("agent-1"), Change.restartedField).text
    #expect(stored == "\(at.milliseconds) c1")
    // A runtime may say so again later: that is no other restart.
    try scene.report("agent-1", "running", command: "c1")
    try takeOver("h3")
    try scene.server.wait { (try? scene.cursorIsAtEnd()) == true }
    try scene.send(.restart, ["agent-1"])
    try scene.report("agent-1", "running", command: "c2")
    let all = try changes(3)
    #expect(all.map { $0.isRestarted } == [true, false, true] && all.first == first.first)
  }

  @Test func confirmationThatComesLateDoesNotEndALaterRestart() throws {
    let scene = try HandlerScene(start: false)
    try scene.startHandler("h1") { $0.restartLimit = .seconds(2) }
    func given(up count: Int) throws {
      try scene.server.wait {
        let lines = (try? scene.audit()) ?? []
        return lines.count { $0.phase == .failed && $0.target == "agent-1" } == count
      }
    }
    try scene.send(.restart, ["agent-1"])
    try given(up: 1)
    try scene.send(.restart, ["agent-1"])
    try scene.report("agent-1", "running", command: "c1")
    try scene.waitForLine("obeyed: it reports running")
    // Nobody has confirmed that one.
    try given(up: 2)
    #expect(try scene.record("agent-1").state == .running)
  }

  @Test func limitOfAnEarlierRestartLeavesALaterOneAlone() throws {
    let scene = try HandlerScene()
    try scene.send(.restart, ["agent-1"])
    let limit = try #require(try scene.schedule().first?.job)
    try scene.send(.pause, ["agent-1"])
    try scene.send(.restart, ["agent-1"])
    #expect(try scene.schedule().count == 2)
    _ = try scene.server.call("ZADD", scene.keys.schedule, try scene.now(), limit)
    // What is appointed makes the handler look at its schedule.
    try scene.send(.pause, ["agent-2"])
    try scene.server.wait { (try? scene.schedule().contains { $0.job == limit }) == false }
    #expect(try scene.record("agent-1").state == .restarting)
    #expect(try scene.audit().allSatisfy { $0.phase != .failed })
  }

  @Test func oldReportsCauseNothing() throws {
    let scene = try HandlerScene()
    try scene.send(.pause, ["agent-1"])
    scene.handlers[0].halt()
    // The stream was empty: an entry may still be given an id of the past.
    let old = try scene.now(.minutes(-2)).milliseconds
    let event: JSONValue = [
      "entity_id": "agent-1", "event_type": "agent.status", "data": ["state": "paused", "command_id": "c1"],
    ]
    _ = try scene.server.call("DEL", scene.keys.events)
    _ = try scene.server.call("HSET", scene.keys.cursor, scene.keys.events, "\(old - 1)-0")
    _ = try scene.server.call("XADD", scene.keys.events, "\(old)-0", Keys.dataField, event.encoded)
    _ = try scene.server.call("DEL", scene.keys.lease)
    try scene.startHandler("h2")
    try scene.report("agent-1", "paused", command: "other")
    try scene.server.wait { (try? scene.cursorIsAtEnd()) ?? false }
    #expect(try scene.audit().allSatisfy { $0.phase != .obeyed })
  }

  @Test func alertsOfEventsAreKeptInTheHash() throws {
    let scene = try HandlerScene()
    let event: JSONValue = [
      "entity_id": "agent-1", "event_type": "agent.security_alert",
      "data": ["alert_type": "brute_force", "attempts_count": 9, "risk_level": "high"],
    ]
    for _ in 1...2 { _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, event.encoded) }
    try scene.server.wait { (try? scene.alert(.securityAlert, "agent-1")?.count) == 2 }
    #expect(try scene.alert(.securityAlert, "agent-1")?.severity == .high)
    try scene.send(.acknowledge, [], ["alert": "agent.security_alert/agent-1"])
    // A repeat keeps the acknowledgement, also in the eyes of the next handler.
    scene.handlers[0].halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
    try scene.startHandler("h2")
    _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, event.encoded)
    try scene.server.wait { (try? scene.alert(.securityAlert, "agent-1")?.count) == 3 }
    #expect(try scene.alert(.securityAlert, "agent-1")?.acknowledgedBy == "alice@bastion")
  }
}

extension HandlerScene {
  func waitForLine(_ short: String) throws {
    try server.wait { ((try? audit()) ?? []).contains { $0.short == short } }
  }
}
