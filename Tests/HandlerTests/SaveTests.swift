import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Much is saved in several steps: a handler that ends between two of them loses nothing and doubles nothing.
@Suite(.threaded) struct SaveTests {
  private let scene: HandlerScene
  private let agents = 3000

  init() throws {
    scene = try HandlerScene(start: false)
  }

  /// Adds as many events of each agent.
  private func publish(_ rounds: Int) throws {
    let script = """
      for round = 1, ARGV[2] do
        for number = 1, ARGV[1] do
          redis.call('XADD', KEYS[1], '*', '__data__', string.format(
            '{"entity_id":"agent-%d","event_type":"agent.high_traffic","data":{"queue_size":10}}', number))
        end
      end
      """
    _ = try scene.server.call("EVAL", script, 1, scene.keys.events, agents, rounds)
  }

  /// Takes the office from the handler once an alert has counted what is behind the cursor.
  private func endHandlerBetweenSteps() throws {
    let script = """
      local function id(text)
        local time, number = text:match('^(%d+)%-(%d+)$')
        return tonumber(time), tonumber(number)
      end
      local cursor = redis.call('HGET', KEYS[2], ARGV[1])
      local time, number = id(cursor)
      for _, alert in ipairs(redis.call('HVALS', KEYS[1])) do
        local entry = alert:match('"entry":"([%d-]+)"')
        if entry then
          local t, n = id(entry)
          if t > time or t == time and n > number then
            redis.call('INCR', KEYS[3])
            return 1
          end
        end
      end
      return cursor == redis.call('XINFO', 'STREAM', ARGV[1])[8] and 2 or 0
      """
    var answer: Int64?
    try scene.server.wait {
      answer = try? scene.server.call(
        "EVAL", script, 3, scene.keys.alerts, scene.keys.cursor, scene.keys.fence, scene.keys.events
      ).integer
      return answer != 0
    }
    #expect(answer == 1, "all was saved before anybody looked")
    scene.handlers[0].halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
  }

  private func alerts() throws -> [AlertRecord] {
    try scene.server.call("HGETALL", scene.keys.alerts).pairs.compactMap {
      AlertCoding.decode(id: $0.name, payload: $0.value)
    }
  }

  @Test func handlerThatEndsBetweenTwoStepsOfASaveCountsNothingTwice() throws {
    try publish(2)
    _ = try scene.server.call("HSET", scene.keys.cursor, scene.keys.events, "0-0")
    try scene.startHandler("h1", waits: false)
    try endHandlerBetweenSteps()
    try scene.startHandler("h2")
    try scene.server.wait { (try? scene.cursorIsAtEnd()) ?? false }
    let after = try alerts()
    #expect(after.count == agents)
    #expect(after.allSatisfy { $0.count == 2 })
    // What comes then counts for all of them.
    try publish(1)
    try scene.server.wait { (try? alerts().allSatisfy { $0.count == 3 }) ?? false }
  }
}
