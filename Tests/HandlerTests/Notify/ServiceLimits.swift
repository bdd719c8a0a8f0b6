import Automation
import FleetModel
import TestSupport
import Wire

/// What the documentation of each service says of a message that it takes, and what of that a message breaks.
///
/// Lengths are counted in UTF-16, as no service counts more.
struct ServiceLimits {
  /// How much of something there may be.
  private struct Limit {
    var what: String
    var most: Int
    var sizes: (JSONValue) -> [Int]
  }

  /// What must be so.
  private struct Demand {
    var what: String
    var isMet: (JSONValue) -> Bool
  }

  private let limits: [Limit]
  private let demands: [Demand]

  /// What a message breaks, in words.
  static func broken(by told: Told) -> [String] {
    let service = ServiceLimits(told.kind)
    let tooMuch = service.limits.flatMap { limit in
      limit.sizes(told.body).filter { $0 > limit.most }.map { "\(limit.what): \($0), at most \(limit.most)" }
    }
    return tooMuch + (service.demands + general(told.request)).filter { !$0.isMet(told.body) }.map(\.what)
  }

  /// What all services ask.
  private static func general(_ request: MockService.Request) -> [Demand] {
    [
      Demand(what: "POST, or PATCH of a message") { _ in
        request.method == (request.path.contains("/messages/") ? "PATCH" : "POST")
      },
      Demand(what: "application/json") { _ in request.headers["content-type"] == ["application/json"] },
      Demand(what: "no control characters in what people read") { body in
        body.texts(without: ["key", "agents"]).allSatisfy { text in
          text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control }
        }
      },
    ]
  }

  private init(_ kind: Channel.Kind) {
    switch kind {
    case .slack: (limits, demands) = (Self.slackLimits, Self.slackDemands)
    case .discord: (limits, demands) = (Self.discordLimits, Self.discordDemands)
    case .pagerduty: (limits, demands) = (Self.pagerDutyLimits, Self.pagerDutyDemands)
    case .alertmanager: (limits, demands) = ([], Self.alertmanagerDemands)
    case .webhook: (limits, demands) = ([], Self.webhookDemands)
    }
  }

  // MARK: Slack

  private static func sections(_ body: JSONValue) -> [JSONValue] { body["blocks"]?.list ?? [] }

  private static var slackLimits: [Limit] {
    [
      Limit(what: "blocks", most: 50) { [sections($0).count] },
      Limit(what: "text of a header", most: 150) { body in
        sections(body).filter { $0["type"] == "header" }.map { $0["text"]?["text"].length ?? 0 }
      },
      Limit(what: "text of a section", most: 3000) { sections($0).map { $0["text"]?["text"].length ?? 0 } },
      Limit(what: "fields of a section", most: 10) { sections($0).map { $0["fields"]?.list?.count ?? 0 } },
      Limit(what: "text of a field", most: 2000) {
        sections($0).flatMap { $0["fields"]?.list ?? [] }.map { $0["text"].length }
      },
    ]
  }

  private static var slackDemands: [Demand] {
    [
      Demand(what: "a fallback text") { $0["text"].length > 0 },
      Demand(what: "headers and sections of text or fields") {
        sections($0).allSatisfy { block in
          ["header", "section"].contains(block["type"]?.text)
            && (block["text"] != nil || block["type"] == "section" && block["fields"] != nil)
        }
      },
      Demand(what: "texts without markup") { body in
        let texts = sections(body).flatMap { [$0["text"]].compactMap(\.self) + ($0["fields"]?.list ?? []) }
        return texts.allSatisfy { $0["type"] == "plain_text" } && body["mrkdwn"] == false
      },
      // `<!channel>` would call everybody, and `<http…>` would be a link.
      Demand(what: "`<`, `>` and `&` only as entities") { body in
        body.texts.allSatisfy { text in
          let rest = text.replacing("&amp;", with: "").replacing("&lt;", with: "").replacing("&gt;", with: "")
          return !rest.contains { "<>&".contains($0) }
        }
      },
    ]
  }

  // MARK: Discord

  private static func embeds(_ body: JSONValue) -> [JSONValue] { body["embeds"]?.list ?? [] }
  private static func fields(_ body: JSONValue) -> [JSONValue] {
    embeds(body).flatMap { $0["fields"]?.list ?? [] }
  }

  private static var discordLimits: [Limit] {
    [
      Limit(what: "content", most: 2000) { [$0["content"].length] },
      Limit(what: "embeds", most: 10) { [embeds($0).count] },
      Limit(what: "description", most: 4096) { embeds($0).map { $0["description"].length } },
      Limit(what: "fields", most: 25) { embeds($0).map { $0["fields"]?.list?.count ?? 0 } },
      Limit(what: "name of a field", most: 256) { fields($0).map { $0["name"].length } },
      Limit(what: "value of a field", most: 1024) { fields($0).map { $0["value"].length } },
      Limit(what: "all of it", most: 6000) { body in
        let parts = embeds(body).map { $0["description"] } + fields(body).flatMap { [$0["name"], $0["value"]] }
        return [body["content"].length + parts.reduce(0) { $0 + $1.length }]
      },
    ]
  }

  private static var discordDemands: [Demand] {
    [
      Demand(what: "a content") { $0["content"].length > 0 },
      Demand(what: "nobody who may be mentioned") { $0["allowed_mentions"] == ["parse": []] },
      Demand(what: "fields with name and value") {
        fields($0).allSatisfy { $0["name"].length > 0 && $0["value"].length > 0 }
      },
    ]
  }

  // MARK: PagerDuty

  private static var pagerDutyLimits: [Limit] {
    [
      Limit(what: "bytes", most: 512 * 1024) { [$0.encoded.count] },
      Limit(what: "dedup_key", most: 255) { [$0["dedup_key"].length] },
      Limit(what: "summary", most: 1024) { [$0["payload"]?["summary"].length ?? 0] },
    ]
  }

  private static var pagerDutyDemands: [Demand] {
    [
      Demand(what: "a routing key") { $0["routing_key"]?.text == ServicesScene.routingKey },
      Demand(what: "a dedup_key") { $0["dedup_key"].length > 0 },
      Demand(what: "an event_action") {
        ["trigger", "acknowledge", "resolve"].contains($0["event_action"]?.text)
      },
      Demand(what: "a payload to trigger by") { body in
        guard body["event_action"] == "trigger" else { return true }
        let payload = body["payload"]
        return payload?["summary"].length ?? 0 > 0 && payload?["source"].length ?? 0 > 0
          && ["critical", "error", "warning", "info"].contains(payload?["severity"]?.text)
          && payload?["timestamp"].isTime == true
      },
    ]
  }

  // MARK: Alertmanager and the plain webhook

  private static func alerts(_ body: JSONValue) -> [JSONValue] { body.list ?? [] }
  private static func names(_ body: JSONValue) -> [String] {
    alerts(body).flatMap { alert in
      ["labels", "annotations"].flatMap { alert[$0]?.object?.members ?? [] }
    }.map { String(decoding: $0.key, as: UTF8.self) }
  }

  private static var alertmanagerDemands: [Demand] {
    [
      Demand(what: "one alert") { alerts($0).count == 1 },
      Demand(what: "labels by which it is known") { body in
        alerts(body).allSatisfy { alert in
          ["alertname", "severity", "key"].allSatisfy { alert["labels"]?[$0].length ?? 0 > 0 }
        }
      },
      Demand(what: "a summary") { alerts($0).allSatisfy { $0["annotations"]?["summary"].length ?? 0 > 0 } },
      Demand(what: "names of letters, digits and `_`") {
        names($0).allSatisfy { $0.wholeMatch(of: /[a-zA-Z_][a-zA-Z0-9_]*/) != nil }
      },
      Demand(what: "an end that is not before its beginning") {
        alerts($0).allSatisfy { alert in
          guard let start = alert["startsAt"].time, let end = alert["endsAt"].time else { return false }
          return start <= end
        }
      },
    ]
  }

  private static var webhookDemands: [Demand] {
    [
      Demand(what: "version 1") { $0["version"] == 1 },
      Demand(what: "a key and a title") { $0["key"].length > 0 && $0["title"].length > 0 },
      Demand(what: "a status") { $0["status"]?.text.flatMap(Notice.Status.init) != nil },
      Demand(what: "a severity") { $0["severity"]?.text.flatMap(Severity.init) != nil },
      Demand(what: "agents, fields and a time") {
        $0["agents"]?.list != nil && $0["fields"]?.list != nil && $0["at"].isTime
      },
    ]
  }
}

extension JSONValue {
  /// All texts within it.
  fileprivate var texts: [String] { texts(without: []) }

  /// - Parameter names: of members that are left out at the top: a webhook of one's own has ids as they are.
  fileprivate func texts(without names: Set<String>) -> [String] {
    if let object {
      return object.members.map { (String(decoding: $0.key, as: UTF8.self), $0.value) }
        .filter { !names.contains($0.0) }.flatMap { [$0.0] + $0.1.texts }
    }
    if let list { return list.flatMap(\.texts) }
    return text.map { [$0] } ?? []
  }
}

extension JSONValue? {
  fileprivate var length: Int { self?.text?.utf16.count ?? 0 }
  fileprivate var time: Instant? { self?.text.flatMap { ISO8601.parse($0) } }
  fileprivate var isTime: Bool { time != nil }
}
