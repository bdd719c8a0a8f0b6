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
      key: key, severity: .high, title: title, text: book.oldest.map(words) ?? "", fields: fields, at: now)
    notice.agents = [book.oldest?.agent].compactMap(\.self)
    return notice
  }

  func ended(for channels: [String]) -> Notice {
    Notice(
      key: key, status: .resolved, severity: .high, title: "nobody waits for a person for too long any more",
      text: count, at: now, to: channels)
  }

  private var title: String {
    let over = book.overCount(at: now)
    let who = over == 1 ? "1 conversation waits" : "\(over) conversations wait"
    return "\(who) for a person for longer than \(book.level.rounded)"
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
  private func words(_ oldest: WaitingConversation) -> String {
    let wait = TimeSpan.seconds((oldest.wait(at: now) ?? .zero).seconds).rounded
    return "\(oldest.id.text) of \(oldest.agent) has waited for \(wait); \(count)"
  }

  private var fields: [Notice.Field] {
    guard let oldest = book.oldest else { return [] }
    var fields = [Notice.Field("conversation", oldest.id.text)]
    if !oldest.skill.isEmpty { fields.append(Notice.Field("skill", oldest.skill)) }
    if !oldest.language.isEmpty { fields.append(Notice.Field("language", oldest.language)) }
    fields.append(Notice.Field("waiting", "\(book.waitingCount)"))
    return fields
  }

  /// The line of the audit.
  func line(_ isOver: Bool, handler: String, _ keys: Keys) -> AuditLine {
    let detail = isOver ? "\(title); \(book.oldest.map(words) ?? count)" : "nobody waits for too long; \(count)"
    return AuditLine(
      origin: .run("\(key)/\((isOver ? now : book.page?.since ?? now).milliseconds)"),
      phase: isOver ? .started : .succeeded, action: "waiting", operator: "handler/\(handler)", detail: detail,
      handler: handler, at: now, source: String(decoding: keys.waiting, as: UTF8.self))
  }
}
