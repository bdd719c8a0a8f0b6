/// What an event says of a conversation that waits for a person.
package enum WaitingNews: Equatable, Sendable {
  /// It waits, or more is known of it.
  case waits(WaitingConversation)
  /// A person has taken it, as the agent's runtime says.
  case taken(WaitingConversation.ID, WaitingConversation.Hand)
  /// The agent has it again, or another one.
  case returned(WaitingConversation.ID)
  case ended(WaitingConversation.ID)

  package var id: WaitingConversation.ID {
    switch self {
    case .waits(let conversation): conversation.id
    case .taken(let id, _), .returned(let id), .ended(let id): id
    }
  }
}

extension EventKind {
  /// Whether it tells of a conversation that waits for a person.
  package var isOfWaiting: Bool {
    switch self {
    case .waiting, .personAccepted, .personReturned, .conversationEnded, .handoffAccepted: true
    case .created, .updated, .deleted, .metrics, .status, .feedback, .performanceDegraded, .highTraffic,
      .satisfactionLow, .securityAlert, .healthCritical, .predictiveAlert, .handoffRequested, .handoffRefused,
      .silent, .anomaly, .runaway, .budget, .other:
      false
    }
  }
}
