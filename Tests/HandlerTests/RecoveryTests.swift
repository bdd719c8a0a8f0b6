import Execution
import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

@Suite(.threaded) struct RecoveryTests {
  @Test func whatADeadHandlerBeganIsFinishedAndNothingIsDoneTwice() throws {
    let scene = try HandlerScene(start: false)
    let keys = scene.keys
    let command = try scene.command(.scale, ["agent-1", "agent-2"], ["by": "+1"])
    try scene.publish(command)
    // As a handler leaves it that was killed between its two targets.
    _ = try scene.server.call("XGROUP", "CREATE", keys.commands, Keys.group, "0")
    _ = try scene.server.call("XREADGROUP", "GROUP", Keys.group, "dead", "STREAMS", keys.commands, ">")
    _ = try scene.server.call("SET", keys.mark("c1"), CommandRecord(command).encoded)
    _ = try scene.server.call(
      "SET", keys.mark(command.id, "agent-1").key,
      IdempotencyRecord(phase: .succeeded, detail: "replicas 1 → 2").encoded)
    _ = try scene.server.call("HSET", keys.agent("agent-1"), "state", "running", "replicas", 2, "version", 1)
    try scene.startHandler("h1")
    let lines = try scene.outcome(of: command.id)
    #expect(lines.map(\.short) == ["succeeded agent-2: replicas 1 → 2", "succeeded"])
    #expect(try scene.record("agent-1").replicas == 2)
    #expect(try scene.record("agent-2").replicas == 2)
    #expect(try scene.pendingCount() == 0)
  }

  @Test func everythingIsMadeAnewAfterAFlush() throws {
    let scene = try HandlerScene()
    try scene.send(.pause, ["agent-1"])
    _ = try scene.server.call("FLUSHALL")
    try scene.send(.pause, ["agent-2"])
    #expect(try scene.record("agent-2").state == .paused)
    #expect(try scene.server.call("GET", scene.keys.fence) == .string(Array("2".utf8)))
    try scene.waitForRecording(fence: 2)
  }

  @Test func handlerComesBackWithItsServer() throws {
    let scene = try HandlerScene()
    try scene.send(.pause, ["agent-1"])
    let port = scene.server.server.port
    scene.server.server.stop()
    try scene.server.wait { !scene.handlers[0].isActive }
    let second = try TestServer(port: port)
    try scene.server.wait { scene.handlers[0].isActive }
    try scene.send(.pause, ["agent-2"])
    #expect(try scene.record("agent-2").state == .paused)
    #expect(second.server.isRunning)
  }

  @Test func stoppedServerIsNotTakenForAQuietOne() throws {
    let scene = try HandlerScene()
    scene.server.server.signal(19)
    try scene.server.wait { !scene.handlers[0].isActive }
    scene.server.server.signal(18)
    try scene.server.wait { scene.handlers[0].isActive }
    try scene.send(.pause, ["agent-1"])
    #expect(try scene.record("agent-1").state == .paused)
  }

  @Test func stoppingFinishesAndGivesTheLeaseBack() throws {
    let scene = try HandlerScene()
    try scene.waitForRecording()
    for number in 1...20 { try scene.publish(try scene.command(.pause, [AgentID("agent-\(number)")])) }
    for number in 1...20 { _ = try scene.server.call("PUBLISH", "agent.metrics", "\(number)") }
    var isStopped = false
    scene.handlers[0].stop { isStopped = true }
    try scene.server.wait { isStopped }
    #expect(try scene.server.call("EXISTS", scene.keys.lease) == .integer(0))
    #expect(try scene.recorded().count == 20)
    // What it had not begun is left to the next, who does it once.
    try scene.startHandler("h2")
    try scene.server.wait { (try? scene.pendingCount()) == 0 }
    let lines = Dictionary(grouping: try scene.audit(), by: \.origin.key)
    #expect(lines.count == 20 && lines.values.allSatisfy { $0.count == 3 })
    for number in 1...20 { #expect(try scene.record(AgentID("agent-\(number)")).version == 1) }
  }
}
