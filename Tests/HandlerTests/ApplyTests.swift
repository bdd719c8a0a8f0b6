import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

@Suite(.threaded) struct ApplyTests {
  @Test func whatMayChangeChanges() throws {
    var options = HandlerOptions(id: "h1")
    var new = HandlerOptions(id: "h2", prefix: try KeyPrefix("other"), recordedPatterns: ["x.*"])
    new.parallel = 8
    new.restartLimit = .seconds(5)
    new.actWithin = .seconds(6)
    new.retention.bytes = 7
    new.log.level = .error
    options.adopt(new)
    #expect(options.parallel == 8 && options.restartLimit == .seconds(5) && options.actWithin == .seconds(6))
    #expect(options.retention.bytes == 7 && options.log.level == .error)
    #expect(options.id == "h1" && options.prefix == .default && options.recordedPatterns == ["agent.*", "agents.*"])
  }

  /// A restart that the runtime does not confirm fails after a limit that came into force while the handler ran.
  @Test func runningHandlerGoesByNewOptions() throws {
    let scene = try HandlerScene(start: false)
    let handler = try scene.startHandler("h1")
    var options = HandlerOptions(id: "h1")
    options.restartLimit = .seconds(1)
    handler.apply(options)
    try scene.send(.restart, ["agent-1"])
    try scene.server.wait {
      (try? scene.audit())?.contains { $0.phase == .failed && $0.detail.contains("not confirmed within 1s") } == true
    }
  }
}
