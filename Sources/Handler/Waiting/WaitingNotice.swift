import Automation
import FleetModel
import Wire

/// What people and the audit are told if a conversation waits for a person for too long.
struct WaitingNotice {
  /// In which group chats hear of it.
  static let group = "waiting"

  private let book: WaitingBook
  private let key: String
  private let now: Instant

  /// - Parameter shard: nil if the fleet is not divided; otherwise each shard has a page of its own.
  init(_ book: WaitingBook, shard: Int?, at now: Instant) {
    (self.book, self.now) = (book, now)
    key = "waiting.too_long" + (shard.map { "/\($0)" } ?? "")
  }

  var began: Notice {
    var notice = Notice(
      key: key, severity: .high, title: title, text: urgent.map(words) ?? "", fields: fields, at: now)
    notice.agents = [urgent?.agent].compactMap(\.self)
    return notice
  }

  func ended(for channels: [String]) -> Notice {
    Notice(
      key: key, status: .resolved, severity: .high, title: "nobody waits for a person for too long any more",
      text: count, at: now, to: channels)
  }

  /// The one that is named.
  private var urgent: WaitingConversation? { book.mostUrgent(at: now) }

  private var title: String {
    let over = book.conversations.values.filter { book.serviceLevel(of: $0, at: now) == .over }
    let who = over.count == 1 ? "1 conversation waits" : "\(over.count) conversations wait"
    let levels = over.map { book.level(of: $0).rounded }.uniqued()
    let level = levels.count == 1 ? "\(levels[0])" : "their level"
    return "\(who) for a person for longer than \(level)"
  }

  /// `3 conversations wait, 2 have a person`.
  private var count: String {
    let waiting = book.waitingCount
    let taken = book.conversations.count - waiting
    let who = waiting == 1 ? "1 conversation waits" : "\(waiting) conversations wait"
    let left = book.leftOut > 0 ? "; \(book.leftOut) more found no room in the list" : ""
    return "\(who), \(taken) \(taken == 1 ? "has" : "have") a person\(left)"
  }

  /// What it is about is the customer's: whoever answers reads that where the conversation is.
  private func words(_ conversation: WaitingConversation) -> String {
    let wait = TimeSpan.seconds((conversation.wait(at: now) ?? .zero).seconds).rounded
    return "\(conversation.id.text) of \(conversation.agent) has waited for \(wait); \(count)"
  }

  private var fields: [Notice.Field] {
    guard let urgent else { return [] }
    var fields = [Notice.Field("conversation", urgent.id.text)]
    if !urgent.skill.isEmpty { fields.append(Notice.Field("skill", urgent.skill)) }
    if !urgent.language.isEmpty { fields.append(Notice.Field("language", urgent.language)) }
    fields.append(Notice.Field("waiting", "\(book.waitingCount)"))
    return fields
  }

  /// The line of the audit.
  func line(_ isOver: Bool, handler: String, _ keys: Keys) -> AuditLine {
    let detail = isOver ? "\(title); \(urgent.map(words) ?? count)" : "nobody waits for too long; \(count)"
    return AuditLine(
      origin: .run("\(key)/\((isOver ? now : book.page?.since ?? now).milliseconds)"),
      phase: isOver ? .started : .succeeded, action: "waiting", operator: "handler/\(handler)", detail: detail,
      handler: handler, at: now, source: String(decoding: keys.waiting, as: UTF8.self))
  }
}
