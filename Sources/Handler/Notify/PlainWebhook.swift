import Automation
import FleetModel
import HTTP
import Wire

/// A service of one's own: one JSON object a notice, by POST. 2xx takes it; 408, 425, 429 and 5xx ask for it again;
/// anything else refuses it. What comes twice has the same `key`, `status` and `at`.
///
/// ```json
/// {"version": 1, "key": "group/latency/high", "status": "firing", "severity": "high", "title": "…", "text": "…",
///  "fields": [{"name": "error rate", "value": "25%"}], "agents": ["agent-1"], "role": "support", "rule": "latency",
///  "at": "2026-11-22T08:00:00.000Z"}
/// ```
/// `status` is one of `info` (in format 1 `told`), `firing`, `updated`, `acknowledged`, `resolved`; `role`, `rule` and `links` (`[{"name","url"}]`) are left out where there
/// is none.
enum PlainWebhook: NotificationService {
  static func body(_ notice: Notice, for channel: Channel, at now: Instant) -> JSONValue {
    [
      "version": .integer(Int64(channel.format)),
      "key": .string(notice.key),
      "status": .string(status(notice.status, channel.format)),
      "severity": .string(notice.severity.rawValue),
      "title": .string(PlainText.line(notice.title)),
      "text": .string(PlainText.scrubbed(notice.text)),
      "fields": .array(
        notice.fields.map {
          ["name": .string(PlainText.line($0.name)), "value": .string(PlainText.scrubbed($0.value))]
        }),
      "agents": .array(notice.agents.map { .string($0.escapedText) }),
      "role": notice.role.map { .string($0) },
      "rule": notice.rule.map { .string($0) },
      "links": NoticeLinks.webhook(notice.links),
      "at": .string(ISO8601.format(notice.at)),
    ]
  }

  /// Format 1 keeps the word that news had before.
  private static func status(_ status: Notice.Status, _ format: Int) -> String {
    format > 1 && status == .info ? "info" : status.rawValue
  }
}
