import Automation
import FleetModel
import HTTP

/// What one notice takes to be told: one request or, of a chat that edits its messages, the edit and a remark beside it.
///
/// ```
/// no message yet ───────────────────────▶ post ─▶ told, and the answer says where it stands
/// a message ─▶ edit ─┬─ it was deleted ──▶ post
///                    └─▶ remark, if any ▶ told
/// ```
/// The edit comes first: it finds out whether the message is there, and whoever repeats it changes nothing. The post and
/// the remark come last: if the handler ends before it has written down their answer, they come twice, as any notice may.
struct NoticeDelivery {
  enum Turn: Equatable {
    /// Another request is to be sent.
    case goesOn
    /// The message is as the next edit is to find it; nil if there is none to be kept.
    case over(DeliveryResult, ChatMessage?)
  }

  private enum Step { case post, edit, remark(ChatRemark) }

  let entry: OutboxEntry
  let channel: Channel
  private var step = Step.post
  private var message: ChatMessage?
  private var remark: ChatRemark?
  /// Whether there will be edits, or were.
  private var isKept = false

  /// - Parameter message: the one that stands already.
  init(_ entry: OutboxEntry, _ channel: Channel, message: ChatMessage?, at now: Instant) {
    (self.entry, self.channel) = (entry, channel)
    guard channel.editing != nil else { return }
    guard var message else {
      self.message = ChatMessage(entry.notice, for: channel, named: entry.channel, at: now)
      isKept = self.message?.ended == nil
      return
    }
    (step, isKept) = (.edit, true)
    remark = entry.isReminder ? message.remind(at: now) : message.take(entry.notice, at: now)
    self.message = message
  }

  func request(at now: Instant) -> HTTPRequest {
    guard let service = channel.editing, let message else {
      return ServiceRequest(notice: entry.notice, channel: channel, now: now).request
    }
    switch step {
    case .post: return service.post(message.shown, for: channel, at: now)
    case .edit: return service.edit(message.shown, at: message.place ?? .init(message: ""), for: channel, at: now)
    case .remark(let remark): return service.say(remark, under: message.place ?? .init(message: ""), for: channel)
    }
  }

  /// - Parameters:
  ///   - answer: as it came.
  ///   - redacted: what may be told of it.
  mutating func take(_ answer: HTTPResult, redacted: HTTPResult, at now: Instant) -> Turn {
    let result = ServiceRequest(notice: entry.notice, channel: channel, now: now).result(of: redacted, at: now)
    guard let service = channel.editing else { return .over(result, nil) }
    let place = service.place(in: answer)
    let isTold = if case .delivered = result { true } else { place != nil }
    switch step {
    case .post:
      guard isTold else { return .over(result, nil) }
      message?.place = place
      message?.called = now
      return .over(told(result), place == nil || !isKept ? nil : message)
    case .edit:
      if service.isGone(redacted) {
        // Whoever deleted it took the course of it along.
        step = .post
        message?.place = nil
        return .goesOn
      }
      guard isTold else { return .over(result, nil) }
      guard let remark, remark.callsPeople || service.hasThreads else { return .over(told(result), message) }
      step = .remark(remark)
      return .goesOn
    case .remark: return .over(isTold ? told(result) : result, isTold ? message : nil)
    }
  }

  /// An answer that is longer than what may be told of it is no other answer.
  private func told(_ result: DeliveryResult) -> DeliveryResult {
    if case .delivered = result { result } else { .delivered(pause: nil) }
  }
}
