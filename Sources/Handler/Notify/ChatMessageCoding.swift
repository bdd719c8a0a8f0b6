import Automation
import FleetModel
import Wire

/// A message of a chat as the hash `agentos:notices` holds it, under `message/<channel>/<key>`, from the answer that says
/// where it stands until an hour after the end of its trouble:
///
/// ```json
/// {"channel":"ops","home":"#ops","conversation":"C0123","message":"1795334137.000100","since":1795334137846,
///  "worst":"high","done":["…"],"ended":1795334737846,"changed":1795334737846,"called":1795334137846,"reminders":0,
///  "notice":{…}}
/// ```
enum ChatMessageCoding {
  private static let prefix = Array("message/".utf8)

  static func field(_ id: ChatMessage.ID) -> [UInt8] { prefix + Array("\(id.channel)/\(id.key.text)".utf8) }

  static func encode(_ message: ChatMessage) -> [UInt8] {
    let json: JSONValue = [
      "channel": .string(message.id.channel), "home": .string(message.home),
      "conversation": message.place.map { .string($0.conversation) },
      "message": message.place.map { .string($0.message) },
      "since": .integer(message.since.milliseconds), "worst": .string(message.worst.rawValue),
      "done": message.done.isEmpty ? nil : .array(message.done.map { .string($0) }),
      "ended": message.ended.map { .integer($0.milliseconds) }, "changed": .integer(message.changed.milliseconds),
      "called": .integer(message.called.milliseconds), "reminders": .integer(Int64(message.reminders)),
      "notice": NoticeCoding.json(message.notice),
    ]
    return json.encoded
  }

  /// Nil if it is none.
  static func decode(_ value: [UInt8]) -> ChatMessage? {
    guard let json = try? JSONValue.parse(value), let name = json["channel"]?.text,
      let notice = NoticeCoding.decode(json["notice"]), let number = json["message"]?.text,
      let since = Instant(stored: json["since"]), let changed = Instant(stored: json["changed"]),
      let worst = json["worst"]?.text.flatMap(Severity.init)
    else { return nil }
    var message = ChatMessage(notice, for: Channel(.slack, url: ""), named: name, at: changed)
    message.home = json["home"]?.text ?? ""
    message.place = ChatMessage.Place(conversation: json["conversation"]?.text ?? "", message: number)
    (message.since, message.worst) = (since, worst)
    message.done = (json["done"]?.list ?? []).compactMap(\.text)
    message.ended = Instant(stored: json["ended"])
    message.called = Instant(stored: json["called"]) ?? changed
    message.reminders = max(0, json["reminders"]?.int ?? 0)
    return message
  }
}
