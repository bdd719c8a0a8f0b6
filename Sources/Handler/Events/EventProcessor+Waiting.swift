import FleetModel
import Wire

extension EventProcessor {
  /// Tells what an event says of a conversation that waits for a person.
  func noteWaiting(_ event: borrowing Event, _ entry: StreamID) {
    guard let news = WaitingCoding.news(of: event) else {
      let words =
        [.handoffAccepted, .handoffRefused].contains(event.kind)
        ? "an event says which agent takes a conversation or refuses it, without a valid conversation_id or with an invalid to"
        : "an event of a conversation that waits for a person has no conversation_id that may be one"
      session.log(.warning, words, ["agent": "\(event.agentID)", "entry": "\(entry)"])
      return
    }
    waiting(news, entry)
  }
}
