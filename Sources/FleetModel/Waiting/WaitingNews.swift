/// What an event says of a conversation that waits for a person.
package enum WaitingNews: Equatable, Sendable {
  /// It waits, or more is known of it.
  case waits(WaitingConversation)
  /// A person has taken it, as the agent's runtime says.
  case taken(WaitingConversation.ID, WaitingConversation.Hand)
  /// The agent has it again.
  case returned(WaitingConversation.ID)
  /// Another agent has it; nil if the event does not say which. The sender may repeat what it has said before.
  case moved(WaitingConversation.ID, to: AgentID?, from: AgentID)
  case ended(WaitingConversation.ID)
  /// An agent does not take it; nil if the event does not say which.
  case refused(WaitingConversation.ID, by: AgentID?)

  package var id: WaitingConversation.ID {
    switch self {
    case .waits(let conversation): conversation.id
    case .taken(let id, _), .moved(let id, _, _), .returned(let id), .ended(let id), .refused(let id, _): id
    }
  }
}

extension EventKind {
  /// Whether it tells of a conversation that waits for a person.
  package var isOfWaiting: Bool {
    switch self {
    case .waiting, .personAccepted, .personReturned, .conversationEnded, .handoffAccepted, .handoffRefused: true
    case .created, .updated, .deleted, .metrics, .status, .feedback, .performanceDegraded, .highTraffic,
      .satisfactionLow, .securityAlert, .healthCritical, .predictiveAlert, .handoffRequested, .silent,
      .anomaly, .runaway, .budget, .other:
      false
    }
  }
}
