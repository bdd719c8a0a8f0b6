/// The fields of an event's `data`, other than metrics, that the fleet reads itself. The rest stays in the stream and
/// is read on demand.
package enum EventField: Int, CaseIterable, Sendable {
  // agent.created, agent.updated
  case name, isActive, role, model, language, tier, backupFor, capacity, replicasMinimum, replicasMaximum, skills
  case languages, parameters
  // Any event
  case provider, version, promptVersion, region
  // agent.status
  case state, replicas, commandID, conversations
  // agent.feedback, agent.handoff_requested
  case conversationID, text, skill
  // agent.satisfaction_low
  case mainComplaints
  // agent.security_alert
  case alertType, suspiciousAddresses, riskLevel
  // agent.health_critical
  case issuesDetected, suggestedActions
  // agent.predictive_alert
  case predictions, recommendedActions
  // agent.anomaly, agent.runaway, agent.budget
  case detail

  /// The field's name on the wire.
  package var key: String {
    switch self {
    case .name: "name"
    case .isActive: "is_active"
    case .role: "role"
    case .model: "llm_model"
    case .language: "default_language"
    case .tier: "tier"
    case .backupFor: "backup_for"
    case .capacity: "capacity"
    case .replicasMinimum: "replicas_min"
    case .replicasMaximum: "replicas_max"
    case .skills: "skills"
    case .languages: "languages"
    case .parameters: "parameters"
    case .provider: "provider"
    case .version: "version"
    case .promptVersion: "prompt_version"
    case .region: "region"
    case .state: "state"
    case .replicas: "replicas"
    case .commandID: "command_id"
    case .conversations: "conversations"
    case .conversationID: "conversation_id"
    case .text: "text"
    case .skill: "skill"
    case .mainComplaints: "main_complaints"
    case .alertType: "alert_type"
    case .suspiciousAddresses: "suspicious_ips"
    case .riskLevel: "risk_level"
    case .issuesDetected: "issues_detected"
    case .suggestedActions: "suggested_actions"
    case .predictions: "predictions"
    case .recommendedActions: "recommended_actions"
    case .detail: "detail"
    }
  }
}

/// Where each field of `data` stands in an event's bytes, without an allocation.
package struct EventFields: Sendable {
  private var texts = InlineArray<33, EventText>(repeating: .absent)
  private var present: UInt64 = 0

  package init() {}

  /// The same as the subscript without a copy of all of them.
  @inline(__always)
  package borrowing func text(_ field: EventField) -> EventText {
    present & (1 << field.rawValue) != 0 ? texts[field.rawValue] : .absent
  }

  package subscript(field: EventField) -> EventText {
    get { text(field) }
    set {
      texts[field.rawValue] = newValue
      present |= 1 << field.rawValue
    }
  }

  /// Whether an event says anything of what groups its agent with others.
  @inline(__always)
  package var haveTraits: Bool { present & Self.traits != 0 }

  private static var traits: UInt64 {
    1 << EventField.role.rawValue | 1 << EventField.tier.rawValue | 1 << EventField.model.rawValue
      | 1 << EventField.provider.rawValue | 1 << EventField.version.rawValue | 1 << EventField.promptVersion.rawValue
      | 1 << EventField.region.rawValue
  }

  /// Forgets all fields, so that the same storage serves the next event.
  package mutating func removeAll() { present = 0 }
}
