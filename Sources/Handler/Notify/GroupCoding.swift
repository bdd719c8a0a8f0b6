import Automation
import FleetModel
import Wire

/// A group of notices as the hash `agentos:notices` holds it, under `group/<severity>/<channel>/<rule>`:
///
/// ```json
/// {"channel":"ops","rule":"latency","severity":"high","told":1795334137846,"due":1795334437846,"news":1795334137846,
///  "members":[{"told":true,"notice":{…}}]}
/// ```
/// A group for all severities has no severity, and `any` in its field. If several rules tell of a member, it has their ids
/// in `rules`.
enum GroupCoding {
  static func field(_ id: Grouping.ID) -> [UInt8] {
    // A channel's name holds no slash.
    Array("group/\(id.severity?.rawValue ?? "any")/\(id.channel)/\(id.rule)".utf8)
  }

  static func encode(_ id: Grouping.ID, _ group: Grouping.Group) -> [UInt8] {
    let members = group.members.sorted { $0.key < $1.key }.map { _, member -> JSONValue in
      [
        "told": .bool(member.isTold), "notice": NoticeCoding.json(member.notice),
        "rules": member.rules.isEmpty ? nil : .array(member.rules.map { .string($0) }),
      ]
    }
    let json: JSONValue = [
      "channel": .string(id.channel), "rule": .string(id.rule), "severity": id.severity.map { .string($0.rawValue) },
      "told": group.told.map { .integer($0.milliseconds) }, "due": group.due.map { .integer($0.milliseconds) },
      "news": .integer(group.lastNews.milliseconds), "hands": group.hands.map { .string($0.rawValue) },
      "members": .array(members),
    ]
    return json.encoded
  }

  /// Nil if it is none.
  static func decode(_ value: [UInt8]) -> (id: Grouping.ID, group: Grouping.Group)? {
    guard let json = try? JSONValue.parse(value), let channel = json["channel"]?.text, let rule = json["rule"]?.text,
      let news = Instant(stored: json["news"]), let list = json["members"]?.list
    else { return nil }
    let severity = json["severity"]?.text.flatMap(Severity.init)
    guard severity != nil || json["severity"] == nil else { return nil }
    var members: [ExactText: Grouping.Group.Member] = [:]
    for member in list {
      guard let notice = NoticeCoding.decode(member["notice"]) else { return nil }
      members[ExactText(notice.key)] = Grouping.Group.Member(
        notice: notice, isTold: member["told"]?.bool ?? false,
        rules: (member["rules"]?.list ?? []).compactMap(\.text))
    }
    let group = Grouping.Group(
      members: members, told: Instant(stored: json["told"]), due: Instant(stored: json["due"]), lastNews: news,
      hands: json["hands"]?.text.flatMap(Grouping.Group.Hands.init))
    return (Grouping.ID(channel: channel, rule: rule, severity: severity), group)
  }
}
