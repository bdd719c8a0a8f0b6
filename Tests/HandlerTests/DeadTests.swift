import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What cannot be handled is put aside, and its neighbours are not held up.
@Suite(.threaded) struct DeadTests {
  private func letters(_ scene: HandlerScene) throws -> [[String: String]] {
    try scene.server.call("XRANGE", scene.keys.dead, "-", "+").elements?.map { entry in
      var fields: [String: String] = [:]
      for (name, value) in entry.elements?.last?.pairs ?? [] {
        fields[String(decoding: name, as: UTF8.self)] = String(decoding: value, as: UTF8.self)
      }
      return fields
    } ?? []
  }

  /// As a handler leaves it that has died of an entry so many times.
  private func deliver(_ scene: HandlerScene, _ entry: [UInt8], times: Int) throws {
    _ = try scene.server.call(
      "XCLAIM", scene.keys.commands, Keys.group, "dead", "0", entry, "RETRYCOUNT", "\(times)", "FORCE")
  }

  @Test func commandThatWasDeliveredTooOftenIsPutAsideAndItsNeighbourRuns() throws {
    let scene = try HandlerScene(start: false)
    let poison = try scene.command(.pause, ["agent-1"])
    let neighbour = try scene.command(.pause, ["agent-2"])
    try scene.publish(poison)
    try scene.publish(neighbour)
    _ = try scene.server.call("XGROUP", "CREATE", scene.keys.commands, Keys.group, "0")
    _ = try scene.server.call("XREADGROUP", "GROUP", Keys.group, "dead", "STREAMS", scene.keys.commands, ">")
    let entries = try scene.server.call("XRANGE", scene.keys.commands, "-", "+").elements ?? []
    let first = try #require(entries.first?.elements?.first?.bytes)
    try deliver(scene, first, times: 5)
    try scene.startHandler("h1")
    #expect(try scene.outcome(of: neighbour.id).last?.phase == .succeeded)
    try scene.server.wait { (try? scene.pendingCount()) == 0 }
    let reason = "it was delivered 5 times and came to no outcome"
    #expect(
      try letters(scene) == [
        [
          "source": "agentos:commands", "id": String(decoding: first, as: UTF8.self), "reason": reason,
          "__data__": String(decoding: CommandCoding.encode(poison), as: UTF8.self),
        ]
      ])
    // It is not read again, not even for its id.
    let line = try #require(try scene.audit().first { $0.detail == "put aside: \(reason); see vigia dead" })
    #expect(line.phase == .failed)
    #expect(line.origin == .run("agentos:commands/\(String(decoding: first, as: UTF8.self))"))
    #expect(try scene.record("agent-1") == AgentRecord())
  }

  @Test func commandOneDeliveryBeforeThatIsStillRun() throws {
    let scene = try HandlerScene(start: false)
    let command = try scene.command(.pause, ["agent-1"])
    try scene.publish(command)
    _ = try scene.server.call("XGROUP", "CREATE", scene.keys.commands, Keys.group, "0")
    _ = try scene.server.call("XREADGROUP", "GROUP", Keys.group, "dead", "STREAMS", scene.keys.commands, ">")
    let entry = try scene.server.call("XRANGE", scene.keys.commands, "-", "+").elements?.first?.elements?.first?.bytes
    try deliver(scene, try #require(entry), times: 4)
    try scene.startHandler("h1")
    #expect(try scene.outcome(of: command.id).last?.phase == .succeeded)
    #expect(try letters(scene).isEmpty)
  }

  /// Of commands that may have ended the handlers before one is taken at a time, and yet nothing passes them.
  @Test func laterCommandsDoNotPassThoseThatWereDeliveredOften() throws {
    let scene = try HandlerScene(start: false)
    let commands = try ["3", "4", "5"].map { try scene.command(.scale, ["agent-1"], ["replicas": $0]) }
    for command in commands[..<2] { try scene.publish(command) }
    _ = try scene.server.call("XGROUP", "CREATE", scene.keys.commands, Keys.group, "0")
    _ = try scene.server.call("XREADGROUP", "GROUP", Keys.group, "dead", "STREAMS", scene.keys.commands, ">")
    for entry in try scene.server.call("XRANGE", scene.keys.commands, "-", "+").elements ?? [] {
      try deliver(scene, try #require(entry.elements?.first?.bytes), times: 3)
    }
    try scene.publish(commands[2])
    try scene.startHandler("h1")
    #expect(try scene.outcome(of: commands[2].id).last?.phase == .succeeded)
    let ends = try scene.audit().filter { $0.target == "agent-1" && $0.phase == .succeeded }
    #expect(ends.map(\.origin) == commands.map { .command($0.id) })
    #expect(try scene.record("agent-1").replicas == 5)
  }

  @Test func unreadableCommandIsPutAsideAtOnceWithItsBytes() throws {
    let scene = try HandlerScene()
    _ = try scene.server.call("XADD", scene.keys.commands, "1-1", "__data__", "nonsense")
    try scene.send(.pause, ["agent-1"])
    #expect(
      try letters(scene) == [
        [
          "source": "agentos:commands", "id": "1-1",
          "reason": "the command is unreadable: not JSON; send one JSON object", "__data__": "nonsense",
        ]
      ])
    #expect(try scene.pendingCount() == 0)
  }

  @Test func commandsThatWereTrimmedWhileTheyWereUnderWayAreCounted() throws {
    let scene = try HandlerScene(start: false)
    for number in 1...3 { try scene.publish(try scene.command(.pause, [AgentID("agent-\(number)")])) }
    _ = try scene.server.call("XGROUP", "CREATE", scene.keys.commands, Keys.group, "0")
    _ = try scene.server.call("XREADGROUP", "GROUP", Keys.group, "dead", "STREAMS", scene.keys.commands, ">")
    _ = try scene.server.call("XTRIM", scene.keys.commands, "MAXLEN", 1)
    try scene.startHandler("h1")
    #expect(try scene.outcome(of: CommandID("c3")).last?.phase == .succeeded)
    try scene.server.wait { (try? scene.pendingCount()) == 0 }
    #expect(try letters(scene).map { $0["reason"] } == ["2 commands were trimmed before they came to an outcome"])
  }
}
