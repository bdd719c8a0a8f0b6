import Automation
import FleetModel
import Wire

/// A notice as the hash `agentos:notices` holds it: an object with the names of its properties; what is empty is left out.
enum NoticeCoding {
  static func json(_ notice: Notice) -> JSONValue {
    [
      "key": .string(notice.key),
      "status": .string(notice.status.rawValue),
      "severity": .string(notice.severity.rawValue),
      "title": .string(notice.title),
      "text": notice.text.isEmpty ? nil : .string(notice.text),
      "fields": notice.fields.isEmpty
        ? nil : .array(notice.fields.map { .array([.string($0.name), .string($0.value)]) }),
      "agents": notice.agents.isEmpty ? nil : .array(notice.agents.map { .string($0.bytes) }),
      "role": notice.role.map { .string($0) },
      "rule": notice.rule.map { .string($0) },
      "at": .integer(notice.at.milliseconds),
      "to": notice.to.isEmpty ? nil : .array(notice.to.map { .string($0) }),
      "in_hand": notice.acknowledgedBy.map { .string($0) },
      "done": notice.done.isEmpty ? nil : .string(notice.done),
      "hands": notice.isOnlyOfHands ? true : nil,
      "reopens": notice.reopensAcknowledged ? true : nil,
      "links": notice.links.isEmpty ? nil : .array(notice.links.map { .array([.string($0.name), .string($0.url)]) }),
      "unrecovered": notice.isAllClear ? nil : true,
      "deadline": notice.deadline.map { .integer($0.milliseconds) },
      "heard": notice.heardFrom.map { .array([.string($0.channel), .string($0.key)]) },
    ]
  }

  static func decode(_ json: JSONValue?) -> Notice? {
    guard let json, let key = json["key"]?.text, let status = json["status"]?.text.flatMap(Notice.Status.init),
      let severity = json["severity"]?.text.flatMap(Severity.init), let title = json["title"]?.text,
      let at = Instant(stored: json["at"])
    else { return nil }
    var notice = Notice(key: key, status: status, severity: severity, title: title, at: at)
    notice.text = json["text"]?.text ?? ""
    notice.fields = (json["fields"]?.list ?? []).compactMap { field in
      guard let pair = field.list, pair.count == 2, let name = pair[0].text, let value = pair[1].text else {
        return nil
      }
      return Notice.Field(name, value)
    }
    notice.agents = (json["agents"]?.list ?? []).compactMap { $0.bytes.map { AgentID(bytes: $0) } }
    notice.links = (json["links"]?.list ?? []).prefix(OwnLink.most).compactMap { link in
      guard let pair = link.list, pair.count == 2, let name = pair[0].text, let url = pair[1].text,
        OwnLink.isAddress(url)
      else { return nil }
      return Notice.Link(name: name, url: url)
    }
    notice.role = json["role"]?.text
    notice.rule = json["rule"]?.text
    notice.to = (json["to"]?.list ?? []).compactMap(\.text)
    notice.acknowledgedBy = json["in_hand"]?.text
    notice.done = json["done"]?.text ?? ""
    notice.isOnlyOfHands = json["hands"]?.bool ?? false
    notice.reopensAcknowledged = json["reopens"]?.bool ?? false
    notice.isAllClear = json["unrecovered"]?.bool != true
    notice.deadline = json["deadline"]?.int.map { .milliseconds(Int64($0)) }
    if let heard = json["heard"]?.list, heard.count == 2, let channel = heard[0].text, let key = heard[1].text {
      notice.heardFrom = ServiceAct(channel: channel, key: key)
    }
    return notice
  }
}
