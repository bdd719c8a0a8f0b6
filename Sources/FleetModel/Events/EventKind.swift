/// What an event says, by its dotted type.
package enum EventKind: UInt8, CaseIterable, Sendable {
  case created, updated, deleted
  case metrics
  case status
  case feedback
  case performanceDegraded
  case highTraffic
  case satisfactionLow
  case securityAlert
  case healthCritical
  case predictiveAlert
  /// An agent asks for another one for a conversation; that one has it; it does not take it.
  case handoffRequested, handoffAccepted, handoffRefused
  /// A conversation waits for a person; a person has taken it; the agent has it again; it is over.
  case waiting, personAccepted, personReturned, conversationEnded
  /// The handler's own words on an agent.
  case silent, anomaly, runaway, budget
  /// A type that vigia does not know: kept, counted and shown all the same.
  case other

  /// The dotted type on the wire; nil for `.other`, whose name travels with the event.
  package var type: String? {
    switch self {
    case .created: "agent.created"
    case .updated: "agent.updated"
    case .deleted: "agent.deleted"
    case .metrics: "agent.metrics"
    case .status: "agent.status"
    case .feedback: "agent.feedback"
    case .performanceDegraded: "agent.performance_degraded"
    case .highTraffic: "agent.high_traffic"
    case .satisfactionLow: "agent.satisfaction_low"
    case .securityAlert: "agent.security_alert"
    case .healthCritical: "agent.health_critical"
    case .predictiveAlert: "agent.predictive_alert"
    case .handoffRequested: "agent.handoff_requested"
    case .handoffAccepted: "agent.handoff_accepted"
    case .handoffRefused: "agent.handoff_refused"
    case .waiting: "agent.waiting"
    case .personAccepted: "agent.person_accepted"
    case .personReturned: "agent.person_returned"
    case .conversationEnded: "agent.conversation_ended"
    case .silent: "agent.silent"
    case .anomaly: "agent.anomaly"
    case .runaway: "agent.runaway"
    case .budget: "agent.budget"
    case .other: nil
    }
  }
}
