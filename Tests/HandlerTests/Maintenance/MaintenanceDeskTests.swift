import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Windows that people plan: what is done, once whoever leads, and how it goes back.
@Suite(.threaded) struct MaintenanceDeskTests {
  private let scene: MaintenanceScene
  private static let whole: [Action?] = [.activateBackup, .drain, .restart, .deactivateBackup]

  init() throws { scene = try MaintenanceScene() }

  @Test func eachPhaseIsAnOrdinaryCommandThatWaitsForTheOneBefore() throws {
    try scene.start()
    let planned = try scene.plan()
    #expect(planned.hasPrefix("succeeded: maintenance planned for "), "\(planned)")
    #expect(planned.hasSuffix(", agent-8 stands in, at most 15m to drain"))
    try scene.confirm(.activateBackup)
    let drain = try scene.waitForControl(.drain)
    #expect(try scene.handlers.record("agent-7").state == .draining)
    #expect(drain.arguments["for"] == "16m" && drain.until != nil)
    #expect(try scene.told == [.activateBackup, .drain], "nothing is restarted before it is empty")
    try scene.handlers.report("agent-7", "draining", command: drain.commandID.text)
    try scene.confirm(.restart)
    try scene.confirm(.deactivateBackup)
    try scene.waitForEnd()
    #expect(try scene.told == Self.whole)
    let record = try scene.handlers.record("agent-7")
    #expect(record.state == .running && record.backup == nil && record.pausedUntil == nil)
    #expect(try scene.handlers.schedule().isEmpty)
    #expect(try scene.lines.map(\.phase) == [.started, .succeeded])
    #expect(try scene.lines.last?.detail == "agent-7 was restarted and is as usual")
    let commands = try scene.handlers.audit().filter { $0.operator == "maintenance/agent-7" && $0.phase == .received }
    #expect(commands.map(\.action) == Self.whole.compactMap { $0?.rawValue })
    #expect(commands.allSatisfy { $0.reason.hasPrefix("maintenance: ") })
  }

  @Test func consolesAreToldOfEachChange() throws {
    func revision() throws -> String? {
      try scene.server.call("HGET", scene.keys.cursor, Keys.maintenanceRevision).text
    }
    // It stands there already: whoever tells of its beginning is the desk.
    try scene.store("agent-7", backup: "agent-8")
    #expect(try revision() == nil)
    try scene.start()
    try scene.waitForStart(of: "agent-7")
    let begun = try #require(try revision())
    // Of one that is far ahead nobody tells but who plans and cancels it.
    try scene.plan("agent-9", ["backup": "agent-10", "at": "1h"])
    let planned = try #require(try revision())
    #expect(planned != begun)
    #expect(try scene.cancel("agent-9").hasPrefix("succeeded: "))
    #expect(try revision() != planned)
  }

  /// It may die between any two of its steps.
  @Test func handlersThatDieInEachPhaseDoEachOnce() throws {
    var handler = try scene.start("h0")
    try scene.plan()
    for (number, action) in Self.whole.enumerated() {
      let action = try #require(action)
      let told = try scene.waitForControl(action)
      try scene.kill(handler)
      handler = try scene.start("h\(2 * number + 1)")
      let state = action == .drain ? "draining" : "running"
      try scene.handlers.report("agent-7", state, command: told.commandID.text)
      try scene.kill(handler)
      handler = try scene.start("h\(2 * number + 2)")
    }
    try scene.waitForEnd()
    #expect(try scene.told == Self.whole)
    #expect(try scene.lines.map(\.phase) == [.started, .succeeded])
  }

  @Test func restartThatFailsIsTakenBackAndAPersonIsCalled() throws {
    try scene.start(restartLimit: .milliseconds(300))
    try scene.plan()
    try scene.confirm(.activateBackup)
    try scene.confirm(.drain, "draining")
    try scene.waitForControl(.restart)
    try scene.confirm(.resume)
    try scene.waitForEnd()
    try scene.server.wait { (try? scene.handlers.alert(.escalation, "agent-7")) ?? nil != nil }
    let record = try scene.handlers.record("agent-7")
    #expect(record.state == .running && record.backup == "agent-8")
    let line = try #require(try scene.lines.last)
    #expect(line.phase == .failed && line.detail.hasPrefix("its restart failed: "))
    #expect(line.detail.hasSuffix("; agent-7 is resumed, agent-8 stays on"))
    #expect(try scene.handlers.alert(.escalation, "agent-7")?.summary.contains("agent-8 stays on") == true)
  }

