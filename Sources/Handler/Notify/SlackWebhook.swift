import Automation
import FleetModel
import HTTP
import Wire

/// Slack's incoming webhook: `{"text", "blocks": [header or section …]}`.
///
/// What a notice says is text: `plain_text` has no markup, the text that notifications show is not read as `mrkdwn`, and
/// nothing is unfurled.
///
/// | limit | from |
/// |---|---|
/// | one message a second for each webhook | docs.slack.dev, rate limits |
/// | 50 blocks a message; a header 150 characters; a section's text 3000, 10 fields of 2000 | Block Kit |
/// | `&`, `<` and `>` as entities, which count as they are written | formatting text |
enum SlackWebhook: NotificationService {
  static let mostText = 3000
  static let mostFieldText = 2000
  private static let mostHeader = 150
  private static let mostFields = 10
  /// What a notification shows; a message's text may be longer.
  private static let mostFallback = 3000

  static func body(_ notice: Notice, for channel: Channel, at now: Instant) -> JSONValue {
    let headline = "\(notice.heading) \(PlainText.unlinkedLine(notice.title))"
    var blocks = [head(headline)]
    let words = PlainText.unlinked(notice.text)
    if !words.isEmpty { blocks.append(section(words)) }
    let fields = fields(notice)
    if !fields.isEmpty { blocks.append(["type": "section", "fields": .array(fields)]) }
    if let links = NoticeLinks.slack(notice.links) { blocks.append(links) }
    return [
      "text": .string(clipped(headline, to: mostFallback)), "blocks": .array(blocks), "mrkdwn": false, "parse": "none",
      "unfurl_links": false, "unfurl_media": false,
    ]
  }

  /// In large letters, if it fits there.
  private static func head(_ headline: String) -> JSONValue {
    let isShort = clipped(headline, to: mostHeader) == clipped(headline, to: mostText)
    return isShort ? ["type": "header", "text": text(headline, most: mostHeader)] : section(headline)
  }

  private static func section(_ words: String) -> JSONValue {
    ["type": "section", "text": text(words, most: mostText)]
  }

  private static func text(_ words: String, most: Int) -> JSONValue {
    ["type": "plain_text", "text": .string(clipped(words, to: most)), "emoji": false]
  }

  private static func clipped(_ words: String, to most: Int) -> String {
    PlainText.clipped(words, to: most, escape: PlainText.slackEscaped)
  }

  private static func fields(_ notice: Notice) -> [JSONValue] {
    var fields = notice.fields.prefix(mostFields - 2)
    if !notice.agents.isEmpty { fields.append(Notice.Field("agents", notice.agentNames(atMost: 20))) }
    if let role = notice.role { fields.append(Notice.Field("role", role)) }
    return fields.map { field in
      let name = PlainText.clipped(PlainText.unlinkedLine(field.name), to: 200)
      return text("\(name): \(PlainText.unlinked(field.value))", most: mostFieldText)
    }
  }
}
