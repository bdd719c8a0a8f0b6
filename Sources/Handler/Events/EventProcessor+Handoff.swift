import FleetModel
import Wire

extension EventProcessor {
  /// Tells what an event says of a conversation that is to change hands.
  func noteHandoff(_ event: borrowing Event, _ entry: StreamID) {
    guard handoffs.wants() else { return }
    if let news = HandoffCoding.news(of: event) { return handoffs.take(news, entry) }
    guard [.handoffRequested, .handoffAccepted, .handoffRefused].contains(event.kind) else { return }
    let words =
      event.kind == .handoffRequested
      ? "an event asks for another agent, and has no conversation_id that may be one"
      : "an event tells what came of a hand-over, and its conversation_id or its to is none that may be one"
    session.log(.warning, words, ["agent": "\(event.agentID)", "entry": "\(entry)"])
  }
}

extension EventProcessor {
  /// Whether a rule concerns an event: nearly all are of kinds that no rule is about.
  func isConcerned(_ event: borrowing Event) -> Bool {
    guard repeats.rules.concern(event.kind) else { return false }
    // Two who choose would give one conversation to two agents.
    if event.kind == .handoffRequested, session.options.handoff.isOn { return false }
    guard event.kind == .other else { return true }
    return !repeats.rules[event.typeName].isEmpty
  }
}
