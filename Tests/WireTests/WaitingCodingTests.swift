import FleetModel
import Testing

@testable import Wire

/// Conversations that wait for a person, as Redis holds them and as events tell of them.
@Suite struct WaitingCodingTests {
  private static let now = Instant(milliseconds: 1_763_000_000_000)

  private func conversation() throws -> WaitingConversation {
    let id = try #require(WaitingConversation.ID("c-1/ü"))
    var conversation = WaitingConversation(id: id, agent: "agent-7", since: Self.now)
    (conversation.skill, conversation.language, conversation.summary) = ("refunds", "pt", "charged \"twice\"")
    conversation.lines = ["user: é", "agent: one moment"]
    conversation.proposed = .init(agent: "refunds-2", why: "refunds, pt, 3 of 8 open")
    conversation.hand = .init(by: "ana@ops", at: Self.now + .seconds(5))
    return conversation
  }

  private func news(_ type: String, _ data: String, agent: String = "agent-7") throws -> WaitingNews? {
    let body = Array(#"{"entity_id":"\#(agent)","event_type":"\#(type)","data":\#(data)}"#.utf8)
    return try body.withUnsafeBytes { bytes in
      WaitingCoding.news(of: try EventDecoder().decode(bytes, channel: nil, receivedAt: Self.now))
    }
  }

  private func waiting(_ data: String) throws -> WaitingConversation? {
    guard case .waits(let conversation) = try news("agent.waiting", data) else { return nil }
    return conversation
  }

  // MARK: In Redis

  @Test func whatIsWrittenIsRead() throws {
    let conversation = try conversation()
    let (field, bytes) = (Array(conversation.id.text.utf8), WaitingCoding.encode(conversation))
    #expect(WaitingCoding.decode(field, bytes) == conversation)
    for length in 0..<bytes.count { #expect(WaitingCoding.decode(field, Array(bytes.prefix(length))) == nil) }
    #expect(WaitingCoding.json(conversation)["conversation_id"]?.text == "c-1/ü")
  }

  @Test func bookIsReadAsItIsWritten() throws {
    let conversation = try conversation()
    var book = WaitingBook(level: .minutes(2))
    book.set(conversation)
    (book.leftOut, book.page) = (3, .init(since: Self.now, told: ["pager"]))
    let pairs = [(name: Array(conversation.id.text.utf8), value: WaitingCoding.encode(conversation))]
    let state = WaitingCoding.encodeState(of: book)
    #expect(WaitingCoding.decode(conversations: pairs, state: state) == book)
    #expect(WaitingCoding.decode(conversations: [], state: nil) == WaitingBook())
  }

  @Test func levelsOfSkillsAreReadAsTheyAreWritten() throws {
    let conversation = try conversation()
    var book = WaitingBook(level: .minutes(2))
    book.set(conversation)
    let (first, second) = (try #require(Glob("refunds*")), try #require(Glob("\"ü\"")))
    let entries = [(first, TimeSpan.seconds(30)), (second, .hours(1))].map { WaitingLevels.Entry(skill: $0, level: $1) }
    book.setLevels(WaitingLevels(usual: .minutes(2), entries))
    let pairs = [(name: Array(conversation.id.text.utf8), value: WaitingCoding.encode(conversation))]
    #expect(WaitingCoding.decode(conversations: pairs, state: WaitingCoding.encodeState(of: book)) == book)
    let wrong = #"{"level_ms":60000,"levels":[{"skill":"a"},{"level_ms":1},7,{"skill":"b","level_ms":0},"#
    for (rest, count) in [(#"{"skill":"c","level_ms":9}]}"#, 1), ("[]]}", 0)] {
      let state = Array((wrong + rest).utf8)
      let read = WaitingCoding.decode(conversations: [], state: state)
      #expect(read.level == .minutes(1) && read.levels.entries.count == count)
    }
    let many = Array(repeating: #"{"skill":"c","level_ms":9}"#, count: 70).joined(separator: ",")
    let read = WaitingCoding.decode(conversations: [], state: Array(#"{"level_ms":1,"levels":[\#(many)]}"#.utf8))
    #expect(read.levels.entries.count == WaitingLevels.mostEntries)
  }

  /// The longest levels that settings may have stay readable.
  @Test func mostLevelsFitIntoTheState() throws {
    var book = WaitingBook()
    let skill = try #require(Glob(String(repeating: "\"", count: WaitingLevels.longestSkill)))
    let entries = Array(
      repeating: WaitingLevels.Entry(skill: skill, level: .days(7)), count: WaitingLevels.mostEntries)
    book.setLevels(WaitingLevels(entries))
    #expect(WaitingCoding.encodeState(of: book).count < WaitingCoding.mostBytes)
  }

  @Test func garbageIsPassedOverAndNamed() throws {
    let good = WaitingCoding.encode(try conversation())
    let pairs: [(name: [UInt8], value: [UInt8])] = [
      (Array("a".utf8), Array("{".utf8)), ([], good), ([0xFF], good), (Array("b".utf8), []), (Array("c".utf8), good),
      (Array(repeating: 0x61, count: WaitingConversation.ID.mostBytes + 1), good),
      (Array("d".utf8), Array(#"{"agent":"","since":1}"#.utf8)),
      (Array("e".utf8), Array(repeating: 0x20, count: WaitingCoding.mostBytes + 1)),
    ]
    for state in ["", "null", #"{"level_ms":0}"#, #"{"level_ms":-9e99}"#, #"{"page":{}}"#, "[[["] {
      var passedOver: [[UInt8]?] = []
      let book = WaitingCoding.decode(conversations: pairs, state: Array(state.utf8)) { field, _ in
        passedOver.append(field)
      }
      #expect(book.conversations.keys.map(\.text) == ["c"] && book.level == .minutes(5) && book.page == nil)
      #expect(passedOver.count == pairs.count && passedOver.last == .some(nil))
    }
  }

  @Test func moreThanIsKeptIsPassedOver() throws {
    let value = WaitingCoding.encode(try conversation())
    let pairs = (0...WaitingBook.most).map { (name: Array("c\($0)".utf8), value: value) }
    var passedOver = 0
    let book = WaitingCoding.decode(conversations: pairs, state: nil) { _, _ in passedOver += 1 }
    #expect(book.conversations.count == WaitingBook.most && passedOver == 1 && book.leftOut == 0)
  }

  // MARK: Events

  @Test func eventSaysWhoWaitsAndWhatFor() throws {
    let found = try waiting(
      """
      {"conversation_id":"c-1","since":"2025-11-13T02:13:00Z","skill":"refunds","language":"pt","summary":"charged twice",
       "last_lines":["one","two",{"from":"user","text":"help"},{"text":"alone"},7,null,{"from":"x"}]}
      """)
    let conversation = try #require(found)
    #expect(conversation.id.text == "c-1" && conversation.agent == "agent-7" && conversation.hand == nil)
    #expect(conversation.since == Instant(milliseconds: 1_762_999_980_000))
    #expect(conversation.skill == "refunds" && conversation.language == "pt" && conversation.summary == "charged twice")
    #expect(conversation.lines == ["two", "user: help", "alone"])
  }

  @Test func timesThatCannotBeAreTheEventsOwn() throws {
    for since in ["\"9999-01-01T00:00:00Z\"", "5", "\"x\"", "null", "{}"] {
      #expect(try waiting(#"{"conversation_id":"c","since":\#(since)}"#)?.since == Self.now, "\(since)")
    }
  }

  @Test func textsAreBoundedAndOnOneLine() throws {
    let long = String(repeating: "é", count: 1000)
    let lines = Array(repeating: #""\u001b[2J\r\n\#(long)""#, count: 10).joined(separator: ",")
    let found = try waiting(
      #"{"conversation_id":"c","skill":"\#(long)","summary":"a\nb\u001b\u0000\u0085c","last_lines":[\#(lines)]}"#)
    let conversation = try #require(found)
    #expect(conversation.skill.utf8.count <= TextBound.word && conversation.summary == "a b   c")
    #expect(conversation.lines.count == WaitingConversation.mostLines)
    for line in conversation.lines {
      #expect(line.utf8.count <= TextBound.words && line.hasPrefix(" [2J"))
      #expect(line.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
    }
    #expect(WaitingCoding.encode(conversation).count < WaitingCoding.mostBytes / 8)
  }

  @Test func eventSaysWhoIsProposedAndWhy() throws {
    func proposed(_ json: String) throws -> WaitingConversation.Proposed? {
      try waiting(#"{"conversation_id":"c","proposed":\#(json)}"#)?.proposed
    }
    let whole = try proposed(#"{"agent":"legal-2","why":"legal,\u001b[2J\npt","more":[1]}"#)
    #expect(whole == .init(agent: "legal-2", why: "legal, [2J pt"))
    for json in [#"{"agent":"l"}"#, #"{"agent":"l","why":7}"#, #"{"agent":"l","why":{"deep":[1]}}"#] {
      #expect(try proposed(json) == .init(agent: "l", why: ""), "\(json)")
    }
    let long = String(repeating: "é", count: 1000)
    // What is cut ends with a whole character.
    #expect(try proposed(#"{"agent":"l","why":"\#(long)"}"#)?.why.utf8.count == TextBound.words - 1)
    // What names no agent proposes nobody, and the conversation waits all the same.
    for json in [
      "null", "7", "[]", #""legal-2""#, "{}", #"{"agent":""}"#, #"{"agent":7}"#, #"{"agent":["l"]}"#, #"{"why":"x"}"#,
      #"{"agent":"\#(long)"}"#, #"[{"agent":"l"}]"#,
    ] {
      let conversation = try #require(try waiting(#"{"conversation_id":"c","summary":"s","proposed":\#(json)}"#))
      #expect(conversation.proposed == nil && conversation.summary == "s", "\(json.prefix(20))")
    }
  }

  /// Whoever has written it, what stands in Redis is read as an event is.
  @Test func proposalThatIsStoredIsReadAsNarrowly() throws {
    let field = Array("c".utf8)
    func read(_ json: String) -> WaitingConversation? {
      WaitingCoding.decode(field, Array(#"{"agent":"a","since":1763000000000,"proposed":\#(json)}"#.utf8))
    }
    for json in ["7", #"{"agent":""}"#, #""l""#] {
      let conversation = try #require(read(json))
      #expect(conversation.proposed == nil)
    }
    let long = String(repeating: "é", count: 1000)
    let conversation = try #require(read(#"{"agent":"l","why":"\u001b\#(long)"}"#))
    let why = try #require(conversation.proposed?.why)
    #expect(why.hasPrefix(" é") && why.utf8.count <= TextBound.words)
    #expect(WaitingCoding.decode(field, WaitingCoding.encode(conversation)) == conversation)
    #expect(read(#"{"agent":"l","why":"\#(String(repeating: "x", count: 70_000))"}"#) == nil)
  }

  @Test func personTakesItGivesItBackAndItEnds() throws {
    let id = try #require(WaitingConversation.ID("c"))
    let taken = try news("person_accepted", #"{"conversation_id":"c","person":"ana"}"#)
    #expect(taken == .taken(id, .init(by: "ana", at: Self.now)))
    let nameless = try news("agent.person_accepted", #"{"conversation_id":"c","person":7}"#)
    #expect(nameless == .taken(id, .init(by: "a person", at: Self.now)))
    #expect(try news("agent.person_returned", #"{"conversation_id":"c"}"#) == .returned(id))
    #expect(try news("agents.conversation_ended", #"{"conversation_id":"c"}"#) == .ended(id))
    #expect(
      try news("agent.handoff_accepted", #"{"conversation_id":"c","to":"l"}"#) == .moved(id, to: "l", from: "agent-7"))
    #expect(try news("agent.handoff_accepted", #"{"conversation_id":"c"}"#) == .moved(id, to: nil, from: "agent-7"))
    #expect(try news("agent.handoff_accepted", #"{"conversation_id":"c","to":[1]}"#) == nil)
    #expect(try news("agent.handoff_refused", #"{"conversation_id":"c","to":"l"}"#) == .refused(id, by: "l"))
    #expect(try news("agent.handoff_refused", #"{"conversation_id":"c"}"#) == .refused(id, by: nil))
    #expect(try news("agent.handoff_refused", #"{"conversation_id":"c","to":[1]}"#) == nil)
  }

  @Test func withoutAnIDAndOfOtherTypesItSaysNothing() throws {
    let long = String(repeating: "x", count: 401)
    for data in ["{}", #"{"conversation_id":""}"#, #"{"conversation_id":null}"#, #"{"conversation_id":"\#(long)"}"#] {
      #expect(try news("agent.waiting", data) == nil, "\(data.prefix(60))")
    }
    #expect(try news("agent.feedback", #"{"conversation_id":"c"}"#) == nil)
    #expect(try news("agent.waiting_room", #"{"conversation_id":"c"}"#) == nil)
  }

  /// Nobody reads a megabyte for a few words: who waits is known all the same.
  @Test func hugeEventSaysNoMoreThanWhoWaits() throws {
    let filler = String(repeating: "x", count: TextBound.data)
    let found = try waiting(#"{"conversation_id":"c","skill":"law","summary":"a","more":"\#(filler)"}"#)
    #expect(found?.id.text == "c" && found?.skill == "law" && found?.summary == "")
  }
}
