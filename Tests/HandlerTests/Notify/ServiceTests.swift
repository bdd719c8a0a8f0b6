import Automation
import FleetModel
import TestThreads
import Testing
import Wire

@testable import HTTP
@testable import Handler

/// What each service is sent, against its documented limits, and what its answers mean.
@Suite(.threaded) struct ServiceTests {
  private static let now = Instant(milliseconds: 1_795_334_400_000)

  /// Everything at once, and too long: emoji of eleven units, letters of two scalars, entities, quotes.
  private static func huge(_ status: Notice.Status = .firing) -> Notice {
    let text = String(repeating: "👨‍👩‍👧‍👦e\u{301}<&>\"東\u{1B}", count: 2000)
    return Notice(
      key: String(repeating: "ключ", count: 100), status: status, severity: .critical, title: text, text: text,
      fields: (1...60).map { Notice.Field("\($0) \(text)", text) },
      agents: (1...1000).map { AgentID("agent-\($0) \(text.prefix(100))") }, role: "support", rule: "latency", at: now
    )
  }

  private static func small(_ status: Notice.Status = .firing) -> Notice {
    Notice(
      key: "escalation/agent-1", status: status, severity: .high, title: "agent-1 <needs> a person", text: "a\nb",
      fields: [Notice.Field("by", "alice & bob")], agents: ["agent-1"], role: "support", at: now)
  }

  private func body(_ notice: Notice, _ channel: Channel) throws -> JSONValue {
    let request = ServiceRequest(notice: notice, channel: channel, now: Self.now).request
    #expect(request.method == "POST")
    #expect(request.headers.contains(.init("Content-Type", "application/json")))
    return try JSONValue.parse(try #require(request.body))
  }

  private func length(_ json: JSONValue?) -> Int { json?.text?.utf16.count ?? 0 }

  // MARK: Slack

  @Test func slackMessageIsWithinItsLimits() throws {
    let json = try body(Self.huge(), Channel(.slack, url: "http://x"))
    let blocks = try #require(json["blocks"]?.list)
    #expect(blocks.count <= 50)
    let texts = blocks.compactMap { $0["text"] }
    #expect(texts.count == 2)
    for text in texts {
      #expect(length(text["text"]) <= 3000 && length(text["text"]) > 2900)
      #expect(text["text"]?.text?.contains("…") == true)
    }
    let fields = blocks.flatMap { $0["fields"]?.list ?? [] }
    #expect(fields.count == 10 && fields.allSatisfy { length($0["text"]) <= 2000 })
    let all = (texts + fields).compactMap { $0["text"]?.text }.joined()
    #expect(!all.contains("<") && !all.contains(">") && !all.contains("\u{1B}"))
    #expect(!all.replacing("&amp;", with: "").replacing("&lt;", with: "").replacing("&gt;", with: "").contains("&"))
  }

  @Test func slackMessageSaysWhatItIsAbout() throws {
    let json = try body(Self.small(), Channel(.slack, url: "http://x"))
    #expect(json["text"]?.text == "[high] agent-1 &lt;needs&gt; a person")
    let blocks = json["blocks"]?.list ?? []
    #expect(blocks.first?["type"] == "header")
    #expect(blocks.first?["text"]?["text"]?.text == "[high] agent-1 &lt;needs&gt; a person")
    #expect(
      blocks.last?["fields"]?.list?.map { $0["text"]?.text } == [
        "by: alice &amp; bob", "agents: agent-1", "role: support",
      ])
  }

  // MARK: Discord

  @Test func discordMessageIsWithinItsLimits() throws {
    for status in [Notice.Status.firing, .resolved] {
      let json = try body(Self.huge(status), Channel(.discord, url: "http://x"))
      let embed = try #require(json["embeds"]?.list?.first)
      let fields = embed["fields"]?.list ?? []
      #expect(length(json["content"]) <= 2000 && length(embed["description"]) <= 4096)
      #expect(fields.count <= 25)
      #expect(fields.allSatisfy { (1...256).contains(length($0["name"])) && (1...1024).contains(length($0["value"])) })
      let inAll =
        length(json["content"]) + length(embed["description"])
        + fields.reduce(0) { $0 + length($1["name"]) + length($1["value"]) }
      #expect(inAll <= 6000)
    }
  }

  @Test func discordMessageCallsNobody() throws {
    let json = try body(Self.small(.resolved), Channel(.discord, url: "http://x"))
    #expect(json["allowed_mentions"] == ["parse": []])
    #expect(json["content"]?.text == "[resolved] agent-1 \\<needs\\> a person")
  }

