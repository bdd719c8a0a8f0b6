import FleetModel

/// How a conversation stands among those that wait for a person.
struct ListedConversation {
  /// As Redis has it.
  var stored: [UInt8]
  /// Whether a person has taken it.
  var hasPerson: Bool
  /// The agent that is proposed for it.
  var proposed: AgentID?
}
