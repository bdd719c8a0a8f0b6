import Automation
import FleetModel
import Logging
import TestSupport
import TestThreads
import Testing
import Wire

@testable import HTTP
@testable import Handler

/// Slack by a token: one message a trouble, edited as it goes on, against a workspace that refuses what Slack refuses.
@Suite(.threaded) struct SlackBotTests {
  private let slack = SlackWorkspace()
  private let clock: SteppedClock
  private let service: MockService
  private let chat: ChatScene

  init() throws {
    clock = try SteppedClock(folder: BuildFolder.path)
    let scene = try HandlerScene(start: false, clock: clock)
    service = try slack.service(on: scene.server)
    chat = try ChatScene(Self.channel(service.url("")), scene: scene)
  }

  private static func channel(_ url: String) -> Channel {
    var channel = Channel(.slack, url: url)
    (channel.token, channel.place) = (SlackWorkspace.token, "#ops")
    return channel
  }

  private var messages: [SlackWorkspace.Message] { slack.messages.map(\.message) }

  // MARK: The course of a trouble

  @Test func troubleHasOneMessageThatEndsWithWhatWasDone() throws {
    try chat.tell(chat.notice(1, text: "error rate 30%\nDone: restarted agent-1.", done: "Done: restarted agent-1."))
    try chat.tell(chat.notice(2))
    try chat.tell(chat.notice(1, .resolved), chat.notice(2, .resolved))
    #expect(messages.count == 1)
    let message = try #require(messages.first)
    #expect(message.texts.first == "[high] agent-1 is slow")
    #expect(message.text == "[resolved] latency: all clear, 2 agents" && message.texts.count == 3)
    #expect(message.words.contains("Done: restarted agent-1."))
    #expect(message.words.contains("\nlasted: ") && message.words.contains("\nsince: 20"))
    #expect(message.replies.allSatisfy { !$0.isBroadcast }, "nothing got worse: nobody is called")
    #expect(message.replies.first?.text.hasPrefix("[high, update] latency: 2 agents") == true)
    #expect(message.replies.last?.text.contains(", after ") == true)
    #expect(try chat.dead() == 0)
  }

  @Test func risingSeverityIsBroadcastInTheThreadOnce() throws {
    try chat.tell(chat.notice(1, .firing, .medium))
    try chat.tell(chat.notice(1, .firing, .critical))
    try chat.tell(chat.notice(1, .firing, .medium))
    try chat.tell(chat.notice(1, .firing, .critical))
    #expect(messages.count == 1)
    #expect(messages[0].texts.last?.hasPrefix("[critical, update]") == true)
    let calls = messages[0].replies.filter(\.isBroadcast)
    #expect(calls.map(\.text) == ["Now critical: [critical, update] agent-1 is slow"])
  }

  @Test func whatBeginsAgainWithinAnHourIsBroadcastInItsThread() throws {
    try chat.tell(chat.notice(1))
    try chat.tell(chat.notice(1, .resolved))
    try chat.pass(1800, by: clock)
    try chat.tell(chat.notice(1))
    #expect(messages.count == 1)
    #expect(messages[0].text == "[high] agent-1 is slow")
    #expect(messages[0].replies.last == .init(text: "Again: [high] agent-1 is slow", isBroadcast: true))
  }

  @Test func endedMessageIsLetGoOfAfterAnHour() throws {
    try chat.tell(chat.notice(1))
    try chat.tell(chat.notice(1, .resolved))
    #expect(try chat.remembered().count == 1)
    try chat.pass(3700, by: clock)
    try chat.scene.server.wait { (try? chat.remembered().isEmpty) == true }
    try chat.tell(chat.notice(1))
    #expect(messages.count == 2, "what begins later is another trouble")
  }

  // MARK: Hands

  @Test func acknowledgementIsShownAndSilencesReminders() throws {
    try chat.tell(chat.notice(1))
    try chat.tell(chat.notice(1, .acknowledged, by: "alice"))
    #expect(messages[0].text == "[acknowledged] agent-1 is slow" && messages[0].words.contains("in hand: alice"))
    #expect(messages[0].replies == [.init(text: "Acknowledged by alice: agent-1 is slow", isBroadcast: false)])
    try chat.pass(7300, by: clock)
    try chat.tell(chat.notice(1, .resolved))
    #expect(messages[0].replies.count == 2 && !messages[0].replies[1].isBroadcast, "nobody was reminded")
    #expect(messages[0].words.contains("Acknowledged by alice."))
  }

  @Test func acknowledgementThatIsTakenBackIsBroadcast() throws {
    try chat.tell(chat.notice(1))
    try chat.tell(chat.notice(1, .acknowledged, by: "alice"))
    try chat.tell(chat.notice(1, .unacknowledged))
    #expect(messages[0].text == "[high, update] agent-1 is slow")
    #expect(messages[0].replies.last?.isBroadcast == true)
    #expect(messages[0].replies.last?.text.hasPrefix("Nobody has this in hand any more") == true)
  }

