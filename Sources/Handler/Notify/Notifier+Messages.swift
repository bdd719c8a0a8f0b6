import Automation
import FleetModel
import Redis
import Wire

/// The messages that are edited, as the book and the hash have them.
extension Notifier {
  func keep(_ message: ChatMessage) {
    if let old = book.keep(message) { remove(ChatMessageCoding.field(old)) }
  }

  func perform(_ task: MessageBook.Task) {
    switch task {
    case .forget(let id): remove(ChatMessageCoding.field(id))
    case .remind(let message):
      write(message)
      add(message.notice, message.id.channel, isReminder: true)
    }
  }

  /// Its trouble is over, though its channel could not be told: nobody is to be reminded of it.
  func endMessage(of entry: OutboxEntry, at now: Instant) {
    if let message = book.end(ChatMessage.ID(entry.channel, entry.notice.key), at: now) { write(message) }
  }

  func write(_ message: ChatMessage) {
    let field = ChatMessageCoding.field(message.id)
    removed.remove(field)
    known.insert(field)
    pending.change("HSET", session.keys.notices, field, ChatMessageCoding.encode(message))
  }
}
