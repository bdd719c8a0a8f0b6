import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

/// `vigia queues` and `vigia status`, from what the handler stores of queues.
@Suite(.threaded) struct QueuesToolTests {
  private let server: TestServer
  private let keys = Keys()

  init() throws { server = try TestServer() }

  private func run(_ arguments: String...) throws -> Program.Result {
    try Program(arguments, on: server.endpoint).finish()
  }

  private func store(lookedAt age: TimeSpan = .zero) throws {
    let now = try server.time()
    var unread = QueueStanding(stream: "orders\u{1B}[2J", group: "workers", seenSince: now - .hours(1))
    (unread.length, unread.waiting, unread.pending, unread.consumers) = (5000, .entries(1240), 0, 0)
    unread.oldestWaiting = now - .minutes(5)
    unread.trouble = QueueTrouble(.nobodyReads, since: now - .minutes(4))
    var well = QueueStanding(stream: "mail", group: "senders", seenSince: now - .hours(1))
    (well.length, well.waiting, well.pending, well.consumers) = (7, .nothing, 0, 1)
    well.lastRead = now - .seconds(1)
    var gone = QueueStanding(stream: "gone", group: nil, seenSince: now)
    gone.fault = "no such stream"
    let report = QueueReport(at: now - age, queues: [well, gone, unread])
    _ = try server.call("SET", keys.queues, QueueCoding.encode(report))
    _ = try server.call("HSET", keys.cursor, Keys.queuesRevision, "1")
  }

  @Test func worstQueueComesFirstAndItsNameSteersNoTerminal() throws {
    try store()
    let result = try run("queues")
    let lines = result.output.split(separator: "\n").map(String.init)
    #expect(result.status == 0 && lines.count == 6 && !result.output.contains("\u{1B}"))
    #expect(lines[1].hasPrefix("nobody reads") && lines[1].contains("1.2k") && lines[1].hasSuffix("never"))
    #expect(lines[2].hasPrefix("not readable") && lines[3].hasPrefix("well"))
    #expect(lines[4] == "not readable  gone: no such stream" && lines[5] == "looked at just now")
    let json = try JSONValue.parse(Array(run("queues", "--json").output.utf8))
    #expect(json["queues"]?.list?.first?["trouble"]?["kind"]?.text == "queue.nobody_reads")
    #expect(json["queues"]?.list?.first?["lag"] == 1240 && json["stale"] == false)
  }

  @Test func whatIsOldSaysSo() throws {
    try store(lookedAt: .minutes(5))
    #expect(try run("queues").output.hasSuffix("as of 5m ago: no handler has looked since\n"))
    #expect(try JSONValue.parse(Array(run("queues", "--json").output.utf8))["stale"] == true)
  }

  @Test func noQueuesAndGarbageAreSaid() throws {
    let nothing = try run("queues")
    #expect(nothing.status == 0 && nothing.output.hasPrefix("no queue is watched: "))
    #expect(try run("queues", "--json").output == "{\"queues\":[]}\n")
    _ = try server.call("SET", keys.queues, "{")
    let garbage = try run("queues")
    #expect(garbage.status == 1 && garbage.errors == "vigia: queues: what is stored could not be read\n")
    #expect(garbage.output == "")
  }

  @Test func statusTellsOfQueuesInTrouble() throws {
    let event = #"{"entity_id":"a","event_type":"metrics","data":{"error_rate":0.01}}"#
    _ = try server.call("XADD", keys.events, "*", "__data__", event)
    #expect(try JSONValue.parse(Array(run("status", "--json").output.utf8))["queues"] == nil)
    try store()
    let text = try run("status").output
    #expect(text.contains("workers: nobody reads; 1240 entries wait, the oldest for 5m") && !text.contains("\u{1B}"))
    let queues = try JSONValue.parse(Array(run("status", "--json").output.utf8))["queues"]
    #expect(queues?["queues"]?.list?.count == 3 && queues?["stale"] == false)
  }
}