  @Test func manyFieldsOfDiscordAreTwentyFive() throws {
    var notice = Self.small()
    notice.fields = (1...60).map { Notice.Field("n\($0)", $0 == 3 ? "" : "v") }
    let json = try body(notice, Channel(.discord, url: "http://x"))
    #expect(json["embeds"]?.list?.first?["fields"]?.list?.count == 24)
  }

  // MARK: PagerDuty

  @Test func pagerDutyEventIsWithinItsLimits() throws {
    let channel = Channel(.pagerduty, url: "http://x/", routingKey: "r1")
    let request = ServiceRequest(notice: Self.huge(), channel: channel, now: Self.now).request
    #expect(request.url == "http://x/v2/enqueue")
    #expect(try #require(request.body).count < 512 * 1024)
    let json = try body(Self.huge(), channel)
    #expect(length(json["dedup_key"]) <= 255 && length(json["payload"]?["summary"]) == 1024)
    #expect(json["payload"]?["severity"]?.text == "critical")
  }

  @Test(arguments: [
    (Notice.Status.info, "trigger"), (.firing, "trigger"), (.updated, "trigger"), (.acknowledged, "acknowledge"),
    (.resolved, "resolve"),
  ])
  func pagerDutyKnowsATroubleByItsKey(_ status: Notice.Status, _ action: String) throws {
    let json = try body(Self.small(status), Channel(.pagerduty, url: "http://x", routingKey: "r1"))
    #expect(json["routing_key"]?.text == "r1" && json["event_action"]?.text == action)
    #expect(json["dedup_key"]?.text == "escalation/agent-1")
    #expect((json["payload"] != nil) == (action == "trigger"))
  }

  @Test func longKeysThatBeginAlikeStayApart() {
    let keys = ["a", "b"].map { PagerDutyEvents.dedupKey(String(repeating: "k", count: 300) + $0) }
    #expect(keys[0] != keys[1] && keys.allSatisfy { $0.utf16.count <= 255 })
  }

  @Test(arguments: zip(Severity.allCases, ["info", "warning", "error", "critical"]))
  func pagerDutyHasWordsOfItsOwn(_ severity: Severity, _ word: String) throws {
    var notice = Self.small()
    notice.severity = severity
    let json = try body(notice, Channel(.pagerduty, url: "http://x"))
    #expect(json["payload"]?["severity"]?.text == word)
  }

  // MARK: Alertmanager and the plain webhook

  @Test func alertEndsUnlessItIsPostedAgainAndByItsEnd() throws {
    let channel = Channel(.alertmanager, url: "http://x")
    let firing = try #require(try body(Self.small(), channel).list?.first)
    let resolved = try #require(try body(Self.small(.resolved), channel).list?.first)
    #expect(firing["endsAt"]?.text == "2026-11-22T08:15:00.000Z")
    #expect(resolved["endsAt"]?.text == "2026-11-22T07:59:00.000Z")
    #expect(firing["labels"] == resolved["labels"])
    #expect(firing["annotations"]?["by"]?.text == "alice & bob")
  }

  @Test func namesOfAnnotationsAreNames() throws {
    var notice = Self.small()
    notice.fields = [Notice.Field("error rate", "1"), Notice.Field("95 %", "2"), Notice.Field("", "3")]
    let alert = try #require(try body(notice, Channel(.alertmanager, url: "http://x")).list?.first)
    let names = alert["annotations"]?.object?.members.map { String(decoding: $0.key, as: UTF8.self) } ?? []
    #expect(names == ["summary", "error_rate", "_95__", "_", "description", "agents", "role"])
  }

  @Test func plainWebhookHasAllOfIt() throws {
    let json = try body(Self.small(), Channel(.webhook, url: "http://x"))
    let expected = """
      {"version":1,"key":"escalation/agent-1","status":"firing","severity":"high","title":"agent-1 <needs> a person",\
      "text":"a\\nb","fields":[{"name":"by","value":"alice & bob"}],"agents":["agent-1"],"role":"support",\
      "at":"2026-11-22T08:00:00.000Z"}
      """
    #expect(String(decoding: json.encoded, as: UTF8.self) == expected)
  }

  @Test func webhookCallsNewsByTheWordOfItsFormat() throws {
    for (format, word) in [(1, "told"), (2, "info")] {
      var channel = Channel(.webhook, url: "http://x")
      channel.format = format
      let news = try body(Self.small(.info), channel)
      #expect(news["status"]?.text == word && news["version"]?.int == format)
      #expect(try body(Self.small(.firing), channel)["status"]?.text == "firing")
    }
  }

