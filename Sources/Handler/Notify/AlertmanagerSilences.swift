import Automation
import FleetModel
import HTTP
import Wire

/// Alertmanager's silences: an acknowledgement is a short one that is renewed while it stands, and those of others are read.
///
/// | fact | from |
/// |---|---|
/// | `POST /api/v2/silences` of `{id?, matchers, startsAt, endsAt, createdBy, comment}` answers `silenceID` | API v2 |
/// | with the id of one whose beginning and matchers stay, its end is moved; otherwise another is made | API v2 |
/// | `GET /api/v2/alerts` says by `status.silencedBy` which silences hold an alert | API v2 |
enum AlertmanagerSilences {
  /// One that stands or is to begin.
  struct Silence: Equatable {
    var id: String
    /// What it is for, if it is one of vigia's own: the label `key` of an alert.
    var key: String?
    var startsAt: String
    var endsAt: Instant
    var createdBy: String
    var comment: String
  }

  /// How long one stands without being renewed, and how much of that is left when it is.
  static let stands = TimeSpan.minutes(15)
  static let renewedBefore = TimeSpan.minutes(10)
  private static let mark = "vigia: acknowledged"
  private static let mostAnswer = 1 << 20
  private static let mostText = 200

  static func alerts(_ channel: Channel) -> HTTPRequest { get("/api/v2/alerts?filter=service%3D%22vigia%22", channel) }
  static func own(_ channel: Channel) -> HTTPRequest { get("/api/v2/silences?filter=service%3D%22vigia%22", channel) }
  static func silence(_ id: String, _ channel: Channel) -> HTTPRequest { get("/api/v2/silence/\(id)", channel) }

  static func end(_ silence: Silence, _ channel: Channel) -> HTTPRequest {
    HTTPRequest(posting: nil, to: channel.url, path: "/api/v2/silence/\(silence.id)", method: "DELETE")
  }

  /// - Parameter old: the one to go on with.
  static func post(key: String, by who: String, after old: Silence?, _ channel: Channel, at now: Instant) -> HTTPRequest
  {
    func matcher(_ name: String, _ value: String) -> JSONValue {
      ["name": .string(name), "value": .string(value), "isRegex": false, "isEqual": true]
    }
    let body: JSONValue = [
      "id": old.map { .string($0.id) },
      "matchers": [matcher("key", key), matcher("service", "vigia")],
      // One that begins at once begins at a time of Alertmanager's own, finer than what it tells: no later post could name
      // that beginning, and each would make another silence.
      "startsAt": .string(old?.startsAt ?? ISO8601.format(now + .seconds(1))),
      "endsAt": .string(ISO8601.format(now + stands)),
      "createdBy": .string(PlainText.clipped(PlainText.line(who), to: mostText)),
      "comment": .string(mark),
    ]
    return HTTPRequest(posting: body, to: channel.url, path: "/api/v2/silences")
  }

  /// The ids of the silences that hold each of vigia's alerts, by its label `key`; nil if it is no list of alerts.
  static func holds(_ json: JSONValue) -> [ExactText: [String]]? {
    guard let list = json.list else { return nil }
    var holds: [ExactText: [String]] = [:]
    for alert in list {
      guard let key = alert["labels"]?["key"]?.text else { continue }
      holds[ExactText(key), default: []] += (alert["status"]?["silencedBy"]?.list ?? []).compactMap(\.text).filter(isID)
    }
    return holds
  }

  static func silences(_ json: JSONValue) -> [Silence]? { json.list?.compactMap(silence) }

  /// Nil if it is none, or has ended.
  static func silence(_ json: JSONValue) -> Silence? {
    guard let id = json["id"]?.text, isID(id), let state = json["status"]?["state"]?.text, state != "expired",
      let start = json["startsAt"]?.text, let end = json["endsAt"]?.text.flatMap({ ISO8601.parse($0) })
    else { return nil }
    let comment = json["comment"]?.text ?? ""
    return Silence(
      id: id, key: comment == mark ? ownKey(json["matchers"]?.list ?? []) : nil, startsAt: start, endsAt: end,
      createdBy: PlainText.line(json["createdBy"]?.text ?? "").clipped(toBytes: mostText),
      comment: PlainText.clipped(PlainText.line(comment), to: mostText))
  }

  private static func ownKey(_ matchers: [JSONValue]) -> String? {
    guard matchers.count == 2, matchers.allSatisfy({ $0["isRegex"]?.bool == false && $0["isEqual"]?.bool != false }),
      matchers.contains(where: { $0["name"]?.text == "service" && $0["value"]?.text == "vigia" })
    else { return nil }
    return matchers.first { $0["name"]?.text == "key" }?["value"]?.text
  }

  /// It stands in a path.
  private static func isID(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"): true
        default: false
        }
      }
  }

  private static func get(_ path: String, _ channel: Channel) -> HTTPRequest {
    var request = HTTPRequest(posting: nil, to: channel.url, path: path, method: "GET")
    request.mostBody = mostAnswer
    return request
  }
}
