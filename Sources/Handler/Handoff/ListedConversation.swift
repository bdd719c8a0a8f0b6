import FleetModel

/// How a conversation stands in the list of those that wait for a person.
struct ListedConversation {
  var conversation: WaitingConversation
  /// As Redis has it.
  var stored: [UInt8]
  /// Whether nothing more is told of it than the list holds.
  var isSettled: Bool
}
