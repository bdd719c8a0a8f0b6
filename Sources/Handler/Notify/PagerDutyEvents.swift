import Automation
import FleetModel
import HTTP
import Wire

/// PagerDuty's Events API v2: `POST /v2/enqueue` of
/// `{"routing_key", "event_action", "dedup_key", "payload": {summary, source, severity, timestamp, custom_details}}`.
///
/// | limit | from |
/// |---|---|
/// | dedup_key 255 characters, summary 1024 | PD-CEF, send an event |
/// | an event 512 KB | Events API v2, size limits |
/// | 202 taken; 400 never will be; 429 and 5xx later | response codes and retry logic |
enum PagerDutyEvents: NotificationService {
  static let path = "/v2/enqueue"
  static let mostKey = 255
  static let mostSummary = 1024
  static let mostBytes = 512 * 1024
  /// Together well within the bytes of an event, three of which a character may take.
  private static let mostText = 32_000
  private static let mostFields = 32
  private static let mostValue = 1000
  private static let mostName = 100
  private static let mostAgents = 50

  static func body(_ notice: Notice, for channel: Channel, at now: Instant) -> JSONValue {
    let action = action(notice.status)
    return [
      "routing_key": .string(channel.routingKey),
      "event_action": .string(action),
      "dedup_key": .string(dedupKey(notice.key)),
      "client": action == "trigger" ? "vigia" : nil,
      "payload": action == "trigger" ? payload(notice) : nil,
      "links": action == "trigger" ? NoticeLinks.pagerDuty(notice.links) : nil,
    ]
  }

  /// The notice's key; of one that is too long the beginning, and a hash of all of it, so that it stays its own.
  static func dedupKey(_ key: String) -> String {
    let line = PlainText.line(key)
    // What is changed to be a line could otherwise be the key of another trouble.
    guard line.utf16.count > mostKey || !line.isExactly(key) else { return key }
    // FNV-1a, 64 bits.
    let hash = key.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    return PlainText.clipped(line, to: mostKey - 17) + "#" + String(hash, radix: 16)
  }

  private static func action(_ status: Notice.Status) -> String {
    switch status {
    case .info, .firing, .updated, .unacknowledged: "trigger"
    case .acknowledged: "acknowledge"
    case .resolved: "resolve"
    }
  }

  private static func payload(_ notice: Notice) -> JSONValue {
    let source = notice.agents.count == 1 ? notice.agentNames(atMost: 1) : "vigia"
    return [
      "summary": .string(PlainText.clipped(PlainText.unlinkedLine(notice.title), to: mostSummary)),
      "source": .string(PlainText.clipped(source.isEmpty ? "vigia" : source, to: mostName)),
      "severity": .string(severity(notice.severity)),
      "timestamp": .string(ISO8601.format(notice.at)),
      "class": notice.rule.map { .string(PlainText.clipped(PlainText.unlinkedLine($0), to: mostName)) },
      "group": notice.role.map { .string(PlainText.clipped(PlainText.unlinkedLine($0), to: mostName)) },
      "custom_details": details(notice),
    ]
  }

  private static func details(_ notice: Notice) -> JSONValue {
    var details: JSONObject = [:]
    let text = PlainText.clipped(PlainText.unlinked(notice.text), to: mostText)
    if !text.isEmpty { details["text"] = .string(text) }
    for field in notice.fields.prefix(mostFields) {
      let name = PlainText.clipped(PlainText.unlinkedLine(field.name), to: mostName)
      details[name] = .string(PlainText.clipped(PlainText.unlinked(field.value), to: mostValue))
    }
    if !notice.agents.isEmpty {
      details["agents"] = .integer(Int64(notice.agents.count))
      details["names"] = .array(
        notice.agents.prefix(mostAgents).map {
          .string(PlainText.clipped(PlainText.unlinkedLine($0.escapedText), to: mostName))
        })
    }
    return .object(details)
  }

  private static func severity(_ severity: Severity) -> String {
    switch severity {
    case .critical: "critical"
    case .high: "error"
    case .medium: "warning"
    case .low: "info"
    }
  }
}
