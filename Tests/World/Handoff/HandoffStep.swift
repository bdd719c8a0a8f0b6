import FleetModel
import Redis
import Wire

/// What one input has led to, as Redis tells it.
struct HandoffStep {
  /// What is said of a conversation.
  enum Word: Equatable {
    case asked(by: AgentID)
    /// A handler says so if the agent has not.
    case waits(isOfHandler: Bool)
    case accepted(to: AgentID)
    case refused
    case ended
  }

  /// How all stands after it.
  var book: [Handoff.ID: Handoff] = [:]
  var waiting: [Handoff.ID: WaitingConversation] = [:]
  var automation = "on"
  /// When, in nanoseconds of the world.
  var now: Int64 = 0
  /// What was added by it.
  var words: [(id: Handoff.ID, word: Word)] = []
  /// Commands of handlers.
  var offers: [Command] = []
  var lines: [AuditLine] = []
  var controls: [ControlMessage] = []
}

extension HandoffStep {
  /// The conversation that a line of the audit under the action `handoff` is about.
  static func conversation(of line: AuditLine) -> Handoff.ID? {
    guard line.action == AuditLine.handoff, case .run(let run) = line.origin else { return nil }
    let parts = run.split(separator: "/", maxSplits: 2)
    return parts.count == 3 && parts[0] == "handoff" ? Handoff.ID(String(parts[2])) : nil
  }

  /// What an event says of a conversation; nil if it is none of these.
  static func word(
    _ type: String, _ agent: AgentID, _ data: JSONValue, isOfHandler: Bool
  ) -> (id: Handoff.ID, word: Word)? {
    guard let id = data["conversation_id"]?.text.flatMap(Handoff.ID.init) else { return nil }
    switch type {
    case "agent.handoff_requested": return (id, .asked(by: agent))
    case "agent.waiting": return (id, .waits(isOfHandler: isOfHandler))
    case "agent.handoff_accepted": return data["to"]?.bytes.map { (id, .accepted(to: AgentID(bytes: $0))) }
    case "agent.handoff_refused": return (id, .refused)
    case "agent.conversation_ended": return (id, .ended)
    default: return nil
    }
  }
}
