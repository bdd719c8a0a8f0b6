import FleetModel
import HTTP
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// A server that hangs, lies, refuses or goes away: counted, said, got over.
@Suite(.threaded) struct ArchiveTroubleTests {
  private let scene: HandlerScene

  init() throws { scene = try HandlerScene(start: false) }

  /// A server that knows what it is asked before rows come, and answers to rows as a test says.
  private func service(
    knowsTokens: Bool = false, _ answer: @escaping (MockService.Request) -> MockService.Answer
  ) throws -> MockService {
    try MockService(loop: scene.server.loop) { request in
      request.text.hasPrefix("SELECT") ? .status(200, knowsTokens ? "1\n" : "0\n") : answer(request)
    }
  }

  private func start(
    _ id: String, _ service: MockService, log: LogLines = LogLines(), waits: Bool = true,
    _ change: (inout HandlerOptions) -> Void = { _ in }
  ) throws -> HandlerService {
    try scene.startHandler(id, waits: waits, log: log.log) {
      $0.archive = ArchiveSettings(
        url: service.url("/"), writer: ArchiveSettings.Account(user: "w", password: "hush-hush"))
      $0.monitoring.address = ListenAddress("127.0.0.1:0")
      change(&$0)
    }
  }

  private func publish(_ agents: String..., id: String = "*") throws {
    for agent in agents {
      let event = #"{"entity_id":"\#(agent)","event_type":"metrics","data":{}}"#
      _ = try scene.server.call("XADD", scene.keys.events, id, "__data__", event)
    }
  }

  private func rows(_ request: MockService.Request) -> [String] {
    request.text.split(separator: "\n").dropFirst().map(String.init)
  }

  private func events(_ service: MockService) -> [MockService.Request] {
    service.requests.filter { $0.text.hasPrefix("INSERT INTO vigia.event_rows") }
  }

  private func cursor() throws -> ArchiveCursor? {
    try scene.server.call("HGET", scene.keys.cursor, ArchiveCursor.field(scene.keys.events)).bytes.flatMap {
      ArchiveCursor($0)
    }
  }

  @Test func whoAsksStandsInHeadersAndRowsAreLinesOfJSON() throws {
    try publish("a-1", "a-2")
    let service = try service { _ in .status(200) }
    _ = try start("h1", service)
    try scene.server.wait { !events(service).isEmpty }
    let request = events(service)[0]
    #expect(request.path == "/" && request.method == "POST")
    #expect(request.headers["x-clickhouse-user"] == ["w"] && request.headers["x-clickhouse-key"] == ["hush-hush"])
    let first = try JSONValue.parse(Array(rows(request)[0].utf8))
    #expect(first["agent"] == "a-1" && first["type"] == "agent.metrics" && first["stream"] == "agentos:events")
    #expect(!rows(request)[0].contains("severity"), "what is empty is left out")
  }

  /// Each is no more than an attempt: the same rows come again, and none is lost.
  @Test func whateverIsNoPlainYesIsTriedAgainWithTheSameRows() throws {
    try publish("a-1", "a-2")
    var answers: [MockService.Answer] = [
      .status(200, "Code: 241, e.displayText() = DB::Exception: Memory limit"),
      .response(MockService.Response(status: 200, body: Array("long".utf8)), .half), .hangUp, .status(200),
    ]
    let service = try service { request in
      guard request.text.contains("event_rows"), answers.count > 1 else { return .status(200) }
      return answers.removeFirst()
    }
    let log = LogLines()
    let handler = try start("h1", service, log: log)
    try scene.send(.pause, ["a-1"], ["for": "5m"])
    try scene.server.wait { (try? cursor())?.last ?? .zero > .zero }
    let sent = events(service)
    #expect(sent.count >= 4 && Set(sent.prefix(4).map(rows)).count == 1)
    #expect(handler.counts.archived[scene.keys.events]?.failures == 3)
    #expect(log.contains("the archive does not take rows; trying again") && log.contains("Memory limit"))
    #expect(log.contains("the archive takes rows again") && !log.contains("hush-hush"))
  }

