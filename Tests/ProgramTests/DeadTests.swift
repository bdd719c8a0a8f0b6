import FleetModel
import Redis
import Screen
import TestSupport
import TestThreads
import Testing
import Wire

@Suite(.threaded) struct DeadTests {
  private let server: TestServer
  private let keys = Keys()

  init() throws { server = try TestServer() }

  /// Adds an entry; gives its id.
  private func deadLetter(
    _ source: [UInt8], _ data: [UInt8], reason: String = "unreadable", entry: String? = "1-0"
  ) throws -> String {
    let reply: Reply
    if let entry {
      reply = try server.call(
        "XADD", keys.dead, "*", "source", source, "id", entry, "reason", reason, "__data__", data)
    } else {
      reply = try server.call("XADD", keys.dead, "*", "source", source, "reason", reason, "__data__", data)
    }
    return try #require(reply.text)
  }

  private func deadLetter(_ source: String, _ data: String, entry: String? = "1-0") throws -> String {
    try deadLetter(Array(source.utf8), Array(data.utf8), entry: entry)
  }

  private func run(_ arguments: String...) throws -> Program.Result {
    try Program(["dead"] + arguments, on: server.endpoint).finish()
  }

  /// The `__data__` of every entry.
  private func entries(_ key: [UInt8]) throws -> [[UInt8]] {
    try server.call("XRANGE", key, "-", "+").elements?.compactMap { entry in
      entry.elements?.last?.pairs.first { $0.name == Keys.dataField }?.value
    } ?? []
  }

  private func deadCount() throws -> Int64? { try server.call("XLEN", keys.dead).integer }

  private func command(expiresAt: Instant) -> [UInt8] {
    CommandCoding.encode(
      Command(
        id: CommandID("c1"), action: .pause, targets: ["a"], operator: "alice@bastion",
        issuedAt: expiresAt - .minutes(1), expiresAt: expiresAt))
  }

  private func serverTime() throws -> Instant {
    Instant(milliseconds: try #require(try server.call("TIME").elements?.first?.integer) * 1000)
  }

  // MARK: Looking

  @Test func nothingIsNoLine() throws {
    #expect(try run("list") == .init(0))
    #expect(try run("list", "--json") == .init(0))
    #expect(try run("retry", "--all") == .init(0))
    #expect(try run("drop", "--all", "--yes") == .init(0))
  }

  @Test func eachEntryIsALine() throws {
    let first = try deadLetter("agentos:commands", "{\"a\": 1}")
    let second = try deadLetter("agentos:schedule", String(repeating: "x", count: 100), entry: nil)
    #expect(
      try run("list").output == """
        \(first)  now  agentos:commands 1-0  unreadable  {"a": 1}
        \(second)  now  agentos:schedule  unreadable  \(String(repeating: "x", count: 60))

        """)
  }

  @Test func moreThanAPageIsListed() throws {
    for number in 0..<205 { _ = try deadLetter("agentos:events", "\(number)") }
    let lines = try run("list").output.split(separator: "\n")
    #expect(lines.count == 205 && lines.last?.hasSuffix("  204") == true)
  }

  @Test func jsonHoldsAllOfIt() throws {
    let id = try deadLetter("agentos:commands", String(repeating: "x", count: 100))
    let json = try JSONValue.parse(Array(try run("list", "--json").output.utf8))
    #expect(json["id"]?.text == id && json["source"]?.text == "agentos:commands" && json["entry"]?.text == "1-0")
    #expect(json["reason"]?.text == "unreadable" && json["data"]?.text == String(repeating: "x", count: 100))
    #expect(json["at"]?.text?.hasSuffix("Z") == true)
  }

  @Test func showTellsAllOfIt() throws {
    let id = try deadLetter("agentos:commands", "two\nlines")
    let lines = try run("show", id).output.split(separator: "\n")
    #expect(lines.count == 6)
    #expect(lines[0] == "id      \(id)" && lines[1].hasSuffix("Z, now"))
    #expect(lines[2...] == ["source  agentos:commands 1-0", "reason  unreadable", "bytes   9", "two^Jlines"])
  }

  @Test func rawBytesGoOnlyToWhatIsNoTerminal() throws {
    let id = try deadLetter("agentos:commands", "\u{1B}[2Jx\n")
    #expect(try run("show", id, "--raw") == .init(0, "\u{1B}[2Jx\n"))
    let terminal = try PtyProgram(["dead", "show", id, "--raw"], on: server.endpoint)
    #expect(try terminal.finish().exitCode == 64)
    #expect(terminal.text.contains("a terminal would obey them") && !terminal.text.contains("\u{1B}[2J"))
  }

  @Test func nothingSteersATerminal() throws {
    let evil = Array("\u{1B}[2J\u{9B}2J\u{202E}\r\n".utf8) + [0x9B, 0x07]
    let id = try deadLetter(evil, evil, reason: String(decoding: evil, as: UTF8.self), entry: "\u{1B}c")
    for arguments in [["list"], ["list", "--json"], ["show", id], ["retry", id], ["retry", "--all"]] {
      let terminal = try PtyProgram(["dead"] + arguments, on: server.endpoint)
      let status = try terminal.finish().exitCode
      #expect(status == (arguments[0] == "retry" ? 1 : 0))
      let text = terminal.text.unicodeScalars.filter { $0 != "\r" && $0 != "\n" }
      #expect(!text.isEmpty && text.allSatisfy { Scrubber.fate(of: $0) == .keep }, "\(arguments)")
    }
  }

