import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

/// `vigia waiting`, from what the handler stores.
@Suite(.threaded) struct WaitingToolTests {
  private let server: TestServer
  private let keys = Keys()

  init() throws {
    server = try TestServer()
    let lease = Lease(id: "h1", fence: 1, isRecording: true, since: try server.time())
    _ = try server.call("SET", keys.lease, LeaseCoding.encode(lease))
  }

  private func run(_ arguments: String...) throws -> Program.Result {
    try Program(arguments, on: server.endpoint).finish()
  }

  private func store() throws {
    let now = try server.time()
    func set(_ id: String, _ wait: TimeSpan, _ change: (inout WaitingConversation) -> Void = { _ in }) throws {
      let id = try #require(WaitingConversation.ID(id))
      var conversation = WaitingConversation(id: id, agent: "agent-7", since: now - wait)
      change(&conversation)
      _ = try server.call("HSET", keys.waiting, id.text, WaitingCoding.encode(conversation))
    }
    try set("new", .seconds(20))
    try set("old", .minutes(7)) {
      ($0.skill, $0.language, $0.summary) = ("refunds", "pt", "charged \u{202E}twice")
      $0.lines = ["user: help", "agent: a colleague comes"]
    }
    try set("soon\u{1B}[2J", .seconds(250))
    try set("held", .minutes(30)) { $0.hand = .init(by: "ana@ops", at: now) }
    var book = WaitingBook()
    (book.leftOut, book.page) = (2, .init(since: now - .minutes(2)))
    _ = try server.call("SET", keys.waitingState, WaitingCoding.encodeState(of: book))
  }

  @Test func longestWaitComesFirstWithItsStateAndSteersNoTerminal() throws {
    try store()
    let result = try run("waiting")
    let lines = result.output.split(separator: "\n").map(String.init)
    #expect(result.status == 0 && result.errors == "" && lines.count == 7)
    #expect(!result.output.contains("\u{1B}") && !result.output.contains("\u{202E}"))
    #expect(lines[1].hasPrefix("over ") && lines[1].contains("7m  old") && lines[1].contains("refunds"))
    #expect(lines[2].hasPrefix("near ") && lines[2].contains("soon^[[2J"))
    #expect(lines[3].hasPrefix("ok ") && lines[3].contains("new"))
    #expect(lines[4].hasPrefix("taken ") && lines[4].contains("held") && lines[4].contains("ana"))
    #expect(lines[5] == "2 more were told of and found no room")
    #expect(lines[6] == "1 of 3 wait for longer than 5m; people were paged 2m ago")
    #expect(try run("waiting", "--lines").output.contains("old of agent-7\n  user: help\n  agent: a colleague comes\n"))
  }

  @Test func documentHasAllOfIt() throws {
    try store()
    let json = try JSONValue.parse(Array(run("waiting", "--json").output.utf8))
    #expect(json["level_ms"] == 300_000 && json["left_out"] == 2 && json["paged_since"]?.text != nil)
    #expect(json["is_kept"] == true)
    let all = json["conversations"]?.list ?? []
    #expect(all.map { $0["state"]?.text } == ["over", "near", "ok", "taken"])
    #expect(all.first?["conversation_id"] == "old" && all.first?["lines"]?.list?.count == 2)
    #expect(all.first?["waits_ms"]?.int ?? 0 >= 420_000)
    #expect(all.last?["hand"]?["by"] == "ana@ops" && all.last?["waits_ms"] == nil)
  }

  @Test func whoIsProposedIsShownWithTheReason() throws {
    try store()
    #expect(try !run("waiting", "--lines").output.contains("proposed"))
    let id = try #require(WaitingConversation.ID("new"))
    var conversation = WaitingConversation(id: id, agent: "sales-1", since: try server.time())
    conversation.proposed = .init(agent: "ghost\u{1B}[2J", why: "legal, pt, 3 of 8 open\u{202E}")
    _ = try server.call("HSET", keys.waiting, id.text, WaitingCoding.encode(conversation))
    let result = try run("waiting", "--lines")
    #expect(!result.output.contains("\u{1B}") && !result.output.contains("\u{202E}"))
    let lines = result.output.split(separator: "\n").map(String.init)
    let words = lines.prefix(4).map { $0.split(separator: " ").map(String.init) }
    #expect(words[0].suffix(4) == ["language", "person", "proposed", "about"])
    #expect(words[1][7] == "-" && words[3].suffix(5) == ["sales-1", "-", "-", "-", "ghost^[[2J"])
    #expect(lines.contains { $0.hasPrefix("  proposed: ghost^[[2J (legal, pt, 3 of 8 open") })
    let json = try JSONValue.parse(Array(run("waiting", "--json").output.utf8))
    let found = json["conversations"]?.list?.first { $0["conversation_id"] == "new" }?["proposed"]
    #expect(found?["agent"]?.text == "ghost\u{1B}[2J")
    #expect(found?["why"]?.text?.hasPrefix("legal, pt, 3 of 8 open") == true)
  }

