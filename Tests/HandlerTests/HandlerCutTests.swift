import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What the server says breaks off at a byte, on every connection of the handler's at once.
@Suite(.threaded) struct HandlerCutTests {
  @Test func answersCutAnywhereLoseNothingAndDoNothingTwice() throws {
    let scene = try HandlerScene(start: false)
    let proxy = try FaultProxy(loop: scene.server.loop, to: scene.server.server)
    defer { proxy.close() }
    for bytes in stride(from: 1, through: 1600, by: 67) {
      let agent = AgentID("agent-\(bytes)")
      let command = try scene.command(.pause, [agent])
      try scene.publish(command)
      // Each of its connections is cut once; those that come after them are whole.
      let first = proxy.passages.count
      proxy.fault = { $0 < first + 5 ? .cut(after: bytes) : .none }
      let handler = try HandlerService(
        loop: scene.server.loop, endpoint: proxy.endpoint, options: HandlerOptions(id: "h\(bytes)"))
      handler.start()
      let lines = try scene.outcome(of: command.id)
      try scene.server.wait { (try? scene.pendingCount()) == 0 }
      #expect(
        lines.map(\.short) == ["received", "succeeded \(agent): paused for 15m", "succeeded: paused for 15m"],
        "cut after \(bytes)")
      #expect(try scene.record(agent).version == 1)
      handler.halt()
      _ = try scene.server.call("DEL", scene.keys.lease)
    }
    #expect(try scene.control().count == 24)
    #expect(try scene.schedule().count == 24)
  }
}
