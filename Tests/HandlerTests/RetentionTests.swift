import FleetModel
import TestSupport
import Testing
import Wire

@testable import Handler

@Suite struct RetentionTests {
  /// Adds entries of a given age; enough for whole nodes of the stream to be old.
  private func fill(_ scene: HandlerScene, _ stream: [UInt8], _ count: Int, age: TimeSpan) throws {
    let start = try scene.now(TimeSpan.zero).milliseconds - age.milliseconds
    for number in 0..<count { _ = try scene.server.call("XADD", stream, "\(start)-\(number)", "__data__", "x") }
  }

  private func length(_ scene: HandlerScene, _ stream: [UInt8]) -> Int64 {
    (try? scene.server.call("XLEN", stream).integer) ?? -1
  }

  @Test func oldEntriesLeave() throws {
    let scene = try HandlerScene(start: false)
    try fill(scene, scene.keys.audit, 250, age: .days(8))
    try fill(scene, scene.keys.control, 250, age: .days(2))
    try fill(scene, scene.keys.events, 250, age: .days(2))
    try scene.startHandler("h1") { $0.retention.every = .milliseconds(100) }
    for stream in [scene.keys.audit, scene.keys.control, scene.keys.events] {
      // Whole nodes of a hundred entries leave.
      try? scene.server.wait { length(scene, stream) < 100 }
      #expect(length(scene, stream) < 100)
    }
  }

  @Test func commandsThatNobodyAcknowledgedStay() throws {
    let scene = try HandlerScene(start: false)
    try fill(scene, scene.keys.commands, 250, age: .days(2))
    _ = try scene.server.call("XGROUP", "CREATE", scene.keys.commands, "vigia-handler", "0")
    // A dead member of the group holds an early one.
    _ = try scene.server.call(
      "XREADGROUP", "GROUP", "vigia-handler", "dead", "COUNT", 1, "STREAMS", scene.keys.commands, ">")
    try scene.startHandler("h1") { $0.retention.every = .milliseconds(100) }
    // The handler takes all of them over, and rejects them.
    try scene.server.wait { ((try? scene.audit().count) ?? 0) == 250 }
    try scene.server.wait { length(scene, scene.keys.commands) == 50 }
  }

  @Test func largeStreamsAreShortened() throws {
    let scene = try HandlerScene(start: false)
    try fill(scene, scene.keys.control, 5000, age: .seconds(1))
    let size = try #require(try scene.server.call("MEMORY", "USAGE", scene.keys.control).integer)
    try scene.startHandler("h1") {
      $0.retention.every = .milliseconds(100)
      $0.retention.bytes = Int(size / 2)
    }
    try scene.server.wait { length(scene, scene.keys.control) < 2600 }
    #expect(length(scene, scene.keys.control) > 2000)
  }
}
