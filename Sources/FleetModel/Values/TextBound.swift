/// The most bytes that are kept of each sort of text from outside: what a screen can show, not what a publisher can send.
///
/// Bytes and not characters, since a character may have as many of them as its writer likes. What is longer is cut between
/// two code points. Ids are never cut, for what is cut is another id: one that is too long counts as absent, and an
/// `entity_id` of more than ``AgentID/mostBytes`` makes its event unreadable.
package enum TextBound {
  /// A line on a screen: an agent's name.
  package static let name = 256
  /// Words that group agents: role, tier, model, version, region, language, a skill.
  package static let word = 128
  /// A few words to read: summaries, complaints, reasons, details, notes.
  package static let words = 400
  /// An address, its zone and port included.
  package static let address = 128
  /// An action's name, an operator, a handler, a stream.
  package static let title = 256
  /// The id of a command. Those of rules' actions hold an agent's.
  package static let commandID = 1024
  /// What an event says for rules: more of it than this is left out where it is copied.
  package static let data = 64 << 10
}

extension EventField {
  /// How much of the field's text is kept, or of each of its elements.
  package var bound: Int {
    switch self {
    case .name: TextBound.name
    case .isActive, .capacity, .replicasMinimum, .replicasMaximum, .replicas, .state, .conversations, .role, .model,
      .language, .tier, .skills, .languages, .skill, .riskLevel, .provider, .version, .promptVersion, .region:
      TextBound.word
    case .backupFor: AgentID.mostBytes
    case .commandID: TextBound.commandID
    case .suspiciousAddresses: TextBound.address
    case .conversationID, .text, .mainComplaints, .alertType, .issuesDetected, .suggestedActions, .predictions,
      .recommendedActions, .detail, .parameters:
      TextBound.words
    }
  }
}

extension Unicode.Scalar {
  enum Cut {
    /// Whether a byte goes on with a code point.
    static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

    /// The bytes that fit, without the beginning of a code point that does not fit whole.
    static func bytes(_ bytes: [UInt8], to most: Int) -> [UInt8] {
      guard bytes.count > most else { return bytes }
      var end = most
      while end > 0, isContinuation(bytes[end]) { end -= 1 }
      return Array(bytes[..<end])
    }
  }
}