  @Test func statusTellsHowManyWait() throws {
    let event = #"{"entity_id":"a","event_type":"metrics","data":{"error_rate":0.01}}"#
    _ = try server.call("XADD", keys.events, "*", "__data__", event)
    #expect(try JSONValue.parse(Array(run("status", "--json").output.utf8))["waiting"] == nil)
    try store()
    _ = try server.call("HSET", keys.cursor, Keys.waitingRevision, "1")
    let text = try run("status").output
    #expect(text.contains("waiting     3 wait for a person, the longest for 7m (over); vigia waiting"))
    let waiting = try JSONValue.parse(Array(run("status", "--json").output.utf8))["waiting"]
    #expect(waiting?["conversations"]?.list?.count == 4 && waiting?["level_ms"] == 300_000)
  }

  @Test func levelsOfSkillsAreShown() throws {
    try store()
    var book = WaitingBook()
    let skill = try #require(Glob("ref*"))
    book.setLevels(WaitingLevels(usual: .minutes(5), [.init(skill: skill, level: .hours(1))]))
    _ = try server.call("SET", keys.waitingState, WaitingCoding.encodeState(of: book))
    let lines = try run("waiting").output.split(separator: "\n").map(String.init)
    #expect(lines[0].hasPrefix("state  waits  level  conversation"), "\(lines)")
    #expect(lines[1].hasPrefix("ok ") && lines[1].contains("7m     1h  old"), "\(lines)")
    #expect(lines[2].hasPrefix("near ") && lines[2].contains(" 5m "), "\(lines)")
    #expect(lines.last == "0 of 3 wait for longer than their level", "\(lines)")
    let json = try JSONValue.parse(Array(run("waiting", "--json").output.utf8))
    #expect(json["level_ms"] == 300_000 && json["levels"] == [["skill": "ref*", "level_ms": 3_600_000]])
    #expect(json["conversations"]?.list?.map { $0["level_ms"] } == [3_600_000, 300_000, 300_000, 300_000])
    let event = #"{"entity_id":"a","event_type":"metrics","data":{"error_rate":0.01}}"#
    _ = try server.call("XADD", keys.events, "*", "__data__", event)
    _ = try server.call("HSET", keys.cursor, Keys.waitingRevision, "1")
    let status = try run("status").output
    #expect(status.contains("the longest for 7m (ok), another for 4m (near); vigia waiting"), "\(status)")
  }

  /// Who has left since still stands in it.
  @Test func listThatNobodyKeepsIsToldAsThat() throws {
    _ = try server.call("DEL", keys.lease)
    #expect(
      try run("waiting")
        == .init(0, "no conversation waits for a person\nno handler is alive: nobody keeps this list\n"))
    try store()
    #expect(try run("waiting").output.hasSuffix("\nno handler is alive: nobody keeps this list\n"))
    #expect(try JSONValue.parse(Array(run("waiting", "--json").output.utf8))["is_kept"] == false)
  }

  /// Each shard has a book of its own.
  @Test func shardsAreShownAsOne() throws {
    let scene = try DividedScene(isLed: false)
    let now = try scene.server.time()
    for (index, agent) in ["agent-1", "agent-2", "agent-3", "agent-4"].enumerated() {
      let id = try #require(WaitingConversation.ID("c\(index)"))
      let conversation = WaitingConversation(
        id: id, agent: AgentID(agent), since: now - .minutes(Int64(10 - index)))
      _ = try scene.server.call(
        "HSET", scene.keys(of: agent).waiting, id.text, WaitingCoding.encode(conversation))
    }
    let lines = try scene.run("waiting").output.split(separator: "\n")
    #expect(lines.count == 7 && lines.last == "no handler is alive: nobody keeps this list", "\(lines)")
    for (index, line) in lines.dropFirst().prefix(4).enumerated() { #expect(line.contains("c\(index) ")) }
  }

  @Test func nothingAndGarbageAreSaid() throws {
    #expect(try run("waiting") == .init(0, "no conversation waits for a person\n"))
    #expect(try JSONValue.parse(Array(run("waiting", "--json").output.utf8))["conversations"]?.list == [])
    _ = try server.call("HSET", keys.waiting, "c", "{")
    let garbage = try run("waiting")
    #expect(garbage.status == 1 && garbage.errors == "vigia: waiting: 1 stored value could not be read\n")
  }
}