  // MARK: Answers

  private func verdict(_ kind: Channel.Kind, _ status: Int, _ headers: [String: String] = [:], _ body: String = "")
    -> DeliveryResult
  {
    let response = HTTPResponse(status: status, headers: headers, body: Array(body.utf8))
    return ServiceRequest(notice: Self.small(), channel: Channel(kind, url: "http://x"), now: Self.now).result(
      of: .response(response), at: Self.now)
  }

  @Test(arguments: Channel.Kind.allCases)
  func answersMeanTheSameForMost(_ kind: Channel.Kind) {
    #expect(verdict(kind, 200, [:], "ok") == .delivered(pause: nil))
    #expect(verdict(kind, 202) == .delivered(pause: nil))
    #expect(verdict(kind, 400, [:], "invalid") == .refused("HTTP 400: invalid"))
    #expect(verdict(kind, 301) == .refused("HTTP 301"))
    #expect(verdict(kind, 503) == .retry("HTTP 503", after: nil))
    #expect(verdict(kind, 503, ["retry-after": "2"]) == .retry("HTTP 503", after: .seconds(2)))
    #expect(verdict(kind, 429, ["retry-after": "0.25"]) == .retry("HTTP 429", after: .milliseconds(250)))
    #expect(verdict(kind, 429, ["retry-after": "soon"]) == .retry("HTTP 429", after: nil))
  }

  /// 2026-11-22T08:00:00Z is what the handler's clock shows.
  @Test(arguments: [
    (["retry-after": "Sun, 22 Nov 2026 08:00:30 GMT"], TimeSpan.seconds(30)),
    // What counts is the service's own clock, here an hour ahead.
    (["retry-after": "Sun, 22 Nov 2026 09:00:30 GMT", "date": "Sun, 22 Nov 2026 09:00:00 GMT"], .seconds(30)),
    (["retry-after": "Sun, 22 Nov 2026 08:00:30 GMT", "date": "today"], .seconds(30)),
    (["retry-after": "Sun, 22 Nov 2026 07:59:30 GMT"], .zero),
    (["retry-after": "Mon, 23 Nov 2026 07:59:59 GMT"], .seconds(86_399)),
    (["retry-after": "Mon, 23 Nov 2026 08:00:00 GMT"], nil),
  ])
  func retryAfterMayBeADate(_ headers: [String: String], _ span: TimeSpan?) {
    for kind in Channel.Kind.allCases {
      #expect(verdict(kind, 429, headers) == .retry("HTTP 429", after: span))
      #expect(verdict(kind, 503, headers) == .retry("HTTP 503", after: span))
    }
  }

  @Test func discordsHeadersAreHeeded() {
    let empty = ["x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "1.337"]
    #expect(verdict(.discord, 204, empty) == .delivered(pause: .milliseconds(1337)))
    #expect(verdict(.discord, 204, ["x-ratelimit-remaining": "3"]) == .delivered(pause: nil))
    let body = #"{"message":"slow down","retry_after":0.6459,"global":false}"#
    #expect(verdict(.discord, 429, [:], body) == .retry("HTTP 429: \(body)", after: .milliseconds(646)))
    #expect(verdict(.discord, 404, [:], "gone") == .endpointGone("HTTP 404: gone"))
    #expect(verdict(.slack, 404, [:], "no_service") == .refused("HTTP 404: no_service"))
  }

  @Test func brokenConnectionIsTriedAgain() {
    let message = ServiceRequest(notice: Self.small(), channel: Channel(.slack, url: "http://x"), now: Self.now)
    #expect(
      message.result(of: .failed(.unsent("POST http://x: refused")), at: Self.now)
        == .retry("POST http://x: refused", after: nil))
  }

  @Test func attemptsAreFurtherAndFurtherApartAndNeverAllAtOnce() {
    #expect(
      (1...9).map { TimeSpan.backoff(after: $0, chance: 0).milliseconds } == [
        500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
      ])
    #expect(TimeSpan.backoff(after: 3, chance: 0.5) == .milliseconds(3000))
    #expect(TimeSpan.backoff(after: 1000, chance: 0.999) < .seconds(60))
  }

  @Test func discordIsSentNoBlanks() throws {
    var notice = Notice(key: "k", severity: .low, title: "t", text: " \n\t", at: .epoch)
    notice.fields = [Notice.Field("note", "  "), Notice.Field(" ", "x")]
    #expect(try body(notice, Channel(.discord, url: "http://x"))["embeds"] == nil)
  }
}
