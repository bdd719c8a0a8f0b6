import Automation
import FleetModel
import TestSupport
import Wire

@testable import Handler

/// An account of PagerDuty with one integration: it takes events, lists incidents, and refuses what the documentation
/// refuses.
final class PagerDutyAccount {
  struct Incident: Equatable {
    let id: String
    let key: String
    var status = "triggered"
    var acknowledgements: [(who: Who, at: Instant)] = []
    var resolution: (who: Who, at: Instant)?
    /// The id of the incident that it was merged into.
    var mergedInto: String?

    static func == (left: Incident, right: Incident) -> Bool { left.id == right.id && left.status == right.status }
  }

  /// Who changes the status of an incident.
  enum Who: Equatable {
    case person(String)
    /// The service's own time limit, or an event of the Events API.
    case service
    case integration

    var json: JSONValue {
      switch self {
      case .person(let name): ["id": "PXPGF42", "type": "user_reference", "summary": .string(name)]
      case .service: ["id": "PIJ90N7", "type": "service_reference", "summary": "Agents"]
      case .integration: ["id": "PE1U9CH", "type": "integration_reference", "summary": "vigia"]
      }
    }
  }

  static let token = "u+s3cretRestKey"
  static let routingKey = "R0123456789ABCDEF0123456789ABCDE"

  private(set) var incidents: [Incident] = []
  /// The actions of the events that came.
  private(set) var events: [String] = []
  /// The addresses that were read, without the host.
  private(set) var reads: [String] = []
  /// What the next reads end with, in place of an answer.
  var answers: [MockService.Answer] = []
  /// Whether the list of incidents is behind by one that was resolved.
  var isBehind = false
  /// PagerDuty's time.
  var clock: () -> Instant = { .epoch }
  private let schema: JSONSchema

  init() throws { schema = try JSONSchema(named: "pagerduty-event") }

  /// How a handler reaches it.
  static func channel(_ url: String) -> Channel {
    var channel = Channel(.pagerduty, url: url, routingKey: routingKey)
    (channel.token, channel.readURL) = (token, url)
    return channel
  }

  func service(on server: TestServer) throws -> MockService {
    try MockService(loop: server.loop) { [self] request in
      request.path == "/v2/enqueue" ? take(request) : list(request)
    }
  }

  /// As on the phone.
  func acknowledge(_ key: String, by name: String, at now: Instant) {
    for place in incidents.indices where incidents[place].key == key && incidents[place].status == "triggered" {
      incidents[place].status = "acknowledged"
      incidents[place].acknowledgements.append((.person(name), now))
    }
  }

  /// As on the phone, if a person does it.
  func resolve(_ key: String, by who: Who, mergingInto other: String? = nil, at now: Instant) {
    for place in incidents.indices where incidents[place].key == key && incidents[place].status != "resolved" {
      (incidents[place].status, incidents[place].resolution) = ("resolved", (who, now))
      incidents[place].mergedInto = other
    }
  }

  // MARK: Events

  private func take(_ request: MockService.Request) -> MockService.Answer {
    guard request.method == "POST", let json = try? JSONValue.parse(request.body), schema.faults(of: json).isEmpty,
      json["routing_key"]?.text == Self.routingKey, let action = json["event_action"]?.text,
      let key = json["dedup_key"]?.text, key.utf16.count <= 255,
      action != "trigger" || (json["payload"]?["summary"]?.text?.utf16.count ?? 0) <= 1024
    else {
      return .status(400, #"{"status":"invalid event","message":"Event object is invalid","errors":["…"]}"#)
    }
    events.append(action)
    let open = incidents.lastIndex { $0.key == key && $0.status != "resolved" }
    switch (action, open) {
    case ("trigger", nil): incidents.append(Incident(id: "Q\(incidents.count)ABC", key: key))
    case ("acknowledge", let place?):
      incidents[place].status = "acknowledged"
      incidents[place].acknowledgements.append((.service, clock()))
    case ("resolve", let place?):
      (incidents[place].status, incidents[place].resolution) = ("resolved", (.service, clock()))
    default: break
    }
    return .status(202, #"{"status":"success","message":"Event processed","dedup_key":"…"}"#)
  }

  // MARK: Incidents

  private func list(_ request: MockService.Request) -> MockService.Answer {
    reads.append(request.path)
    if !answers.isEmpty { return answers.removeFirst() }
    guard request.method == "GET", request.path.hasPrefix("/incidents?") else { return .status(404) }
    guard request.headers["authorization"] == ["Token token=\(Self.token)"] else {
      return .status(401, #"{"error":{"message":"Account Not Found","code":2006}}"#)
    }
    guard request.headers["accept"] == ["application/json;version=2"] else { return .status(406) }
    let query = Self.query(request.path)
    let statuses = query["statuses[]"] ?? []
    guard let limit = query["limit"]?.first.flatMap({ Int($0) }), (1...100).contains(limit),
      let offset = query["offset"]?.first.flatMap({ Int($0) }), offset >= 0, offset + limit <= 10_000,
      statuses.allSatisfy({ ["triggered", "acknowledged", "resolved"].contains($0) }),
      query["sort_by"].map({ $0 == ["created_at:desc"] }) ?? true,
      query["since"]?.first.map({ ISO8601.parse($0) != nil }) ?? true
    else { return .status(400, #"{"error":{"message":"Invalid Input Provided","code":2001}}"#) }
    let all = query["sort_by"] == nil ? incidents : incidents.reversed()
    let found = all.filter {
      (statuses.isEmpty || statuses.contains(status($0)))
        && (query["incident_key"] == nil || query["incident_key"] == [$0.key])
    }
    let page = found.dropFirst(offset).prefix(limit).map(json)
    let answer: JSONValue = [
      "incidents": .array(page), "limit": .integer(Int64(limit)), "offset": .integer(Int64(offset)), "total": .null,
      "more": .bool(offset + limit < found.count),
    ]
    return .response(.init(status: 200, headers: [("Content-Type", "application/json")], body: answer.encoded))
  }

  private func status(_ incident: Incident) -> String {
    isBehind && !incident.acknowledgements.isEmpty ? "acknowledged" : incident.status
  }

  private func json(_ incident: Incident) -> JSONValue {
    let status = status(incident)
    let acknowledgements = status == "acknowledged" ? incident.acknowledgements : []
    let resolution = status == "resolved" ? incident.resolution : nil
    let last = resolution ?? acknowledgements.last
    return [
      "id": .string(incident.id), "type": "incident", "summary": "[#1] …", "incident_number": 1,
      "status": .string(status), "incident_key": .string(incident.key),
      "acknowledgements": .array(
        acknowledgements.map { who, at in ["at": .string(ISO8601.format(at)), "acknowledger": who.json] }),
      "resolved_at": resolution.map { .string(ISO8601.format($0.at)) } ?? .null,
      "last_status_change_at": last.map { .string(ISO8601.format($0.at)) } ?? .null,
      "last_status_change_by": (last?.who ?? .service).json,
      "resolve_reason": incident.mergedInto.map {
        ["type": "merge_resolve_reason", "incident": ["id": .string($0), "type": "incident_reference"]]
      } ?? .null,
    ]
  }

  private static func query(_ path: String) -> [String: [String]] {
    let parts = path.split(separator: "?", maxSplits: 1).last?.split(separator: "&") ?? []
    return parts.reduce(into: [:]) { query, part in
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if pair.count == 2 { query[decoded(pair[0]), default: []].append(decoded(pair[1])) }
    }
  }

  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
