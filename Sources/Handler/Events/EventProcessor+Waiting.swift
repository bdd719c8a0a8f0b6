import FleetModel
import Wire

extension EventProcessor {
  /// Tells what an event says of a conversation that waits for a person.
  func noteWaiting(_ event: borrowing Event, _ entry: StreamID) {
    guard let news = WaitingCoding.news(of: event) else {
      let words =
        [.handoffAccepted, .handoffRefused].contains(event.kind)
        ? "an event tells who takes a conversation or does not, and its conversation_id or its to is none that may be one"
        : "an event of a conversation that waits for a person has no conversation_id that may be one"
      session.log(.warning, words, ["agent": "\(event.agentID)", "entry": "\(entry)"])
      return
    }
    waiting(news, entry)
  }
}