  @Test(
    arguments: [
      (200, [:], "", ArchiveAnswer.stored), (200, [:], " \r\n", .stored),
      (200, [:], "Code: 27, e.displayText() = x", .rowRefused("HTTP 200: Code: 27, e.displayText() = x")),
      (200, ["x-clickhouse-exception-code": "27"], "", .rowRefused("HTTP 200")),
      (400, [:], "Code: 131. DB::Exception: too long", .rowRefused("HTTP 400: Code: 131. DB::Exception: too long")),
      (
        404, [:], "Code: 60. DB::Exception: no table",
        .failed(
          "no such database or table; vigia archive init makes those of [archive]: "
            + "HTTP 404: Code: 60. DB::Exception: no table")
      ),
      (200, [:], "Code: ", .failed("HTTP 200: Code: ")), (200, [:], "Ok.", .failed("HTTP 200: Ok.")),
      (500, [:], "Code: 243, e.displayText() = no space", .failed("HTTP 500: Code: 243, e.displayText() = no space")),
      (204, [:], "", .failed("HTTP 204")), (302, [:], "", .failed("HTTP 302")),
      (
        200, ["x-clickhouse-exception-code": "999999999999999999999"], "Code: 99999999999999999999",
        .failed("HTTP 200: Code: 99999999999999999999")
      ),
    ])
  func onlyAPlainYesMeansStored(_ status: Int, _ headers: [String: String], _ body: String, _ answer: ArchiveAnswer) {
    let response = HTTPResponse(status: status, headers: headers, body: Array(body.utf8))
    #expect(ArchiveAnswer(.response(response)) == answer)
  }

  @Test func serviceThatHangsHoldsUpNothing() throws {
    try publish("a-1")
    let service = try service { _ in .silence }
    let handler = try start("h1", service)
    try scene.server.wait { !events(service).isEmpty }
    try scene.send(.pause, ["a-1"], ["for": "5m"])
    #expect(events(service).count == 1, "one batch of a stream is under way at a time")
    var hasEnded = false
    handler.stop { hasEnded = true }
    try scene.server.wait { hasEnded }
  }

  /// The batch is halved down to the row; all others are stored, and the next batch comes.
  @Test func badRowIsFoundLeftOutCountedAndSaid() throws {
    try publish("a-1", "a-2", "bad", "a-4", "a-5", "a-6", "a-7")
    var stored: [String] = []
    let service = try service { request in
      guard request.text.contains("event_rows") else { return .status(200) }
      if request.text.contains(#""agent":"bad""#) {
        return .status(400, "Code: 27, e.displayText() = DB::Exception: Cannot parse input")
      }
      stored += rows(request)
      return .status(200)
    }
    let log = LogLines()
    let handler = try start("h1", service, log: log)
    try scene.server.wait { (try? cursor())?.refused == 1 }
    try publish("a-8")
    try scene.server.wait { stored.contains { $0.contains("a-8") } }
    let agents = stored.compactMap { try? JSONValue.parse(Array($0.utf8))["agent"]?.text }.filter { !$0.isEmpty }
    #expect(agents == ["a-1", "a-2", "a-4", "a-5", "a-6", "a-7", "a-8"])
    #expect(log.contains("the archive refuses a row, which is left out"))
    #expect(handler.counts.archived[scene.keys.events]?.refused == 1)
  }

  @Test func tableThatRefusesEveryRowLosesNone() throws {
    for number in 0..<300 { try publish("a-\(number)") }
    let service = try service { request in
      request.text.contains("event_rows") ? .status(400, "Code: 131, e.displayText() = too large") : .status(200)
    }
    let handler = try start("h1", service)
    try scene.server.wait { handler.counts.archived[scene.keys.events]?.failures ?? 0 > 0 }
    #expect(try cursor()?.refused == 0 && cursor()?.last == .zero)
  }

  /// A successor that finds a batch on its way sends the same entries, whatever came since, and by the same token.
  @Test func successorSendsTheBatchThatWasOnItsWayAgain() throws {
    try publish("a-1", "a-2", "a-3")
    var isOpen = false
    let service = try service(knowsTokens: true) { _ in isOpen ? .status(200) : .silence }
    let first = try start("h1", service)
    try scene.server.wait { !events(service).isEmpty }
    first.halt()
    try publish("a-4")
    isOpen = true
    _ = try start("h2", service)
    try scene.server.wait { events(service).count >= 2 }
    let sent = events(service)
    #expect(sent[0].body == sent[1].body && sent[0].path == sent[1].path)
    #expect(sent[0].path.hasPrefix("/?insert_deduplication_token=event_rows"))
    try scene.server.wait { events(service).dropFirst(2).contains { $0.text.contains("a-4") } }
  }

  @Test(.enabled(if: TestServer.countsEntries))
  func whatIsTrimmedBeforeItIsArchivedIsCountedAndSaid() throws {
    let service = try service { _ in .status(200) }
    let log = LogLines()
    let first = try start("h1", service, log: log)
    try publish("a-1")
    try scene.server.wait { (try? cursor())?.last ?? .zero > .zero }
    first.halt()
    for number in 0..<250 { try publish("b-\(number)") }
    // As many as are beyond the bytes that a stream may take.
    _ = try scene.server.call("XTRIM", scene.keys.events, "MAXLEN", 100)
    let second = try start("h2", service, log: log)
    try scene.server.wait { (try? cursor())?.lost ?? 0 > 0 }
    #expect(try cursor()?.lost == 150 && cursor()?.isLostAtLeast == false)
    #expect(second.counts.archived[scene.keys.events]?.lost == 150)
    #expect(log.contains("entries were trimmed before they were archived"))
  }

