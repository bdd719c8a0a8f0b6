import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Events that never came to the handler, or came unreadable, are counted and told.
@Suite(.threaded) struct EventLossTests {
  private func add(_ scene: HandlerScene, _ range: ClosedRange<Int>) throws {
    for number in range {
      let event: JSONValue = [
        "entity_id": .string("agent-\(number)"), "event_type": "metrics", "data": ["queue_size": 1],
      ]
      _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, event.encoded)
    }
  }

  private func told(_ scene: HandlerScene) throws -> [String] {
    try scene.audit().filter { $0.action == "read" }.map(\.detail)
  }

  private func waitForCursor(_ scene: HandlerScene) throws {
    try scene.server.wait { (try? scene.cursorIsAtEnd()) ?? false }
  }

  @Test(.enabled(if: TestServer.countsEntries)) func eventsTrimmedWhileNoHandlerLivedAreCountedExactly() throws {
    let scene = try HandlerScene()
    try scene.waitForRecording()
    try add(scene, 1...20)
    try waitForCursor(scene)
    try scene.server.wait {
      (try? scene.server.call("HGET", scene.keys.cursor, "agentos:events#added").text)?.isEmpty == false
    }
    scene.handlers[0].halt()
    try add(scene, 21...60)
    _ = try scene.server.call("XTRIM", scene.keys.events, "MAXLEN", 10)
    _ = try scene.server.call("DEL", scene.keys.lease)
    try scene.startHandler("h2")
    try waitForCursor(scene)
    try scene.server.wait { ((try? told(scene).count) ?? 0) == 1 }
    #expect(try told(scene).first?.hasPrefix("30 events between ") == true)
  }

  /// As before Redis 7.0, or after a handler that did not know its place.
  @Test func trimmedEventsThatNobodyCanCountAreToldAsWhatMayBe() throws {
    let scene = try HandlerScene(start: false)
    try add(scene, 1...20)
    _ = try scene.server.call("XTRIM", scene.keys.events, "MAXLEN", 10)
    _ = try scene.server.call("HSET", scene.keys.cursor, scene.keys.events, "1-0")
    try scene.startHandler("h1")
    try scene.server.wait { ((try? told(scene).count) ?? 0) == 1 }
    let words = try #require(try told(scene).first)
    #expect(words.hasPrefix("events between 1-0 and "))
    #expect(words.hasSuffix(" may have been trimmed unread; how many is not known"))
  }

  @Test(.enabled(if: TestServer.countsEntries)) func serverThatWentBackInTimeIsNoticed() throws {
    let scene = try HandlerScene()
    try scene.waitForRecording()
    try add(scene, 1...20)
    try waitForCursor(scene)
    scene.handlers[0].halt()
    // As a server comes back that lost what it had written last.
    let early = try #require(try scene.server.call("XRANGE", scene.keys.events, "-", "+").elements?[3])
    let id = try #require(early.elements?.first?.bytes)
    _ = try scene.server.call("DEL", scene.keys.events, scene.keys.lease)
    _ = try scene.server.call("XADD", scene.keys.events, id, "__data__", "{}")
    try scene.startHandler("h2")
    try scene.server.wait { ((try? told(scene).count) ?? 0) == 1 }
    #expect(try told(scene).first?.hasPrefix("the server went back from ") == true)
    try add(scene, 21...21)
    try waitForCursor(scene)
  }

  @Test func unreadableEventIsPutAsideAndItsNeighboursCount() throws {
    let scene = try HandlerScene()
    try scene.waitForRecording()
    try add(scene, 1...1)
    _ = try scene.server.call("XADD", scene.keys.events, "*", "__data__", "nonsense")
    try add(scene, 2...2)
    try waitForCursor(scene)
    let letters = try scene.server.call("XRANGE", scene.keys.dead, "-", "+").elements ?? []
    let fields = letters.first?.elements?.last?.pairs.map { String(decoding: $0.value, as: UTF8.self) } ?? []
    #expect(letters.count == 1)
    #expect(fields.first == "agentos:events")
    #expect(fields.suffix(2) == ["the event is unreadable: not JSON", "nonsense"])
  }

  @Test func floodOfUnreadableEventsIsCountedAndNotKept() throws {
    let scene = try HandlerScene()
    try scene.waitForRecording()
    let script = "for n = 1, 5000 do redis.call('XADD', KEYS[1], '*', '__data__', 'x' .. n) end"
    _ = try scene.server.call("EVAL", script, "1", scene.keys.events)
    try waitForCursor(scene)
    let letters = try scene.server.call("XRANGE", scene.keys.dead, "-", "+").elements ?? []
    var counted = 0
    for letter in letters {
      let fields = letter.elements?.last?.pairs ?? []
      let reason = String(decoding: fields.first { $0.name == Array("reason".utf8) }?.value ?? [], as: UTF8.self)
      let words = reason.split(separator: " ")
      counted += reason.hasSuffix("at the same time") ? Int(words[0]) ?? 0 : 1
    }
    #expect(counted == 5000)
    #expect(letters.count < 2500)
  }
}
