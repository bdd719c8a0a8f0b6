import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// A long stream counts each event once, whoever of the handlers reads it, and however its connections fare.
@Suite(.threaded) struct EventFollowerTests {
  private let scene: HandlerScene

  init() throws { scene = try HandlerScene(start: false) }

  /// Adds alerts of one agent, some to a millisecond, for the last minutes.
  private func fill(_ count: Int) throws {
    let script = """
      for number = 1, tonumber(ARGV[2]) do
        local time = string.format('%.0f', tonumber(ARGV[1]) + math.floor(number / 7))
        redis.call('XADD', KEYS[1], time .. '-' .. (number % 7 + 1), '__data__',
          '{"entity_id": "a", "event_type": "security_alert", "data": {"risk_level": "low"}}')
      end
      """
    let start = try scene.now(.minutes(-2)).milliseconds
    _ = try scene.server.call("EVAL", script, "1", scene.keys.events, start, count)
  }

  private var cursor: StreamID {
    get throws {
      try scene.server.call("HGET", scene.keys.cursor, scene.keys.events).bytes.flatMap { StreamID($0) } ?? .zero
    }
  }

  private func waitForAlerts(_ count: Int) throws {
    try scene.server.wait { (try? scene.alert(.securityAlert, "a"))??.count ?? 0 >= count }
  }

  @Test func longStreamIsCountedOnceAndTheCursorIsSavedWithIt() throws {
    try fill(30_000)
    let last = try scene.server.call("XREVRANGE", scene.keys.events, "+", "-", "COUNT", 1)
    let end = try #require(last.elements?.first?.elements?.first?.bytes.flatMap { StreamID($0) })
    try scene.startHandler("h1")
    try waitForAlerts(30_000)
    #expect(try scene.alert(.securityAlert, "a")?.count == 30_000)
    #expect(try cursor >= end)
    // And on behind it.
    _ = try scene.server.call(
      "XADD", scene.keys.events, "*", Keys.dataField, #"{"entity_id":"a","event_type":"security_alert","data":{}}"#)
    try waitForAlerts(30_001)
    #expect(try scene.alert(.securityAlert, "a")?.count == 30_001)
  }

  @Test func handlerThatFollowsADeadOneCountsNothingTwice() throws {
    try fill(60_000)
    let first = try scene.startHandler("h1")
    try scene.server.wait { (try? cursor) ?? .zero > .zero }
    first.halt()
    let second = try scene.startHandler("h2")
    try waitForAlerts(60_000)
    #expect(second.isActive)
    #expect(try scene.alert(.securityAlert, "a")?.count == 60_000)
  }

  @Test(arguments: [3, 4, 5, 6]) func connectionThatBreaksCostsNothing(_ number: Int) throws {
    try fill(30_000)
    let proxy = try FaultProxy(loop: scene.server.loop, to: scene.server.server)
    proxy.fault = { $0 == number ? .cut(after: 300_000) : .none }
    let handler = try HandlerService(
      loop: scene.server.loop, endpoint: proxy.endpoint, options: HandlerOptions(id: "h1"))
    defer { handler.halt() }
    handler.start()
    try waitForAlerts(30_000)
    #expect(try scene.alert(.securityAlert, "a")?.count == 30_000)
  }
}
