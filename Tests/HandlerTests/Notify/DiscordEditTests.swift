import Automation
import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Discord edits its own messages, against a channel that refuses what Discord refuses.
@Suite(.threaded) struct DiscordEditTests {
  private let discord: DiscordChannel
  private let service: MockService
  private let chat: ChatScene

  init() throws {
    let scene = try HandlerScene(start: false)
    discord = try DiscordChannel()
    service = try discord.service(on: scene.server)
    chat = try ChatScene(
      Channel(.discord, url: service.url("\(DiscordChannel.path)?thread_id=77")), scene: scene)
  }

  @Test func troubleHasOneMessageThatIsEditedToItsEnd() throws {
    try chat.tell(chat.notice(1, text: "error rate 30%", done: "Done: restarted agent-1."))
    try chat.tell(chat.notice(2))
    try chat.tell(chat.notice(1, .acknowledged, by: "alice"), chat.notice(2, .acknowledged, by: "alice"))
    try chat.tell(chat.notice(1, .resolved), chat.notice(2, .resolved))
    #expect(discord.messages.count == 1, "nothing got worse, and there is no thread")
    let message = try #require(discord.messages.first)
    #expect(message.contents.first == "[high] agent-1 is slow")
    #expect(message.contents.contains { $0.hasPrefix("[acknowledged] latency: 2 agents") })
    #expect(message.content == "[resolved] latency: all clear, 2 agents")
    #expect(message.words.contains("Done: restarted agent-1.") && message.words.contains("Acknowledged by alice."))
    #expect(message.words.contains("lasted: "))
    #expect(discord.calls.allSatisfy { $0.hasSuffix(" ok") }, "\(discord.calls)")
  }

  @Test func risingSeverityIsAMessageOfItsOwnAndTheFirstIsStillEdited() throws {
    try chat.tell(chat.notice(1, .firing, .medium))
    try chat.tell(chat.notice(1, .firing, .critical))
    try chat.tell(chat.notice(1, .resolved))
    #expect(
      discord.messages.map(\.content) == [
        "[resolved] agent-1 is slow", "Now critical: [critical, update] agent-1 is slow".escapedForDiscord,
      ])
  }

  @Test func deletedMessageIsPostedAnew() throws {
    try chat.tell(chat.notice(1))
    discord.delete(0)
    try chat.tell(chat.notice(2))
    try chat.tell(chat.notice(1, .resolved), chat.notice(2, .resolved))
    #expect(discord.messages.count == 2 && discord.messages[1].content == "[resolved] latency: all clear, 2 agents")
    #expect(discord.messages[0].content == "[high] agent-1 is slow")
    #expect(discord.calls.prefix(3) == ["POST ok", "PATCH Unknown Message", "POST ok"])
  }

  @Test func webhookThatIsGoneIsNotAskedForItsMessagesEither() throws {
    try chat.tell(chat.notice(1))
    discord.isWebhookThere = false
    try chat.tell(chat.notice(2))
    #expect(discord.calls == ["POST ok", "PATCH Unknown Webhook"])
    #expect(try chat.dead() == 1)
  }

  @Test func pauseThatTheBodyAsksForIsKept() throws {
    discord.answers = [
      .status(429, #"{"message":"You are being rate limited.","retry_after":0.05,"global":false}"#)
    ]
    try chat.tell(chat.notice(1))
    #expect(discord.calls == ["POST in vain", "POST ok"] && discord.messages.count == 1)
  }

  @Test func hugeMessageIsWithinLimitsAtEveryStep() throws {
    let huge = String(repeating: "👨‍👩‍👧‍👦e\u{301}<&>\"*東\u{1B}", count: 250)
    var notice = try chat.notice(1, text: huge, done: huge)
    (notice.title, notice.fields) = (huge, (1...30).map { Notice.Field("\($0) \(huge.prefix(90))", huge) })
    try chat.tell(notice)
    notice.severity = .critical
    try chat.tell(notice)
    try chat.tell(chat.notice(1, .resolved))
    #expect(discord.calls.allSatisfy { $0.hasSuffix(" ok") }, "\(discord.calls.map { $0.prefix(300) })")
    #expect(discord.messages.count == 2 && discord.messages[0].contents.count == 3)
  }

  @Test func nextHandlerEditsTheSameMessage() throws {
    try chat.tell(chat.notice(1))
    try chat.start()
    try chat.tell(chat.notice(1, .resolved))
    #expect(discord.messages.map(\.contents) == [["[high] agent-1 is slow", "[resolved] agent-1 is slow"]])
  }
}

extension String {
  fileprivate var escapedForDiscord: String { DiscordText.escaped(self).joined() }
}