  // MARK: Putting back

  @Test func eventGoesBackAsItWas() throws {
    let id = try deadLetter("agentos:events", "{\"entity_id\": 1}")
    let result = try run("retry", id)
    #expect(result.status == 0 && result.output.hasPrefix("\(id) is back in agentos:events as "))
    #expect(!result.output.contains("expired"))
    #expect(try entries(keys.events) == [Array("{\"entity_id\": 1}".utf8)])
    #expect(try deadCount() == 0)
  }

  @Test func commandThatIsStillGoodGoesBackAsItWas() throws {
    let data = command(expiresAt: try serverTime() + .hours(1))
    let id = try deadLetter(keys.commands(of: "alice"), data)
    #expect(try run("retry", id).output.hasPrefix("\(id) is back in agentos:commands:alice as "))
    #expect(try entries(keys.commands(of: "alice")) == [data])
  }

  @Test func expiredCommandIsIssuedAnew() throws {
    let now = try serverTime()
    let id = try deadLetter(keys.commands, command(expiresAt: now - .hours(2)))
    let result = try run("retry", id)
    #expect(result.status == 0 && result.output.contains("; it had expired, and is issued anew until 20"))
    let entries = try entries(keys.commands)
    let command = try CommandCoding.decode(try #require(entries.first))
    #expect(command.id == CommandID("c1") && command.action == .pause && command.targets == ["a"])
    #expect(command.issuedAt >= now && command.expiresAt - command.issuedAt == .minutes(1))
    #expect(entries.count == 1)
    #expect(try deadCount() == 0)
  }

  @Test func whatIsNoCommandGoesBackAsItWas() throws {
    let id = try deadLetter("agentos:commands", "no command")
    #expect(try run("retry", id).status == 0)
    #expect(try entries(keys.commands) == [Array("no command".utf8)])
  }

  @Test func whatCameFromNoStreamStays() throws {
    let schedule = try deadLetter("agentos:schedule", "{}", entry: nil)
    let event = try deadLetter("agentos:events", "{}")
    let result = try run("retry", "--all")
    #expect(result.status == 1 && result.output.hasPrefix("\(event) is back in agentos:events as "))
    #expect(
      result.errors
        == "vigia: \(schedule): not put back: its source agentos:schedule is no stream of commands or events\n")
    #expect(try deadCount() == 1)
  }

  @Test func whatHasNoBytesStays() throws {
    let id = try deadLetter("agentos:commands", "", entry: nil)
    #expect(try run("retry", id) == .init(1, errors: "vigia: \(id): not put back: it holds no bytes\n"))
    #expect(try deadCount() == 1)
  }

  @Test func allOfManyPagesGoBack() throws {
    for number in 0..<205 { _ = try deadLetter("agentos:events", "\(number)") }
    #expect(try run("retry", "--all").status == 0)
    #expect(try entries(keys.events) == (0..<205).map { Array("\($0)".utf8) })
    #expect(try deadCount() == 0)
  }

  @Test func streamThatTakesNothingKeepsTheDead() throws {
    let id = try deadLetter("agentos:events", "{}")
    _ = try server.call("SET", keys.events, "no stream")
    let result = try run("retry", id)
    #expect(result.status == 1 && result.errors.hasPrefix("vigia: Redis refuses: WRONGTYPE"))
    #expect(try deadCount() == 1)
  }

  // MARK: Dropping

  @Test func onlyWhatIsNamedIsDropped() throws {
    let first = try deadLetter("agentos:events", "1")
    let second = try deadLetter("agentos:events", "2")
    let third = try deadLetter("agentos:events", "3")
    #expect(try run("drop", first, third) == .init(0, "dropped \(first)\ndropped \(third)\n"))
    #expect(try run("list").output.hasPrefix("\(second)  "))
    #expect(try run("drop", "--all", "--yes") == .init(0, "dropped 1\n"))
    #expect(try deadCount() == 0)
  }

  // MARK: Usage

  @Test(arguments: ["show", "retry", "drop"])
  func wrongIDIsNamed(_ command: String) throws {
    #expect(try run(command, "5-5") == .init(1, errors: "vigia: 5-5: no such entry\n"))
    #expect(
      try run(command, "x\u{1B}")
        == .init(1, errors: "vigia: x^[: is no entry's id; write one such as 1795334137846-0\n"))
  }

  @Test func whatIsThereIsDoneBesideAWrongID() throws {
    let id = try deadLetter("agentos:events", "1")
    #expect(try run("drop", "5-5", id) == .init(1, "dropped \(id)\n", errors: "vigia: 5-5: no such entry\n"))
  }

  @Test(arguments: [
    (["drop", "--all"], "--all removes every entry for good; say --yes too"),
    (["drop"], "name entries by their ids, or say --all"), (["retry"], "name entries by their ids, or say --all"),
    (["retry", "--all", "1-1"], "name entries by their ids, or say --all"),
  ])
  func wrongUsageIsNamed(_ arguments: [String], _ reason: String) throws {
    let result = try Program(["dead"] + arguments).finish()
    #expect(result.status == 64 && result.errors.hasPrefix("Error: \(reason)\n"))
  }

  @Test func unreachableRedisIsFour() throws {
    let result = try Program(["dead", "list"], environment: ["VIGIA_REDIS": "redis://127.0.0.1:1"]).finish()
    #expect(result.status == 4 && result.errors.hasPrefix("vigia: Redis at 127.0.0.1:1 cannot be reached: "))
  }
}