  @Test func windowThatIsCancelledWhileItDrainsGoesBack() throws {
    try scene.start()
    try scene.plan()
    try scene.confirm(.activateBackup)
    try scene.waitForControl(.drain)
    #expect(try scene.cancel() == "succeeded: the maintenance goes back: agent-7 works on, agent-8 is released")
    #expect(try scene.cancel().hasPrefix("failed: "))
    try scene.confirm(.resume)
    try scene.confirm(.deactivateBackup)
    try scene.waitForEnd()
    #expect(try scene.told == [.activateBackup, .drain, .resume, .deactivateBackup])
    #expect(try scene.lines.last?.short == "skipped: cancelled by alice@bastion")
    #expect(try scene.handlers.alert(.escalation, "agent-7") == nil)
  }

  @Test func backupThatWorksForAnotherHoldsTheWindow() throws {
    try scene.start()
    #expect(try scene.handlers.send(.activateBackup, ["agent-1"], ["backup": "agent-8"]).last?.phase == .succeeded)
    try scene.plan()
    // It is looked at before one that is planned later.
    try scene.plan("agent-9", ["backup": "agent-10"])
    try scene.waitForStart(of: "agent-9")
    #expect(try scene.window?.phase == .planned)
    #expect(try scene.window?.wait?.why == "agent-8 stands in for agent-1")
    #expect(try scene.lines.map(\.target) == ["agent-9"])
    #expect(try scene.cancel().hasPrefix("succeeded: the maintenance planned for "))
  }

  /// Before the first has told anybody to stand in.
  @Test func windowsThatBeginTogetherDoNotTakeEachOthersAgents() throws {
    for (agent, backup) in [("agent-1", "agent-8"), ("agent-2", "agent-8"), ("agent-3", "agent-1"), ("agent-8", "a")] {
      try scene.store(AgentID(agent), backup: AgentID(backup))
    }
    try scene.store("agent-9", backup: "agent-10")
    try scene.start()
    try scene.waitForStart(of: "agent-9")
    #expect(try scene.lines.map(\.target) == ["agent-1", "agent-9"])
  }

  @Test func forecastsTakeOneAgentOfARoleOutOfWorkAtATime() throws {
    let sign = MaintenanceWindow.Sign(
      metric: "queue_size", crossesAt: try scene.handlers.now(.hours(1)), earliest: .epoch)
    for (number, role) in ["support", "support", "support", "sales", "sales"].enumerated() {
      let event = #"{"entity_id":"agent-\#(number + 1)","event_type":"agent.created","data":{"role":"\#(role)"}}"#
      _ = try scene.server.call("XADD", scene.keys.events, "*", "__data__", event)
    }
    for (agent, backup) in [("agent-1", "agent-11"), ("agent-2", "agent-12"), ("agent-4", "agent-14")] {
      try scene.store(AgentID(agent), backup: AgentID(backup), .forecast(sign))
    }
    _ = try scene.server.call("SET", scene.keys.automation, "on")
    try scene.start(mode: .auto)
    try scene.waitForStart(of: "agent-4")
    #expect(try scene.lines.map(\.target) == ["agent-1", "agent-4"])
  }

