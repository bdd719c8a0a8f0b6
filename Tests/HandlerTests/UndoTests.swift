import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

@Suite(.threaded) struct UndoTests {
  @Test func pauseIsUndoneByAResume() throws {
    let scene = try HandlerScene()
    try scene.send(.pause, ["agent-1"])
    let lines = try scene.send(.undo, [], ["command_id": "c1"])
    #expect(lines.map(\.short) == ["received", "succeeded agent-1: resumed", "succeeded: resumed"])
    #expect(try scene.record("agent-1").state == .running)
    #expect(try scene.schedule().isEmpty)
    let control = try #require(try scene.control().last)
    #expect(control.action == .resume)
    #expect(control.commandID == CommandID("c2"))
    #expect(try scene.outcome(of: CommandID("c1")).last?.short.hasPrefix("undone: undone by alice@bastion at ") == true)
    let again = try scene.send(.undo, [], ["command_id": "c1"])
    #expect(again.last?.short == "rejected: that pause was already undone")
  }

  /// It would wait for its own end.
  @Test func undoOfItselfIsRefusedAndTheNextCommandIsRun() throws {
    let scene = try HandlerScene()
    let refusal = "rejected: an undo cannot take back itself; give it an id of its own"
    #expect(try scene.send(.undo, [], ["command_id": "c1"]).map(\.short) == [refusal])
    _ = try scene.server.call("HSET", scene.keys.batch(CommandID("b1")), "parts", 2, "1", "c7", "2", "c2")
    #expect(try scene.send(.undo, [], ["command_id": "b1"]).map(\.short) == [refusal])
    _ = try scene.server.call("HSET", scene.keys.batch(CommandID("b2")), "parts", 1, "1", "batch/c3/1")
    #expect(try scene.send(.undo, [], ["command_id": "b2"]).map(\.short) == [refusal])
    #expect(try scene.send(.pause, ["agent-1"]).last?.phase == .succeeded)
    try scene.server.wait { (try? scene.isThrough()) == true }
  }

  @Test func scaleIsUndoneToTheRecordedValues() throws {
    let scene = try HandlerScene()
    try scene.send(.scale, ["agent-1"], ["replicas": "4", "cpu": "2"])
    try scene.send(.scale, ["agent-1"], ["by": "+3", "cpu": "8"])
    let lines = try scene.send(.undo, [], ["command_id": "c2"])
    #expect(lines.last?.short == "succeeded: back to cpu 2.0, replicas 4")
    let record = try scene.record("agent-1")
    #expect(record.replicas == 4)
    #expect(record.cpu == 2)
    #expect(record.version == 3)
  }

  @Test func rateLimitIsUndoneToTheOneBefore() throws {
    let scene = try HandlerScene()
    try scene.send(.rateLimit, ["agent-1"], ["per_minute": "60", "for": "1h"])
    let end = try scene.record("agent-1").rateLimitedUntil
    try scene.send(.rateLimit, ["agent-1"], ["per_minute": "10", "for": "2h"])
    try scene.send(.undo, [], ["command_id": "c2"])
    #expect(try scene.record("agent-1").rateLimit == 60)
    #expect(try scene.record("agent-1").rateLimitedUntil == end)
    try scene.send(.undo, [], ["command_id": "c1"])
    #expect(try scene.record("agent-1").rateLimit == nil)
    #expect(try scene.schedule().isEmpty)
  }

