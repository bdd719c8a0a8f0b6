import FleetModel
import Loop
import Redis
import TestSupport
import TestThreads
import Testing

/// A long history is read by ranges on two connections: in order, each entry once, whatever becomes of them.
@Suite(.threaded) struct BacklogTests {
  private let server: TestServer

  init() throws { server = try TestServer() }

  /// Notes the numbers that come, in order.
  private final class Reader {
    private(set) var numbers: [Int] = []
    private(set) var isCaughtUp = false
    /// How far behind the feed said to be, with each event; nil where it did not.
    private(set) var lags: [TimeSpan?] = []
    private var feed: EventFeed?

    init(_ server: TestServer, at endpoint: Endpoint? = nil) {
      var options = EventFeed.Options()
      // Ids here count from 1970 on.
      options.history = .days(40_000)
      feed = EventFeed(loop: server.loop, endpoint: endpoint ?? server.endpoint, options: options) {
        [unowned self] event, _ in
        numbers.append(Int(event.agentID.description) ?? -1)
        lags.append(feed?.lag)
      } notice: { [unowned self] notice in
        if case .caughtUp = notice { isCaughtUp = true }
      }
      feed?.start()
    }

    deinit { feed?.stop() }

    var lag: TimeSpan? { feed?.lag }
  }

  /// Adds entries numbered on from `first`: so many a millisecond, through so many milliseconds.
  private func fill(_ first: Int, perMillisecond: Int, from start: Int, milliseconds: Int, step: Int = 1) throws {
    let script = """
      local number = tonumber(ARGV[1])
      for place = 0, tonumber(ARGV[4]) - 1 do
        for sequence = 1, tonumber(ARGV[2]) do
          redis.call('XADD', KEYS[1], (tonumber(ARGV[3]) + place * tonumber(ARGV[5])) .. '-' .. sequence, '__data__',
            '{"entity_id": "' .. number .. '", "event_type": "metrics", "data": {}}')
          number = number + 1
        end
      end
      """
    _ = try server.call(
      "EVAL", script, "1", "agentos:events", "\(first)", "\(perMillisecond)", "\(start)", "\(milliseconds)", "\(step)")
  }

  /// 27,000 entries: an hour's dribble, a thousandfold burst within one millisecond, and an even stream.
  private func fill() throws {
    try fill(0, perMillisecond: 1, from: 1_000_000, milliseconds: 3000, step: 1200)
    try fill(3000, perMillisecond: 12_000, from: 5_000_000, milliseconds: 1)
    try fill(15_000, perMillisecond: 4, from: 5_000_001, milliseconds: 3000)
  }

  @Test func unevenHistoryComesInOrder() throws {
    try fill()
    let reader = Reader(server)
    try server.loop.wait(seconds: 60) { reader.isCaughtUp }
    #expect(reader.numbers == Array(0..<27_000))
    // And goes on live behind it.
    try server.add([27_000])
    try server.wait { reader.numbers.count == 27_001 }
    #expect(reader.numbers.last == 27_000)
  }

  @Test func readingSaysHowFarBehindItIsUntilItsEnd() throws {
    try fill()
    let reader = Reader(server)
    try server.wait { reader.isCaughtUp }
    // Entries of 1970 are half a century old.
    let said = reader.lags.compactMap(\.self)
    #expect(said.count > reader.lags.count / 2 && said.allSatisfy { $0 > .days(10_000) })
    #expect(reader.lag == nil)
  }

  @Test(arguments: [3, 4]) func connectionThatBreaksCostsNothing(_ lane: Int) throws {
    try fill()
    for bytes in [0, 1, 700, 100_000, 1_000_000] {
      let proxy = try FaultProxy(loop: server.loop, to: server.server)
      proxy.fault = { $0 == lane ? .cut(after: bytes) : .none }
      let reader = Reader(server, at: proxy.endpoint)
      try server.loop.wait(seconds: 60) { reader.isCaughtUp }
      #expect(reader.numbers == Array(0..<27_000), "cut after \(bytes)")
      #expect(proxy.passages.count >= 5)
    }
  }

  @Test func connectionThatNeverAnswersIsDoneWithout() throws {
    try fill()
    let proxy = try FaultProxy(loop: server.loop, to: server.server)
    proxy.fault = { $0 == 4 ? .blackHole : .none }
    let reader = Reader(server, at: proxy.endpoint)
    try server.loop.wait(seconds: 60) { reader.isCaughtUp }
    #expect(reader.numbers == Array(0..<27_000))
  }

  @Test func lossOfTheReadingConnectionEndsTheOthers() throws {
    try fill()
    let proxy = try FaultProxy(loop: server.loop, to: server.server)
    proxy.fault = { $0 >= 3 ? .cut(after: 500_000) : .none }
    let reader = Reader(server, at: proxy.endpoint)
    try server.loop.wait(seconds: 60) { reader.numbers.count > 1000 || reader.isCaughtUp }
    for passage in proxy.passages { passage.close() }
    proxy.fault = { _ in .none }
    try server.loop.wait(seconds: 60) { reader.isCaughtUp }
    #expect(reader.numbers == Array(0..<27_000))
  }
}
