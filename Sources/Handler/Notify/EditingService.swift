import Automation
import FleetModel
import HTTP

/// A chat whose messages can be edited by whoever posted them.
protocol EditingService: NotificationService {
  /// Whether a line can be added under a message without one in the conversation.
  static var hasThreads: Bool { get }
  static func post(_ notice: Notice, for channel: Channel, at now: Instant) -> HTTPRequest
  static func edit(_ notice: Notice, at place: ChatMessage.Place, for channel: Channel, at now: Instant) -> HTTPRequest
  /// A message beside the one that is edited.
  static func say(_ remark: ChatRemark, under place: ChatMessage.Place, for channel: Channel) -> HTTPRequest
  /// Where an answer says that a message stands; nil if it says no such thing.
  static func place(in answer: HTTPResult) -> ChatMessage.Place?
  /// Whether the answer to an edit says that there is no such message, or none that may be edited.
  static func isGone(_ answer: HTTPResult) -> Bool
}

extension Channel {
  /// The service, if it edits its messages.
  var editing: (any EditingService.Type)? { descriptor.editsMessages ? service as? any EditingService.Type : nil }
}
