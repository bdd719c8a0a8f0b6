/// What an event says of a conversation that is to change hands.
package enum HandoffNews: Equatable, Sendable {
  /// Its agent asks for another one, or says more of it.
  case requested(Handoff)
  /// An agent has it; nil if the event does not say which. The sender may repeat what it has said before.
  case accepted(Handoff.ID, by: AgentID?, from: AgentID)
  /// An agent does not take it; nil if the event does not say which.
  case refused(Handoff.ID, by: AgentID?, why: String)
  /// It needs no other agent any more: a person has it or is to have it, or it is over.
  case settled(Handoff.ID, EventKind)

  package var id: Handoff.ID {
    switch self {
    case .requested(let handoff): handoff.id
    case .accepted(let id, _, _), .refused(let id, _, _), .settled(let id, _): id
    }
  }
}

extension EventKind {
  /// Whether it tells of a conversation that is to change hands.
  package var isOfHandoff: Bool {
    switch self {
    case .handoffRequested, .handoffAccepted, .handoffRefused, .waiting, .personAccepted, .conversationEnded: true
    case .created, .updated, .deleted, .metrics, .status, .feedback, .performanceDegraded, .highTraffic,
      .satisfactionLow, .securityAlert, .healthCritical, .predictiveAlert, .personReturned, .silent, .anomaly, .runaway,
      .budget, .other:
      false
    }
  }
}