  @Test func whatCannotBePlannedIsRefusedWithTheReason() throws {
    try scene.start()
    func refused(_ arguments: [String: String], _ words: String) throws {
      let outcome = try scene.plan("agent-7", arguments)
      #expect(outcome.hasSuffix(words), "\(outcome)")
    }
    try refused([:], "no backup of agent-7 is known; name one with backup=AGENT")
    try refused(["backup": "agent-7"], "agent-7 cannot be its own backup")
    try refused(["backup": "agent-8", "for": "1s"], #""for" is "1s"; expected a span from 10s to 6h"#)
    try refused(["backup": "agent-8", "at": "31d"], "plan it at most 30d ahead")
    try refused(["backup": "agent-8", "at": "soon"], "or a moment as 2026-11-22T08:00:00Z")
    #expect(try scene.cancel().hasSuffix("no maintenance of agent-7 is planned"))
    #expect(try scene.server.call("EXISTS", scene.keys.maintenance) == .integer(0))
    #expect(try scene.plan("agent-7", ["backup": "agent-8", "at": "2h"]).hasPrefix("succeeded: "))
    let again = try scene.plan()
    #expect(again.hasPrefix("failed: alice@bastion has planned maintenance of agent-7 for "), "\(again)")
    #expect(again.hasSuffix(": cancel it first"))
    // Whoever has seen another one neither takes this one over nor cancels it.
    let seen = try scene.plan("agent-7", ["window": "another"])
    #expect(seen.hasSuffix("the window of agent-7 that you saw is over"), "\(seen)")
    #expect(try scene.cancel("agent-7", ["window": "another"]).hasSuffix("that you saw is over"))
    let id = try #require(try scene.window?.id)
    #expect(try scene.cancel("agent-7", ["window": id]).hasPrefix("succeeded: "))
    #expect(try scene.plan("agent-7", ["window": id]).hasSuffix("that you saw is over"), "nothing begins in its place")
    // As ever, an undo takes back what stood before.
    let command = try scene.handlers.command(.planMaintenance, ["agent-7"], ["backup": "agent-8", "at": "2h"])
    try scene.handlers.publish(command)
    _ = try scene.handlers.outcome(of: command.id)
    func undo(_ id: CommandID) throws -> String {
      try scene.handlers.send(.undo, [], ["command_id": id.text]).last?.short ?? ""
    }
    #expect(try undo(command.id).hasPrefix("succeeded: "))
    #expect(try scene.server.call("EXISTS", scene.keys.maintenance) == .integer(0))
    // The window that an old plan has left is not the one of today.
    let old = try scene.handlers.command(.planMaintenance, ["agent-7"], ["backup": "agent-8", "at": "2h"])
    try scene.handlers.publish(old)
    _ = try scene.handlers.outcome(of: old.id)
    #expect(try scene.cancel().hasPrefix("succeeded: "))
    #expect(try scene.plan("agent-7", ["backup": "agent-8", "at": "2h"]).hasPrefix("succeeded: "))
    let undone = try undo(old.id)
    #expect(undone.hasSuffix("that window is over"), "\(undone)")
    #expect(try scene.window?.phase == .planned)
  }

  @Test func nothingIsPlannedWhereMaintenanceIsOff() throws {
    try scene.start(mode: .off)
    #expect(
      try scene.plan() == "failed: maintenance is off: set mode under [maintenance] in the handler's settings")
    #expect(try scene.server.call("EXISTS", scene.keys.maintenance) == .integer(0))
  }

  @Test func listIsBoundedAndWhatIsNoWindowLeavesIt() throws {
    let most = MaintenanceWindow.most
    for number in 0...most { try scene.store(AgentID("a-\(number)"), backup: "b", in: .hours(9)) }
    _ = try scene.server.call("HSET", scene.keys.maintenance, "garbage", "{", "", "x")
    try scene.start()
    try scene.server.wait {
      (try? scene.server.call("HLEN", scene.keys.maintenance)) == .integer(Int64(most + 1))
    }
    #expect(try scene.plan() == "failed: 65 windows are planned already, 64 may be")
    for agent in ["a-3", "a-4"] as [AgentID] { #expect(try scene.cancel(agent).hasPrefix("succeeded: ")) }
    // Of two at the same time there is room for one.
    let commands = try ["agent-7", "agent-9"].map {
      try scene.handlers.command(.planMaintenance, [AgentID($0)], ["backup": "agent-8", "at": "1h"])
    }
    for command in commands { try scene.handlers.publish(command) }
    let ends = try commands.compactMap { try scene.handlers.outcome(of: $0.id).last?.short }.sorted()
    #expect(ends.map { $0.hasPrefix("succeeded: ") } == [false, true], "\(ends)")
    #expect(ends.first == "failed: 64 windows are planned already, 64 may be")
  }

  // MARK: Draining

  @Test func drainEndsByItselfAndByAResume() throws {
    try scene.start()
    func send(_ action: Action, _ arguments: [String: String] = [:]) throws -> String {
      try scene.handlers.send(action, ["agent-7"], arguments).last?.short ?? ""
    }
    #expect(try send(.drain, ["for": "15m"]) == "succeeded: draining for 15m")
    var record = try scene.handlers.record("agent-7")
    #expect(record.state == .draining && record.pausedBy == "alice@bastion" && record.pausedUntil != nil)
    #expect(try send(.resume) == "succeeded: resumed")
    #expect(try scene.handlers.schedule().isEmpty)
    #expect(try send(.drain, ["for": "1s"]) == "succeeded: draining for 1s")
    try scene.server.wait { (try? scene.handlers.record("agent-7").state) == .running }
    record = try scene.handlers.record("agent-7")
    #expect(record.pausedUntil == nil)
    #expect(try scene.told == [.drain, .resume, .drain, .resume])
    #expect(try send(.pause, ["for": "15m"]).hasPrefix("succeeded"))
    #expect(try send(.drain) == "failed: agent-7 cannot be drained: it is paused")
  }
}
