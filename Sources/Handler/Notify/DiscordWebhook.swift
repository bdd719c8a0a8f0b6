import Automation
import FleetModel
import HTTP
import Wire

/// Discord's webhook: `{"content", "embeds": [{description, fields …}], "allowed_mentions": {"parse": []}}`.
///
/// What a notice says is text: its markup is escaped, see ``DiscordText``, and nobody is mentioned.
///
/// | limit | from |
/// |---|---|
/// | content 2000 characters | Discord, execute webhook |
/// | an embed: description 4096; 25 fields, a name 256, a value 1024; 6000 in all | embed limits |
/// | `X-RateLimit-Remaining` 0: none before `X-RateLimit-Reset-After` seconds; a 429's JSON has `retry_after` | rate limits |
/// | 404: the webhook was deleted, and asking on is abuse | rate limits, invalid requests |
enum DiscordWebhook: NotificationService {
  static let mostContent = 2000
  static let mostDescription = 4096
  static let mostName = 256
  static let mostValue = 1024
  static let mostFields = 25
  /// Of all texts; the content, which Discord does not count among them, included.
  static let mostInAll = 6000

  static func body(_ notice: Notice, for channel: Channel, at now: Instant) -> JSONValue {
    let heading = "\(notice.heading) "
    let words = PlainText.clipped(PlainText.unlinkedLine(notice.title), to: mostContent)
    let title = DiscordText.escaped(words, startsLine: false)
    let content = heading + PlainText.clipped(title, to: mostContent - heading.utf16.count)
    var room = mostInAll - content.utf16.count
    let description = take(PlainText.unlinked(notice.text), mostDescription, &room)
    let links = NoticeLinks.discord(notice.links, &room).map { [$0] } ?? []
    let fields = Array((fields(notice, &room) + links).suffix(mostFields))
    let embed: JSONValue = [
      "description": isBlank(description) ? nil : .string(description),
      "color": .integer(color(notice)),
      "fields": fields.isEmpty ? nil : .array(fields),
    ]
    let isEmpty = isBlank(description) && fields.isEmpty
    return [
      "content": .string(content),
      "embeds": isEmpty ? nil : .array([embed]),
      // Nobody is called by what an agent, or an attacker, has named itself.
      "allowed_mentions": ["parse": []],
    ]
  }

  static func result(of answer: HTTPResult, at now: Instant) -> DeliveryResult {
    guard case .response(let response) = answer else { return DeliveryResult(usual: answer, at: now) }
    switch response.status {
    case 404: return .endpointGone(response.words)
    case 429:
      let spans = [
        response.json?["retry_after"]?.double.flatMap { TimeSpan(seconds: $0) }, response.retryAfter(at: now),
        response.seconds("x-ratelimit-reset-after"),
      ]
      // The header counts whole seconds, and the longest is the safest.
      return .retry(response.words, after: spans.compactMap(\.self).max())
    case 200..<300 where response.headers["x-ratelimit-remaining"] == "0":
      return .delivered(pause: response.seconds("x-ratelimit-reset-after"))
    default: return DeliveryResult(usual: answer, at: now)
    }
  }

  private static func fields(_ notice: Notice, _ room: inout Int) -> [JSONValue] {
    var all = notice.fields.prefix(mostFields - 2)
    if !notice.agents.isEmpty { all.append(Notice.Field("agents", notice.agentNames(atMost: 20))) }
    if let role = notice.role { all.append(Notice.Field("role", role)) }
    var fields: [JSONValue] = []
    for field in all {
      var left = room
      let name = take(PlainText.unlinkedLine(field.name), mostName, &left)
      let value = take(PlainText.unlinked(field.value), mostValue, &left)
      // Discord refuses a field without either, and blanks are nothing to it.
      guard !isBlank(name), !isBlank(value) else { continue }
      room = left
      fields.append(["name": .string(name), "value": .string(value), "inline": true])
    }
    return fields
  }

  private static func isBlank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }

  private static func take(_ text: String, _ most: Int, _ room: inout Int) -> String {
    let limit = min(most, room)
    let text = PlainText.clipped(DiscordText.escaped(PlainText.clipped(text, to: limit)), to: limit)
    room -= text.utf16.count
    return text
  }

  /// Red, green and blue.
  private static func color(_ notice: Notice) -> Int64 {
    guard notice.status != .resolved || !notice.isAllClear else { return 0x2E_A043 }
    return switch notice.severity {
    case .low: 0x6E_7781
    case .medium: 0xBF_8700
    case .high: 0xBC_4C00
    case .critical: 0xCF_222E
    }
  }
}
