import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// Conversations that wait for a person, on the screen.
@Suite struct WaitingScreenTests {
  private static func conversation(
    _ text: String, since seconds: Int64, _ change: (inout WaitingConversation) -> Void = { _ in }
  ) throws -> WaitingConversation {
    let id = try #require(WaitingConversation.ID(text))
    var conversation = WaitingConversation(id: id, agent: "agent-1", since: .at(seconds))
    change(&conversation)
    return conversation
  }

  private static func book() throws -> WaitingBook {
    var book = WaitingBook()
    book.set(try conversation("new", since: 3590))
    book.set(
      try conversation("old\u{1B}[2J", since: 3100) {
        ($0.skill, $0.language, $0.summary) = ("refunds", "pt", "charged twice\u{202E}")
        $0.lines = ["user: help", "agent: a colleague comes"]
      })
    book.set(try conversation("soon", since: 3340))
    book.set(try conversation("held", since: 1000) { $0.hand = .init(by: "ana@ops", at: .at(3500)) })
    return book
  }

  private static func scene(
    columns: Int = 130, rows: Int = 40, isReadOnly: Bool = false, _ book: WaitingBook?
  ) throws -> Scene {
    var scene = Scene(columns: columns, rows: rows, isReadOnly: isReadOnly)
    try scene.model.fleet.apply("metrics", "agent-1", #"{"error_rate":0.01}"#, at: .at(3598))
    scene.model.fleet.setHandler(isAlive: true)
    scene.model.fleet.setWaiting(book)
    scene.goLive(at: .at(3600))
    return scene
  }

  private func line(_ scene: inout Scene, _ text: String) -> String {
    scene.draw().lines().first { $0.contains(text) } ?? ""
  }

  @Test func longestWaitComesFirstWithItsState() throws {
    var scene = try Self.scene(try Self.book())
    scene.press(.character("8"))
    let lines = scene.draw().lines()
    #expect(!lines.joined().unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{202E}" })
    let rows = lines.filter { line in ["refunds", " soon ", " new ", " held "].contains { line.contains($0) } }
    #expect(rows.count == 4)
    for (row, words) in zip(
      rows, [["over", "old^[[2J", "8m", "pt"], ["near", "4m"], ["ok", "10s"], ["taken", "ana"]])
    {
      for word in words { #expect(row.contains(word), "\(row)") }
    }
    #expect(lines.contains { $0.contains("3 wait, 1 taken; level 5m") })
    #expect(lines.contains { $0.contains("of agent-1 has waited for 8m: charged twice") })
    #expect(lines.contains { $0.contains("user: help") } && lines.contains { $0.contains("agent: a colleague comes") })
    #expect(lines.last?.contains("3 wait for a person, 8m, 8") == true)
  }

  @Test(arguments: [(80, 24), (130, 40)])
  func rowAndWhatIsSaidOfItNameWhoIsProposed(columns: Int, rows: Int) throws {
    var book = WaitingBook()
    book.set(
      try Self.conversation("c-1", since: 3100) {
        ($0.skill, $0.language, $0.summary) = ("refunds", "pt", "charged twice")
        $0.proposed = .init(agent: "legal-2", why: "refunds, pt, 3 of 8 open\u{202E}")
        $0.lines = (1...6).map { "user: line \($0)" }
      })
    book.set(
      try Self.conversation("held", since: 1000) {
        $0.proposed = .init(agent: "legal-3", why: "pt")
        $0.hand = .init(by: "ana@ops", at: .at(3500))
      })
    book.set(try Self.conversation("g", since: 3500) { $0.proposed = .init(agent: "x\u{1B}[2J", why: "") })
    var scene = try Self.scene(columns: columns, rows: rows, book)
    scene.press(.character("8"))
    let lines = scene.draw().lines()
    #expect(!lines.joined().unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{202E}" })
    #expect(lines.contains { $0.contains("over") && $0.contains("c-1 proposed: legal-2") && $0.contains("refunds") })
    #expect(lines.contains { $0.contains("g proposed: x^[[2J") })
    #expect(lines.contains { $0.contains("proposed: legal-2 (refunds, pt, 3 of 8 open") })
    // A person has that one.
    #expect(!lines.joined().contains("legal-3"))
    // The latest line has its room all the same.
    #expect(lines.contains { $0.contains("user: line 6") })
  }

  @Test func longReasonIsWrappedAndALongNameGivesWayToTheProposal() throws {
    var book = WaitingBook()
    book.set(
      try Self.conversation("conversation-of-a-customer-1", since: 3100) {
        $0.summary = "charged twice, and wants to know why that is, and when the money comes back"
        $0.proposed = .init(agent: "legal-2", why: "refunds, pt, 3 of 8 open, health 0.97; legal-1 had 8 of 8 (full)")
        $0.lines = (1...6).map { "user: line \($0)" }
      })
    var scene = try Self.scene(columns: 80, rows: 24, book)
    scene.press(.character("8"))
    let lines = scene.draw().lines()
    #expect(lines.contains { $0.contains("over") && $0.contains("con") && $0.contains(" proposed: legal-2") })
    #expect(lines.contains { $0.contains("proposed: legal-2 (refunds") } && lines.joined().contains("(full))"))
    #expect(lines.contains { $0.contains("user: line 6") } && !lines.joined().contains("user: line 1"))
  }

  @Test func headlineSaysThatPeopleAreWaitedForTooLong() throws {
    var book = try Self.book()
    book.setLevels(WaitingLevels(usual: .minutes(5)))
    var scene = try Self.scene(book)
    let over = book.overCount(at: .at(3600))
    #expect(over > 0)
    let line = try #require(scene.draw().lines().first { $0.contains("too long") })
    #expect(line.contains("\(over) conversation") && line.contains("for a person, the longest for 8m; 8 shows them"))
    #expect(!line.contains("no handler") && !scene.draw().lines().contains { $0.contains("all well") })
    _ = scene.model.update(.handler(.absent))
    let alone = try #require(scene.draw().lines().first { $0.contains("too long") })
    #expect(alone.contains("; no handler keeps this list"))
    book.setLevels(WaitingLevels(usual: .hours(1)))
    scene = try Self.scene(book)
    #expect(scene.draw().lines().contains { $0.contains("all well") })
  }

  @Test func levelOfItsSkillGivesAConversationItsState() throws {
    var book = try Self.book()
    let skill = try #require(Glob("refunds"))
    book.setLevels(WaitingLevels(usual: .seconds(10), [.init(skill: skill, level: .hours(1))]))
    var scene = try Self.scene(book)
    scene.press(.character("8"))
    let lines = scene.draw().lines()
    #expect(lines.contains { $0.contains("ok") && $0.contains("old^[[2J") })
    #expect(lines.contains { $0.contains("3 wait, 1 taken; levels 10s to 1h") })
    #expect(lines.contains { $0.contains("of agent-1 has waited for 8m (level 1h): charged twice") })
    // The one that is farthest beyond its level has not waited longest.
    #expect(lines.last?.contains("3 wait for a person, 4m, 8") == true)
  }

  /// What the usual level of one shard says of a conversation of another would be wrong.
  @Test func usualLevelsOfShardsAreAllNamed() throws {
    var (book, other) = (try Self.book(), WaitingBook(level: .hours(1)))
    other.set(try Self.conversation("elsewhere", since: 60))
    book.merge(other)
    var scene = try Self.scene(book)
    scene.press(.character("8"))
    let lines = scene.draw().lines()
    #expect(lines.contains { $0.contains("; levels 5m to 1h") })
    #expect(lines.contains { $0.contains("elsewhere of") && $0.contains("(level 1h)") })
  }

  /// Who has left since still stands in it, and the wait goes on.
  @Test func listThatNobodyKeepsIsShownAsThat() throws {
    var scene = try Self.scene(try Self.book())
    scene.press(.character("8"))
    _ = scene.model.update(.handler(.absent))
    #expect(line(&scene, "level 5m").contains("level 5m; no handler keeps this list"))
    scene = try Self.scene(nil)
    scene.press(.character("8"))
    #expect(!line(&scene, "Nobody waits for a person.").isEmpty)
    for (status, words) in [(HandlerStatus.absent, "No handler is alive"), (.unknown, "is not known")] {
      _ = scene.model.update(.handler(status))
      #expect(line(&scene, "Nobody waits for a person.").isEmpty && !line(&scene, words).isEmpty)
    }
  }

  @Test(arguments: [(20, 5), (40, 10), (80, 24), (200, 60)])
  func screenOfAnySizeShowsWhoWaitsLongest(columns: Int, rows: Int) throws {
    var scene = try Self.scene(columns: columns, rows: rows, try Self.book())
    scene.press(.character("8"))
    #expect(scene.draw().lines().contains { $0.contains("over") })
  }

  @Test func tabVisitsThePaneOnlyIfOneEverWaited() throws {
    var scene = try Self.scene(nil)
    scene.press(.backTab)
    #expect(scene.model.focus == .commands)
    #expect(!scene.statusText().contains("for a person"))
    scene.model.fleet.setWaiting(WaitingBook())
    scene.press(.tab, .backTab)
    #expect(scene.model.focus == .commands)
    scene.press(.tab)
    #expect(scene.model.focus == .waiting)
    #expect(line(&scene, "Nobody waits").contains("Nobody waits for a person."))
  }

  @Test func enterTakesTheSelectedOne() throws {
    var scene = try Self.scene(try Self.book())
    scene.press(.character("8"), .down, .enter)
    #expect(line(&scene, "take conversation").contains("take conversation soon of agent-1?"))
    let draft = try sent(scene.press(.character("y")))
    #expect(draft.action == .take && draft.targets == ["agent-1"] && draft.conversation?.text == "soon")
    #expect(draft.arguments == [:] && draft.observed.isEmpty)
  }

  @Test func takenOneIsHandedBackWithANote() throws {
    var scene = try Self.scene(try Self.book())
    scene.press(.character("8"), .end)
    #expect(scene.promptText().contains("a hand back") && !scene.promptText().contains("Enter take"))
    #expect(scene.press(.enter) == [] && scene.model.prompt == nil)
    #expect(scene.promptText().contains("ana has taken it; a hands it back to its agent"))
    scene.press(.character("a"))
    scene.type("refund approved")
    scene.press(.enter)
    let question = #"hand back conversation held of agent-1, with the note "refund approved"?"#
    #expect(line(&scene, "hand back conversation").contains(question))
    let draft = try sent(scene.press(.character("y")))
    #expect(draft.action == .handBack && draft.conversation?.text == "held")
    #expect(draft.arguments == ["note": "refund approved"])
    // Without a note too.
    scene.press(.character("a"), .enter)
    #expect(try sent(scene.press(.character("y"))).arguments == [:])
  }

  @Test func closingTakesACode() throws {
    var scene = try Self.scene(try Self.book())
    scene.press(.character("8"), .character("c"))
    let code = try #require(scene.code)
    let draft = try sent(scene.type(code))
    #expect(draft.action == .closeConversation && draft.conversation?.text == "old\u{1B}[2J")
  }

  @Test func keysForAgentsDoNothingToConversations() throws {
    var scene = try Self.scene(try Self.book())
    scene.press(.character("8"))
    #expect(scene.press(.character("p"), .character("S"), .character("x"), .character(" ")) == [])
    #expect(scene.model.prompt == nil && scene.model.explained == nil && scene.model.marked.isEmpty)
  }

  @Test func nothingIsTakenOnAConsoleThatOnlyReads() throws {
    var scene = try Self.scene(isReadOnly: true, try Self.book())
    scene.press(.character("8"))
    #expect(scene.press(.enter, .character("a"), .character("c")) == [] && scene.model.prompt == nil)
  }

  @Test func nothingMovesUnderTheCursorWhileHandsAreOnTheKeys() throws {
    var scene = try Self.scene(try Self.book())
    scene.press(.character("8"), .down)
    let (before, selected) = (scene.model.lists[.waiting], scene.model.selectedRow)
    var book = try Self.book()
    book.set(try Self.conversation("older", since: 2000))
    scene.model.fleet.setWaiting(book)
    scene.tick(.at(3601))
    #expect(Array(scene.model.lists[.waiting].prefix(before.count)) == before)
    scene.tick(.at(3606))
    let first = try #require(WaitingConversation.ID("older"))
    #expect(scene.model.lists[.waiting].first == .conversation(first) && scene.model.selectedRow == selected)
  }

  @Test func shardsAreShownAsOne() throws {
    var scene = try Self.scene(try Self.book())
    var other = WaitingBook()
    other.set(try Self.conversation("elsewhere", since: 2000))
    scene.model.fleet.setWaiting(other, ofShard: 1)
    #expect(scene.model.fleet.waiting?.oldest?.id.text == "elsewhere")
    #expect(scene.model.fleet.waiting?.conversations.count == 5)
    scene.model.fleet.setWaiting(nil, ofShard: 1)
    #expect(scene.model.fleet.waiting?.conversations.count == 4)
  }
}
