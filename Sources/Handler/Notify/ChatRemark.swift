import Automation
import FleetModel

/// What a chat is told beside the message of a trouble, since an edit notifies nobody.
struct ChatRemark: Equatable {
  /// Text, without markup.
  var words: String
  /// Whether all who are there are to see it; otherwise it is a line in the course of the trouble.
  var callsPeople: Bool

  init(_ words: String, callsPeople: Bool) {
    self.words = words
    self.callsPeople = callsPeople
  }

  /// What is new between two states of a message.
  init(from before: ChatMessage, to after: ChatMessage) {
    let notice = after.notice
    let line = "\(notice.heading) \(notice.title)"
    if let ended = after.ended {
      // News that nothing takes back have no edit by which anybody would hear of them.
      let isNews = notice.status == .info
      self.init(isNews ? line : "\(line), after \(ChatMessage.words(ended - after.since))", callsPeople: isNews)
    } else if before.ended != nil {
      self.init("Again: \(line)", callsPeople: true)
    } else if notice.severity > before.worst {
      self.init("Now \(notice.severity.rawValue): \(line)", callsPeople: true)
    } else if let who = notice.acknowledgedBy, who != before.notice.acknowledgedBy {
      self.init("Acknowledged by \(who): \(notice.title)", callsPeople: false)
    } else if before.notice.acknowledgedBy != nil, notice.acknowledgedBy == nil {
      self.init("Nobody has this in hand any more: \(line)", callsPeople: true)
    } else if notice.status == .firing {
      self.init("Called again: \(line)", callsPeople: true)
    } else {
      self.init([line, notice.text].filter { !$0.isEmpty }.joined(separator: "\n"), callsPeople: false)
    }
  }
}
