import Automation
import FleetModel
import HTTP
import Wire

/// PagerDuty's REST API, by which incidents are read: `GET /incidents` of one dedup key, the latest first.
///
/// | fact | from |
/// |---|---|
/// | `Authorization: Token token=…`, `Accept: application/json;version=2` | REST API, authentication and versioning |
/// | `incident_key` finds an incident by its key, or by that of one of its alerts | list incidents |
/// | `since` and `until` bound when it was created; without them 30 days | list incidents |
/// | `statuses[]` may stand there several times; `sort_by` is a field and `asc` or `desc` | list incidents |
/// | pages by `limit` and `offset`, at most 100 each; `more` says whether there is another | pagination |
/// | `acknowledgements` is empty unless the status is `acknowledged` | incident |
/// | `last_status_change_by` and an acknowledger are a `user_reference`, or a service or an integration: then no person did it | incident |
/// | `resolve_reason` is null, or says into which incident it was merged | incident |
/// | 429 has `ratelimit-reset` seconds | REST API rate limits |
enum PagerDutyIncidents {
  struct Act: Equatable {
    /// Nil: no person, but PagerDuty itself or a program.
    var by: String?
    var at: Instant
  }

  struct Incident: Equatable {
    enum State: Equatable {
      /// Nobody has it in hand.
      case open
      /// With the last acknowledgement of a person; nil if it was a program.
      case acknowledged(Act?)
      case resolved(Act)
    }

    var id: String
    var state: State
  }

  struct Page: Equatable {
    var incidents: [Incident]
    var hasMore: Bool
  }

  static let limit = 25
  static let mostPages = 4
  private static let mostAnswer = 1 << 20
  /// In bytes, of the 256 that an operator's name may have.
  private static let mostName = 200
  private static let mostID = 64

  static func request(key: String, since: Instant, page: Int, _ channel: Channel) -> HTTPRequest {
    let query = [
      "incident_key=\(encoded(PagerDutyEvents.dedupKey(key)))", "statuses%5B%5D=triggered",
      "statuses%5B%5D=acknowledged", "statuses%5B%5D=resolved", "sort_by=created_at%3Adesc",
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
    let found = list.prefix(limit).map { Incident(id: $0["id"]?.text ?? "", state: state($0)) }
    return Page(incidents: found, hasMore: json["more"]?.bool ?? false)
  }

  /// What is not understood goes on: nothing is ended by it.
  private static func state(_ incident: JSONValue) -> Incident.State {
    guard let id = incident["id"]?.text, (1...mostID).contains(id.utf8.count) else { return .open }
    switch incident["status"]?.text {
    case "acknowledged": return .acknowledged(acknowledgement(incident["acknowledgements"]?.list ?? []))
    case "resolved":
      guard let at = instant(incident["resolved_at"]) ?? instant(incident["last_status_change_at"]) else {
        return .open
      }
      // Whoever merges it into another one does not say that its trouble is over.
      let isMerged = incident["resolve_reason"].map { $0 != .null } ?? false
      return .resolved(Act(by: isMerged ? nil : person(incident["last_status_change_by"]), at: at))
    default: return .open
    }
  }

  /// The last of a person.
  private static func acknowledgement(_ all: [JSONValue]) -> Act? {
    let acts = all.compactMap { acknowledgement -> Act? in
      guard let at = instant(acknowledgement["at"]), let who = person(acknowledgement["acknowledger"]) else {
        return nil
      }
      return Act(by: who, at: at)
    }
    return acts.max { $0.at < $1.at }
  }

  private static func instant(_ json: JSONValue?) -> Instant? { json?.text.flatMap { ISO8601.parse($0) } }

  /// A person's name, as an operator is called; nil if it is none: what vigia's own events did there is a service's.
  private static func person(_ agent: JSONValue?) -> String? {
    guard let agent, let type = agent["type"]?.text, type == "user" || type == "user_reference" else { return nil }
    let words = PlainText.line(agent["summary"]?.text ?? agent["id"]?.text ?? "")
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
