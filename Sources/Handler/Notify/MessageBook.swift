import Automation
import FleetModel

/// The messages that chats have of troubles: who is to be reminded, and which are let go of.
///
/// A message stays for an hour after the end of its trouble, so that what begins again within it goes on there; without
/// an end it stays as long as its group would.
struct MessageBook {
  enum Task: Equatable {
    case remind(ChatMessage)
    case forget(ChatMessage.ID)
  }

  private(set) var messages: [ChatMessage.ID: ChatMessage] = [:]

  static let stays = TimeSpan.hours(1)
  static let forgets = TimeSpan.days(7)
  /// Of all channels together; beyond it the one that was written longest ago is let go of.
  static let most = 1000

  subscript(id: ChatMessage.ID) -> ChatMessage? { messages[id] }

  /// The message that a notice is told by; nil if a new one is to be posted.
  func message(of notice: Notice, on name: String, _ channel: Channel) -> ChatMessage? {
    messages[ChatMessage.ID(name, notice.key)].flatMap { $0.home.isExactly(channel.place) ? $0 : nil }
  }

  /// - Returns: the one that is let go of for it.
  mutating func keep(_ message: ChatMessage) -> ChatMessage.ID? {
    messages[message.id] = message
    guard messages.count > Self.most else { return nil }
    let oldest = messages.values.min { ($0.ended == nil ? 1 : 0, $0.changed) < ($1.ended == nil ? 1 : 0, $1.changed) }
    if let oldest { messages[oldest.id] = nil }
    return oldest?.id
  }

  /// Its trouble is over, though its channel could not be told.
  mutating func end(_ id: ChatMessage.ID, at now: Instant) -> ChatMessage? {
    guard messages[id] != nil else { return nil }
    messages[id]?.ended = now
    return messages[id]
  }

  private static func end(_ message: ChatMessage) -> Instant {
    message.ended.map { $0 + stays } ?? message.changed + forgets
  }

  /// When something is next to be done.
  func next(_ table: NotifyTable) -> Instant? {
    messages.values.map { message in
      let end = Self.end(message)
      return table[message.id.channel].flatMap { message.reminder($0) }.map { min($0, end) } ?? end
    }.min()
  }

  /// What is due. Those of a channel that is configured no more, or edits no messages, are let go of.
  ///
  /// - Parameter isBusy: whether something is on its way to it already, by which people hear of it.
  mutating func advance(at now: Instant, _ table: NotifyTable, isBusy: (ChatMessage.ID) -> Bool) -> [Task] {
    var tasks: [Task] = []
    for (id, message) in messages {
      guard let channel = table[id.channel], channel.descriptor.editsMessages, Self.end(message) > now
      else {
        messages[id] = nil
        tasks.append(.forget(id))
        continue
      }
      guard let due = message.reminder(channel), due <= now else { continue }
      messages[id]?.called = now
      guard !isBusy(id) else { continue }
      messages[id]?.reminders += 1
      if let message = messages[id] { tasks.append(.remind(message)) }
    }
    return tasks
  }
}
