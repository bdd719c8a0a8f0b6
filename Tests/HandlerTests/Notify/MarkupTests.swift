import Automation
import FleetModel
import TestThreads
import Testing
import Wire

@testable import Handler

/// What events say reaches people as text: no service makes a link, a mention or emphasis of it.
@Suite(.threaded) struct MarkupTests {
  private static let hostile = [
    "[Acknowledge](https://evil.example/ack)", "https://evil.example", "HTTPS://EVIL.example/x", "www.evil.example",
    "discord.gg/evil", "mailto:evil@example.org", "*bold* _it_ ~~gone~~ `code` ||spoiler||", "@everyone @here",
    "<!channel> <@U123> <#C1|x> <https://evil.example|Acknowledge>", "<@&1> </pause:1> <t:1:R> <:x:1>", "# big",
    "> quoted", "- item", "-# small", "1. first", "```\nblock\n```", "https://\u{301}evil.example",
  ]

  private static func notice(_ text: String) -> Notice {
    Notice(
      key: "k/agent", status: .firing, severity: .high, title: text, text: "\(text)\n\(text)",
      fields: [Notice.Field(text, text)], agents: [AgentID(text)], role: text, rule: "rule", at: .epoch)
  }

  private func body(_ text: String, _ kind: Channel.Kind) throws -> JSONValue {
    let channel = Channel(kind, url: "http://x", routingKey: "r")
    return try JSONValue.parse(
      try #require(ServiceRequest(notice: Self.notice(text), channel: channel, now: .epoch).request.body))
  }

  /// All texts of a body.
  private func texts(_ json: JSONValue) -> [String] {
    if let object = json.object {
      return object.members.flatMap { [String(decoding: $0.key, as: UTF8.self)] + texts($0.value) }
    }
    return json.list?.flatMap { texts($0) } ?? json.text.map { [$0] } ?? []
  }

  @Test(arguments: [Channel.Kind.slack, .discord, .pagerduty, .alertmanager], hostile)
  func noAddressIsALink(_ kind: Channel.Kind, _ text: String) throws {
    for text in texts(try body(text, kind)) {
      let bytes = Array(text.lowercased().utf8)
      for link in ["://", "www.", "discord.gg", "mailto:"] { #expect(bytes.firstRange(of: Array(link.utf8)) == nil) }
    }
  }

  /// Alertmanager and PagerDuty hand on what they are told to chats of their own.
  @Test(arguments: [Channel.Kind.slack, .discord, .pagerduty, .alertmanager], hostile)
  func nobodyIsMentioned(_ kind: Channel.Kind, _ text: String) throws {
    for text in texts(try body(text, kind)) {
      for mention in ["<!", "<@", "<#", "@everyone", "@here"] { #expect(!text.contains(mention)) }
    }
  }

  @Test func keyThatCannotBeShownStaysItsOwn() {
    let keys = ["k/https://a", "k/https[:]//a", "k/a\nb", "k/a b", "k/" + String(repeating: "x", count: 600)]
    let labels = keys.map { AlertmanagerAlerts.label(ofKey: $0) }
    #expect(Set(labels).count == keys.count && labels.allSatisfy { $0.utf16.count <= 500 })
    #expect(
      labels[1] == keys[1] && labels[3] == keys[3] && AlertmanagerAlerts.label(ofKey: "group/r/high") == "group/r/high")
  }

  @Test(arguments: hostile) func slackReadsNoMarkup(_ text: String) throws {
    let json = try body(text, .slack)
    let blocks = json["blocks"]?.list ?? []
    let objects = blocks.flatMap { [$0["text"]].compactMap(\.self) + ($0["fields"]?.list ?? []) }
    #expect(objects.count == 5 && objects.allSatisfy { $0["type"] == "plain_text" && $0["emoji"] == false })
    #expect(json["mrkdwn"] == false && json["parse"] == "none" && json["unfurl_links"] == false)
    #expect(texts(json).allSatisfy { !$0.contains("<") && !$0.contains(">") })
  }

  @Test(arguments: hostile) func discordReadsNoMarkup(_ text: String) throws {
    let json = try body(text, .discord)
    #expect(json["allowed_mentions"] == ["parse": []])
    let heading = "[high] "
    let content = try #require(json["content"]?.text)
    let embed = json["embeds"]?.list?.first
    let fields = embed?["fields"]?.list ?? []
    let words =
      [String(content.dropFirst(heading.count)), embed?["description"]?.text ?? ""]
      + fields.flatMap { [$0["name"]?.text ?? "", $0["value"]?.text ?? ""] }
    for text in words { #expect(Self.bareMarks(of: text).isEmpty, "\(text)") }
  }

  /// Marks that no backslash stands before.
  private static func bareMarks(of text: String) -> [Unicode.Scalar] {
    var bare: [Unicode.Scalar] = []
    var isEscaped = false
    for scalar in text.unicodeScalars {
      if !isEscaped, "*_~`|<>[]@".unicodeScalars.contains(scalar) { bare.append(scalar) }
      isEscaped = scalar == "\\" && !isEscaped
    }
    return bare
  }

  @Test(arguments: [
    ("# big", "\\# big"), ("a # b", "a # b"), ("- a\n  - b", "\\- a\n  \\- b"), ("1. a 2. b", "1\\. a 2. b"),
    ("agent-1", "agent-1"), ("a_b", "a\\_b"), ("\\*", "\\\\\\*"), ("> q", "\\> q"), ("3.5", "3\\.5"),
    ("*\u{301}", "\\*\u{301}"),
  ])
  func discordsLineMarksCountWhereLinesBegin(_ text: String, _ expected: String) {
    let escaped = DiscordText.escaped(text).joined()
    #expect(Array(escaped.unicodeScalars) == Array(expected.unicodeScalars))
  }

  @Test func nothingThatIsEscapedIsCut() {
    let pieces = DiscordText.escaped("ab**")
    #expect(PlainText.clipped(pieces, to: 6) == "ab\\*\\*" && PlainText.clipped(pieces, to: 5) == "ab\\*…")
    #expect(PlainText.clipped(pieces, to: 4) == "ab…")
  }

  @Test func addressReadsWellAndLeadsNowhere() {
    #expect(
      PlainText.unlinked("see https://a.example/x, www.b.example or Discord.gg/c")
        == "see https[:]//a.example/x, www[.]b.example or discord[.]gg/c")
    #expect(PlainText.unlinked("agent.silent at 10:30 // file.swift") == "agent.silent at 10:30 // file.swift")
  }

  @Test func servicesOfOnesOwnGetWhatWasSaid() throws {
    #expect(try body("[a](https://b)", .webhook)["title"] == "[a](https://b)")
  }
}
