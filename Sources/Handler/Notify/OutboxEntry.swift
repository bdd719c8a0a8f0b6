import Automation
import FleetModel
import Wire

/// A notice for one channel, as the hash `agentos:notices` holds it under its id until it has arrived.
///
/// ```json
/// {"channel":"ops","notice":{…},"collected":true,"attempts":2,"why":"HTTP 503","next":1795334137846,
///  "deadline":1795335037846,"stands":true,"reminder":true}
/// ```
/// A rule's notice that has not been collected with others goes into its group first; the end of its trouble, for the
/// channel "", goes into every group that knows it.
struct OutboxEntry: Equatable {
  /// `<fence>-<number>`: a later term has a higher fence, and within one the number grows, so that ids stand in the order
  /// in which notices were added.
  struct ID: Hashable, Comparable {
    var fence: Int
    var number: Int

    static func < (left: ID, right: ID) -> Bool { (left.fence, left.number) < (right.fence, right.number) }
  }

  var id: ID
  var channel: String
  var notice: Notice
  /// Whether it has been through its group.
  var isCollected = false
  /// How often it failed, and how it did last.
  var attempts = 0
  var failure = ""
  /// Not before then.
  var next: Instant
  /// Given up from then on.
  var deadline: Instant
  /// Whether it has arrived, and is only kept to be said again before the service forgets it.
  var isActive = false
  /// Whether it only says again what nobody has acknowledged.
  var isReminder = false

  init(id: ID, channel: String, notice: Notice, next: Instant, deadline: Instant) {
    self.id = id
    self.channel = channel
    self.notice = notice
    self.next = next
    self.deadline = deadline
  }

  /// Whether it has yet to be collected with others.
  var isForGroup: Bool { notice.rule != nil && !isCollected }

  /// The hash's field.
  var field: [UInt8] { Array("\(id.fence)-\(id.number)".utf8) }

  var encoded: [UInt8] {
    let json: JSONValue = [
      "channel": .string(channel), "notice": NoticeCoding.json(notice), "collected": isCollected ? true : nil,
      "attempts": .integer(Int64(attempts)), "why": failure.isEmpty ? nil : .string(failure),
      "next": .integer(next.milliseconds), "deadline": .integer(deadline.milliseconds), "stands": isActive ? true : nil,
      "reminder": isReminder ? true : nil,
    ]
    return json.encoded
  }

  /// Nil if it is none.
  init?(field: [UInt8], value: [UInt8]) {
    let parts = String(decoding: field, as: UTF8.self).split(separator: "-").map { Bounded.int($0) }
    guard parts.count == 2, let fence = parts[0], let number = parts[1], let json = try? JSONValue.parse(value),
      let channel = json["channel"]?.text, let notice = NoticeCoding.decode(json["notice"]),
      let next = Instant(stored: json["next"]), let deadline = Instant(stored: json["deadline"])
    else { return nil }
    self.init(
      id: ID(fence: fence, number: number), channel: channel, notice: notice, next: next, deadline: deadline)
    isCollected = json["collected"]?.bool ?? false
    attempts = max(0, json["attempts"]?.int ?? 0)
    failure = json["why"]?.text ?? ""
    isActive = json["stands"]?.bool ?? false
    isReminder = json["reminder"]?.bool ?? false
  }
}