  @Test func whatNobodyAcknowledgesIsSaidAgainLessAndLessOften() throws {
    try chat.tell(chat.notice(1))
    for (seconds, count) in [(3000, 0), (3700, 1), (7500, 1), (11_300, 2), (18_000, 2)] as [(Int64, Int)] {
      try chat.pass(seconds, by: clock)
      try chat.scene.server.wait { messages[0].replies.count >= count }
      // Whatever was due by now was told before this.
      try chat.tell(chat.notice(9, .acknowledged, by: "nobody"))
      #expect(messages[0].replies.count(where: \.isBroadcast) == count, "after \(seconds) s")
    }
    let text = try #require(messages[0].replies.first?.text)
    #expect(text.hasPrefix("Nobody has acknowledged this for 1h ") && text.hasSuffix("[high] agent-1 is slow"))
  }

  // MARK: What people and Slack do

  @Test func deletedMessageIsPostedAnewAndThenEdited() throws {
    try chat.tell(chat.notice(1))
    slack.delete(0)
    try chat.tell(chat.notice(2))
    #expect(messages.count == 2 && messages[1].text == "[high, update] latency: 2 agents")
    try chat.tell(chat.notice(1, .resolved), chat.notice(2, .resolved))
    #expect(messages.count == 2 && messages[1].texts.count >= 2)
    #expect(messages[0].replies.isEmpty && messages.allSatisfy { !$0.text.hasPrefix("an orphan") })
  }

  @Test func onlyTheNewestStateIsSentOnceSlackAnswersAgain() throws {
    try chat.tell(chat.notice(1))
    slack.errors = ["429", "503"]
    try chat.add(chat.notice(2))
    try chat.scene.server.wait { slack.errors.isEmpty }
    for number in 3...6 {
      try chat.add(chat.notice(number))
      try chat.scene.server.wait { (try? chat.fields().contains { $0.0.first?.isNumber == true }) == true }
    }
    try chat.waitUntilAllIsTold()
    #expect(messages.count == 1 && messages[0].texts.count < 6)
    #expect(messages[0].text == "[high, update] latency: 6 agents")
    #expect(try chat.dead() == 0)
  }

  @Test func tokenThatIsRevokedDisablesTheChannelAndIsNowhereShown() throws {
    slack.errors = ["token_revoked"]
    try chat.tell(chat.notice(1))
    let lines = try chat.scene.audit().filter { $0.phase == .failed && $0.action == "notify" }
    #expect(lines.contains { $0.detail.contains("Slack answers token_revoked") })
    #expect(lines.allSatisfy { !$0.detail.contains("s3cret") })
    #expect(try chat.dead() == 1)
  }

  @Test(arguments: [
    ("ratelimited", "retry"), ("rate_limited", "retry"), ("internal_error", "retry"), ("not_in_channel", "retry"),
    ("channel_not_found", "retry"), ("is_archived", "retry"), ("msg_too_long", "refused"), ("no_text", "refused"),
    ("invalid_blocks", "refused"), ("something_new", "refused"), ("invalid_auth", "gone"), ("not_authed", "gone"),
    ("account_inactive", "gone"), ("missing_scope", "gone"), ("page", "retry"), ("503", "retry"),
  ])
  func errorsOfSlackMeanThatItPassesOrNot(_ error: String, _ meaning: String) throws {
    let body =
      error == "page" ? "<html>" : #"{"ok":false,"error":"\#(error)","needed":"chat:write"}"#
    let answer = HTTPResult.response(
      HTTPResponse(status: error == "503" ? 503 : 200, headers: ["retry-after": "7"], body: Array(body.utf8)))
    let found =
      switch SlackBot.result(of: answer, at: .epoch) {
      case .delivered: "delivered"
      case .retry: "retry"
      case .refused: "refused"
      case .endpointGone: "gone"
      }
    #expect(found == meaning)
  }

  @Test func hugeMessageAndItsLongAnswerAreWithinLimits() throws {
    let huge = String(repeating: "👨‍👩‍👧‍👦e\u{301}<&>\"東\u{1B}", count: 150)
    var notice = try chat.notice(1, text: huge, done: huge)
    (notice.title, notice.fields) = (huge, (1...12).map { Notice.Field("\($0) \(huge)", huge) })
    try chat.tell(notice)
    notice.severity = .critical
    try chat.tell(notice)
    try chat.tell(chat.notice(1, .resolved))
    #expect(messages.count == 1 && messages.first?.texts.count == 3, "the answer said where it stands: \(slack.calls)")
    #expect(slack.calls.allSatisfy { $0.hasSuffix(" ok") }, "\(slack.calls)")
  }