  /// An archive that is away for a while loses nothing by age.
  @Test func ageSparesWhatIsNotArchived() throws {
    let old = try scene.now().milliseconds - TimeSpan.days(2).milliseconds
    for number in 0..<250 { try publish("a-1", id: "\(old)-\(number)") }
    var isOpen = false
    let service = try service { _ in isOpen ? .status(200) : .status(500) }
    let handler = try start("h1", service) { $0.retention.every = .milliseconds(100) }
    try scene.server.wait { handler.counts.archived[scene.keys.events]?.failures ?? 0 > 0 }
    #expect(try scene.server.call("XLEN", scene.keys.events).integer ?? 0 >= 250)
    isOpen = true
    try scene.server.wait { (try? scene.server.call("XLEN", scene.keys.events).integer) ?? 250 < 100 }
    #expect(try cursor()?.lost == 0)
  }

  @Test func settingsThatAreReadAgainTurnItOnAndOff() throws {
    try publish("a-1")
    let service = try service { _ in .status(200) }
    let handler = try scene.startHandler("h1")
    #expect(try scene.server.call("HEXISTS", scene.keys.cursor, ArchiveCursor.field(scene.keys.events)) == .integer(0))
    var options = handler.options
    options.archive = ArchiveSettings(url: service.url("/"))
    handler.apply(options)
    try scene.server.wait { (try? cursor())?.last ?? .zero > .zero }
    options.archive = nil
    handler.apply(options)
    let count = service.requests.count
    try publish("a-2")
    try scene.send(.pause, ["a-1"], ["for": "5m"])
    #expect(service.requests.count == count)
  }

  /// What stands in the cursor may be anything.
  @Test(arguments: ["", "x", "0-0", "1-1 2 3", "1-1 -5 -3 -4", "99999999999999999999999-1 1 1 1", "1-1 x + x"])
  func cursorThatIsNoneBeginsAnewAndSaysSo(_ text: String) throws {
    #expect(ArchiveCursor(Array(text.utf8)) == nil || text == "1-1 -5 -3 -4")
    _ = try scene.server.call("HSET", scene.keys.cursor, ArchiveCursor.field(scene.keys.events), text)
    try publish("a-1")
    let service = try service { _ in .status(200) }
    _ = try start("h1", service)
    try scene.server.wait { events(service).contains { $0.text.contains("a-1") } }
  }

  @Test func cursorIsReadAsItIsWritten() {
    var cursor = ArchiveCursor(count: 12)
    cursor.last = StreamID(milliseconds: 5, sequence: 7)
    cursor.note(.missed(3, after: .zero, before: .zero))
    #expect(cursor.encoded == "5-7 12 3 0")
    cursor.note(.missed(nil, after: .zero, before: .zero))
    cursor.note(.gone(after: .zero))
    cursor.refused = 2
    #expect(cursor.encoded == "5-7 12 4+ 2" && ArchiveCursor(Array(cursor.encoded.utf8)) == cursor)
    cursor.count = nil
    #expect(ArchiveCursor(Array(cursor.encoded.utf8)) == cursor)
    cursor.note(.missed(.max, after: .zero, before: .zero))
    #expect(cursor.lost == Bounded.most)
  }

  @Test func batchEndsByEntriesBytesAndDays() {
    let batch = ArchiveBatch("INSERT")
    let day = Int64(ArchiveTable.day)
    for number in 0..<50 {
      let id = StreamID(milliseconds: UInt64(Int64(number) * day))
      #expect(batch.hasRoom(for: id))
      batch.add(id) { $0.beginRow() }
    }
    #expect(!batch.hasRoom(for: StreamID(milliseconds: UInt64(50 * day))))
    #expect(batch.hasRoom(for: StreamID(milliseconds: UInt64(49 * day + 5))))
    // All that lies beyond the last day is one more.
    #expect(ArchiveTable.day(ofMilliseconds: .max) == ArchiveTable.day(ofMilliseconds: .max - 86_400_000_000))
    batch.removeAll()
    #expect(batch.isEmpty && batch.hasRoom(for: StreamID(milliseconds: .max, sequence: .max)))
  }

  @Test func textInAStatementCannotEndIt() {
    #expect(ArchiveQueries.literal(Array("a-1' OR 1\\".utf8)) == #"'a\x2d1\x27\x20OR\x201\x5c'"#)
    #expect(ArchiveQueries.literal([0, 0xFF]) == #"'\x00\xff'"#)
  }
}
