import Automation
import FleetModel
import Wire

/// What people and the audit are told of a queue's trouble.
enum QueueNotice {
  /// In which group chats hear of queues.
  static let group = "queues"

  /// The same from the trouble's beginning to its end.
  static func key(_ queue: QueueStanding, _ kind: QueueTrouble.Kind) -> String {
    QueueAlertID(kind, stream: queue.stream, group: queue.group).text
  }

  static func notice(_ change: QueueJudge.Change, at now: Instant) -> Notice {
    switch change {
    case .began(let queue, let trouble):
      return Notice(
        key: key(queue, trouble.kind), severity: trouble.kind.severity,
        title: "\(queue.name): \(QueueStanding.word(trouble.kind))", text: queue.words(at: now),
        fields: fields(queue, at: now), at: now)
    case .ended(let queue, let trouble, let why, let isAllClear):
      var notice = Notice(
        key: key(queue, trouble.kind), status: .resolved, severity: trouble.kind.severity,
        title: "\(queue.name): \(QueueStanding.word(trouble.kind)): \(why)", text: queue.words(at: now), at: now,
        to: trouble.told)
      notice.isAllClear = isAllClear
      return notice
    }
  }

  private static func fields(_ queue: QueueStanding, at now: Instant) -> [Notice.Field] {
    var fields = [Notice.Field("stream", queue.stream)]
    if let group = queue.group { fields.append(Notice.Field("group", group)) }
    if case .entries(let count) = queue.waiting { fields.append(Notice.Field("waiting", "\(count)")) }
    if let pending = queue.pending { fields.append(Notice.Field("pending", "\(pending)")) }
    if let oldest = queue.oldest {
      fields.append(Notice.Field("oldest", QueueStanding.rounded(now - oldest)))
    }
    if let consumers = queue.consumers { fields.append(Notice.Field("consumers", "\(consumers)")) }
    return fields
  }

  /// The line of the audit.
  static func line(_ change: QueueJudge.Change, handler: String, source: [UInt8], at now: Instant) -> AuditLine {
    let (queue, trouble, phase, words) =
      switch change {
      case .began(let queue, let trouble):
        (queue, trouble, AuditLine.Phase.started, QueueStanding.word(trouble.kind))
      case .ended(let queue, let trouble, let why, _):
        (queue, trouble, AuditLine.Phase.succeeded, "\(QueueStanding.word(trouble.kind)): \(why)")
      }
    return AuditLine(
      origin: .run("\(key(queue, trouble.kind))/\(trouble.since.milliseconds)"), phase: phase, action: "queue",
      operator: "handler/\(handler)", detail: "\(queue.name): \(words); \(queue.words(at: now))", handler: handler,
      at: now, source: String(decoding: source, as: UTF8.self))
  }
}