  @Test func testNoticeTellsWhatSlackAnswers() throws {
    func run() throws -> ChannelTest.Outcome? {
      let table = NotifyTable(channels: ["ops": Self.channel(service.url(""))])
      return try ChannelTest.run("ops", table, on: chat.scene.server.loop)
    }
    let told = try #require(try run())
    #expect(told.hasArrived && told.words.hasPrefix(#"HTTP 200: {"ok":true,"channel":"C0123456789","ts":"#))
    slack.errors = ["not_in_channel"]
    #expect(
      try run()
        == .init(hasArrived: false, words: "Slack answers not_in_channel: invite its app into the channel"))
    #expect(messages.map(\.text) == ["[low] vigia notify test"])
  }

  // MARK: Handlers that end

  @Test func nextHandlerGoesOnWithTheSameMessage() throws {
    try chat.tell(chat.notice(1))
    try chat.start()
    try chat.tell(chat.notice(2))
    try chat.start()
    try chat.tell(chat.notice(1, .resolved), chat.notice(2, .resolved))
    #expect(messages.count == 1 && messages[0].text.hasPrefix("[resolved]"))
    #expect(try chat.remembered().allSatisfy { $0.ended != nil })
  }

  /// Whichever request it is killed after, before it has seen the answer.
  @Test(arguments: 1...6) func handlerThatIsKilledPostsTwiceAtMost(_ call: Int) throws {
    var isKilled = false
    slack.onCall[call] = { [chat] in
      isKilled = true
      chat.scene.handlers.last?.halt()
      return .hangUp
    }
    let steps: [() throws -> Notice] = [
      { try chat.notice(1, .firing, .medium) }, { try chat.notice(1, .firing, .critical) },
      { try chat.notice(1, .resolved) },
    ]
    for step in steps {
      try chat.add(step())
      try chat.scene.server.wait { isKilled || (try? isTold()) == true }
      if isKilled, chat.scene.handlers.count == 1 { try chat.start() }
      try chat.waitUntilAllIsTold()
    }
    #expect(isKilled || call == 6)
    #expect(messages.count == (call == 1 ? 2 : 1))
    #expect(messages.last?.text.hasPrefix("[resolved]") == true)
    #expect((1...2).contains(messages.last?.replies.count(where: \.isBroadcast) ?? 0))
    #expect(try chat.dead() == 0)
  }

  private func isTold() throws -> Bool {
    try chat.fields().allSatisfy { name, value in
      let isDue = name.hasPrefix("group/") ? try JSONValue.parse(value)["due"] != nil : !name.hasPrefix("message/")
      return !isDue
    }
  }

  @Test func messageComesBackAsItWasWritten() throws {
    var notice = try chat.notice(1, .acknowledged, done: "a\nb", by: "alice")
    notice.rule = "latency"
    var message = ChatMessage(notice, for: Self.channel(""), named: "ops", at: notice.at)
    message.place = .init(conversation: "C1", message: "1.2")
    (message.reminders, message.ended) = (3, notice.at)
    let stored = ChatMessageCoding.encode(message)
    #expect(ChatMessageCoding.decode(stored) == message)
    for length in 0..<stored.count { #expect(ChatMessageCoding.decode(Array(stored.prefix(length))) == nil) }
  }

  @Test func groupOfASeverityThatAnEarlierVersionStoredIsToldToItsEnd() throws {
    let now = try chat.scene.now().milliseconds
    let group = """
      {"channel":"ops","rule":"latency","severity":"high","told":\(now),"news":\(now),"members":[{"told":true,"notice":\
      {"key":"latency/agent-1","status":"firing","severity":"high","title":"agent-1 is slow","rule":"latency",\
      "at":\(now)}}]}
      """
    _ = try chat.scene.server.call("HSET", chat.scene.keys.notices, "group/high/ops/latency", group)
    try chat.start()
    try chat.tell(chat.notice(1, .resolved))
    #expect(messages.map(\.text) == ["[resolved] agent-1 is slow"])
    #expect(try chat.fields().isEmpty && chat.dead() == 0)
  }

  @Test func bookIsBounded() throws {
    var book = MessageBook()
    var dropped: [String] = []
    for number in 0..<MessageBook.most + 5 {
      var notice = try chat.notice(number)
      notice.key = "\(number)"
      let message = ChatMessage(
        notice, for: Self.channel(""), named: "ops", at: Instant(milliseconds: Int64(number)))
      if let old = book.keep(message) { dropped.append(old.key.text) }
    }
    #expect(book.messages.count == MessageBook.most && dropped == ["0", "1", "2", "3", "4"])
  }
}
