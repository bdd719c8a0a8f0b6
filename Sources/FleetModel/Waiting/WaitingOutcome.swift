/// What became of a conversation that waited for a person.
package enum WaitingOutcome: String, CaseIterable, Sendable {
  /// A person has it.
  case taken
  /// Its agent has it again.
  case handedBack = "handed_back"
  /// Another agent has it.
  case handedOver = "handed_over"
  case ended
}
