import Automation
import FleetModel
import Wire

/// Slack's incoming webhook: `{"text", "blocks": [section …]}`.
///
/// | limit | from |
/// |---|---|
/// | one message a second for each webhook | docs.slack.dev, rate limits |
/// | 50 blocks a message; a section's text 3000 characters, 10 fields of 2000 | Block Kit, section |
/// | `&`, `<` and `>` as entities, which count as they are written | formatting text |
enum SlackWebhook {
  static let mostText = 3000
  static let mostFieldText = 2000
  private static let mostFields = 10
  /// What a notification shows; a message's text may be longer.
  private static let mostFallback = 3000

  static func body(_ notice: Notice) -> JSONValue {
    var blocks = [section(text("*", notice.headline, "*"))]
    let words = PlainText.scrubbed(notice.text)
    if !words.isEmpty { blocks.append(section(text("", words, ""))) }
    let fields = fields(notice)
    if !fields.isEmpty { blocks.append(["type": "section", "fields": .array(fields)]) }
    let fallback = PlainText.clipped(notice.headline, to: mostFallback, escape: PlainText.slackEscaped)
    return ["text": .string(fallback), "blocks": .array(blocks)]
  }

  static func verdict(_ result: HTTPResult, at now: Instant) -> Verdict { Verdict(usual: result, at: now) }

  private static func section(_ text: JSONValue) -> JSONValue { ["type": "section", "text": text] }

  private static func text(_ before: String, _ words: String, _ after: String, most: Int = mostText) -> JSONValue {
    let room = most - before.utf16.count - after.utf16.count
    let words = PlainText.clipped(words, to: room, escape: PlainText.slackEscaped)
    return ["type": "mrkdwn", "text": .string(before + words + after)]
  }

  private static func fields(_ notice: Notice) -> [JSONValue] {
    var fields = notice.fields.prefix(mostFields - 2)
    if !notice.agents.isEmpty { fields.append(Notice.Field("agents", notice.agentNames(atMost: 20))) }
    if let role = notice.role { fields.append(Notice.Field("role", role)) }
    return fields.map { field in
      let name = PlainText.clipped(PlainText.line(field.name), to: 200, escape: PlainText.slackEscaped)
      return text("*\(name)*\n", PlainText.scrubbed(field.value), "", most: mostFieldText)
    }
  }
}
