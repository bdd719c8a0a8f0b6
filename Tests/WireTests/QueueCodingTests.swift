import FleetModel
import Testing

@testable import Wire

/// How queues stand, as Redis holds it.
@Suite struct QueueCodingTests {
  private static func report() -> QueueReport {
    func time(_ seconds: Int64) -> Instant { Instant(milliseconds: 1_763_000_000_000 + seconds * 1000) }
    var queue = QueueStanding(stream: "orders", group: "workers", seenSince: time(0))
    (queue.length, queue.waiting, queue.oldestWaiting) = (1200, .entries(300), time(10))
    (queue.pending, queue.oldestPending, queue.deliveries) = (4, time(5), 2)
    (queue.consumers, queue.lastRead, queue.hidesReaders) = (2, time(60), true)
    queue.readers = [.init(name: "w1", pending: 4, idle: .milliseconds(1500))]
    queue.trouble = QueueTrouble(.nobodyReads, since: time(70))
    queue.trouble?.told = ["pager"]
    queue.trouble?.hand = QueueTrouble.Hand(by: "ana", at: time(80), note: "on it")
    var empty = QueueStanding(stream: "mail", group: "é", seenSince: time(1))
    empty.waiting = .nothing
    var some = QueueStanding(stream: "mail", group: "x", seenSince: time(1))
    some.waiting = .some
    var gone = QueueStanding(stream: "gone", group: nil, seenSince: time(2))
    gone.fault = "no such stream"
    var report = QueueReport(at: time(100), queues: [queue, empty, some, gone])
    report.leftOut = 3
    return report
  }

  @Test func whatIsWrittenIsRead() {
    let report = Self.report()
    #expect(QueueCoding.decode(QueueCoding.encode(report)) == report)
  }

  @Test func handIsReadAsItIsWritten() {
    let hand = QueueTrouble.Hand(by: "ana", at: Instant(milliseconds: 1_763_000_000_000))
    let bytes = QueueCoding.encode(hand)
    #expect(QueueCoding.decodeHand(bytes) == hand)
    for length in 0..<bytes.count { #expect(QueueCoding.decodeHand(Array(bytes.prefix(length))) == nil) }
    #expect(QueueCoding.decodeHand(Array(#"{"by":3,"at":"2026-11-22T08:00:00.000Z"}"#.utf8)) == nil)
  }

  @Test func everyBeginningOfItIsNone() {
    let bytes = QueueCoding.encode(Self.report())
    for length in 0..<bytes.count { #expect(QueueCoding.decode(Array(bytes.prefix(length))) == nil) }
  }

  @Test func extremeAndWrongValuesStayWithinBounds() throws {
    let text = """
      {"at":"2026-11-22T08:00:00.000Z","left_out":-5,"more":1,"queues":[
       {"stream":"a","seen":1,"length":9223372036854775807,"waits":true,"lag":-9,"pending":"x","consumers":1e300,
        "readers":[{"name":"r","pending":-1,"idle":-1},{"name":1},7],"trouble":{"kind":"other","since":1}},
       {"stream":7},{"seen":1},null]}
      """
    let report = try #require(QueueCoding.decode(Array(text.utf8)))
    #expect(report.leftOut == 0 && report.queues.count == 1)
    let queue = report.queues[0]
    #expect(queue.length == Bounded.most && queue.waiting == .entries(1) && queue.pending == nil)
    #expect(queue.trouble == nil && queue.readers == [.init(name: "r", pending: 0, idle: .zero)])
    #expect(QueueCoding.decode(Array(repeating: 0x20, count: QueueCoding.mostBytes + 1)) == nil)
  }
}
