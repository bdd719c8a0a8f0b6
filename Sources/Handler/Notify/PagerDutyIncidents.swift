import Automation
import FleetModel
import HTTP
import Wire

/// PagerDuty's REST API, by which incidents are read: `GET /incidents` of one dedup key, those that somebody has
/// acknowledged.
///
/// | fact | from |
/// |---|---|
/// | `Authorization: Token token=…`, `Accept: application/json;version=2` | REST API, authentication and versioning |
/// | `incident_key` finds an incident by its key, or by that of one of its alerts | list incidents |
/// | `since` and `until` bound when it was created; without them 30 days | list incidents |
/// | pages by `limit` and `offset`, at most 100 each; `more` says whether there is another | pagination |
/// | 429 has `ratelimit-reset` seconds | REST API rate limits |
enum PagerDutyIncidents {
  struct Acknowledgement: Equatable {
    var incident: String
    var name: String
    var at: Instant
  }

  struct Page: Equatable {
    /// The last of each incident.
    var acknowledgements: [Acknowledgement]
    var hasMore: Bool
  }

  static let limit = 25
  static let mostPages = 4
  private static let mostAnswer = 1 << 20
  /// In bytes, of the 256 that an operator's name may have.
  private static let mostName = 200

  static func request(key: String, since: Instant, page: Int, _ channel: Channel) -> HTTPRequest {
    let query = [
      "incident_key=\(encoded(PagerDutyEvents.dedupKey(key)))", "statuses%5B%5D=acknowledged",
      "since=\(encoded(ISO8601.format(since)))", "limit=\(limit)", "offset=\(page * limit)",
    ]
    var base = channel.readURL
    while base.hasSuffix("/") { base.removeLast() }
    var request = HTTPRequest(
      url: "\(base)/incidents?\(query.joined(separator: "&"))",
      headers: [
        .init("Authorization", "Token token=\(channel.token)"), .init("Accept", "application/json;version=2"),
        .init("Content-Type", "application/json"), .init("User-Agent", "vigia-handler"),
      ])
    request.mostBody = mostAnswer
    return request
  }

  /// Nil if it is no page of incidents.
  static func page(_ json: JSONValue) -> Page? {
    guard let list = json["incidents"]?.list else { return nil }
    let found = list.prefix(limit).compactMap { incident -> Acknowledgement? in
      guard incident["status"]?.text == "acknowledged", let id = incident["id"]?.text else { return nil }
      let all = (incident["acknowledgements"]?.list ?? []).compactMap { acknowledgement -> Acknowledgement? in
        guard let at = acknowledgement["at"]?.text.flatMap({ ISO8601.parse($0) }) else { return nil }
        return Acknowledgement(incident: id, name: name(acknowledgement["acknowledger"]), at: at)
      }
      return all.max { $0.at < $1.at }
    }
    return Page(acknowledgements: found, hasMore: json["more"]?.bool ?? false)
  }

  /// Whoever acknowledged it, as an operator is called.
  private static func name(_ person: JSONValue?) -> String {
    let words = PlainText.line(person?["summary"]?.text ?? person?["id"]?.text ?? "")
    return (words.isEmpty ? "somebody" : words).clipped(toBytes: mostName)
  }

  private static func encoded(_ text: String) -> String {
    text.utf8.reduce(into: "") { result, byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        result += byte < 16 ? "%0\(digits)" : "%\(digits)"
      }
    }
  }
}