  @Test func backupsAreUndoneByEachOther() throws {
    let scene = try HandlerScene()
    try scene.send(.activateBackup, ["agent-1"], ["backup": "agent-2"])
    try scene.send(.deactivateBackup, ["agent-1"])
    try scene.send(.undo, [], ["command_id": "c2"])
    #expect(try scene.record("agent-1").backup == "agent-2")
    try scene.send(.undo, [], ["command_id": "c1"])
    #expect(try scene.record("agent-1").backup == nil)
    #expect(
      try scene.control().map(\.action) == [.activateBackup, .deactivateBackup, .activateBackup, .deactivateBackup])
  }

  @Test func blocksAreUndoneByEachOther() throws {
    let scene = try HandlerScene()
    try scene.send(.blockIP, [], ["ip": "192.0.2.7"])
    let end = try scene.schedule().first?.due
    try scene.send(.unblockIP, [], ["ip": "192.0.2.7"])
    try scene.send(.undo, [], ["command_id": "c2"])
    #expect(try scene.schedule().first?.due == end)
    #expect(try scene.server.call("ZCARD", scene.keys.blocked) == .integer(1))
    let lines = try scene.send(.undo, [], ["command_id": "c1"])
    #expect(lines.map(\.short) == ["received", "succeeded: 192.0.2.7 no longer blocked"])
    #expect(try scene.server.call("ZCARD", scene.keys.blocked) == .integer(0))
    #expect(try scene.schedule().isEmpty)
  }

  @Test func acknowledgementIsTakenBack() throws {
    let scene = try HandlerScene()
    try scene.send(.escalate, ["agent-1"], ["to": "billing"])
    try scene.send(.acknowledge, [], ["alert": "escalation/agent-1"])
    try scene.send(.undo, [], ["command_id": "c2"])
    #expect(try scene.alert(.escalation, "agent-1")?.acknowledgedBy == nil)
  }

  @Test func switchIsTurnedBackToTheModeBefore() throws {
    let scene = try HandlerScene()
    try scene.send(.automation, [], ["mode": "on"])
    try scene.send(.automation, [], ["mode": "off"])
    let lines = try scene.send(.undo, [], ["command_id": "c2"])
    #expect(lines.last?.short == "succeeded: automation off → on")
    // Before the first one nobody had set it.
    try scene.send(.undo, [], ["command_id": "c1"])
    #expect(try scene.server.call("GET", scene.keys.automation).text == "dry")
  }

  /// One who takes back a turn of the switch must not turn on what another has turned off meanwhile.
  @Test func switchThatAnotherHasTurnedSinceStaysAsItIs() throws {
    let scene = try HandlerScene()
    try scene.send(.automation, [], ["mode": "on"])
    try scene.send(.automation, [], ["mode": "dry"]) { $0.operator = "ana@ops" }
    try scene.send(.automation, [], ["mode": "off"]) { $0.operator = "bob@ops" }
    let lines = try scene.send(.undo, [], ["command_id": "c2"]) { $0.operator = "ana@ops" }
    #expect(lines.last?.short == "failed: automation has been set to off since")
    #expect(try scene.server.call("GET", scene.keys.automation).text == "off")
  }

  @Test func onlyTargetsThatWereActedOnAreUndone() throws {
    let scene = try HandlerScene()
    try scene.send(.scale, ["agent-1"], ["replicas": "5"])
    try scene.send(.scale, ["agent-1", "agent-2"], ["by": "-2"])
    let lines = try scene.send(.undo, [], ["command_id": "c2"])
    #expect(
      lines.map(\.short) == [
        "received", "succeeded agent-1: back to replicas 5", "failed agent-2: nothing was done to it",
        "failed: 1 of 2 done: agent-2: nothing was done to it",
      ])
    #expect(try scene.record("agent-1").replicas == 5)
  }

  @Test(arguments: [
    (Action.restart, [:], "a restart cannot be undone"),
    (.escalate, ["to": "billing"], "an escalation cannot be undone: acknowledge its alert"),
  ])
  func whatHasNoInverseIsRefused(action: Action, arguments: [String: String], reason: String) throws {
    let scene = try HandlerScene()
    try scene.send(action, ["agent-1"], arguments)
    #expect(try scene.send(.undo, [], ["command_id": "c1"]).last?.short == "rejected: \(reason)")
  }

  @Test func whatDidNothingCannotBeUndone() throws {
    let scene = try HandlerScene()
    try scene.send(.scale, ["agent-1"])
    let lines = try scene.send(.undo, [], ["command_id": "c1"])
    #expect(lines.last?.short == "rejected: that scale did nothing: it was rejected")
    let dry = try scene.send(.pause, ["agent-1"]) { $0.isDryRun = true }
    #expect(dry.last?.phase == .skipped)
    #expect(
      try scene.send(.undo, [], ["command_id": "c3"]).last?.short == "rejected: that pause did nothing: it was skipped")
  }
}
