/// Conversations for which a person was told which agent could take them, and that no agent has taken since.
///
/// It is of one handler, and not stored: whoever takes over knows of none.
package struct ProposedHandoffs: Equatable, Sendable {
  private struct Entry: Equatable, Sendable {
    var id: Handoff.ID
    /// Who asked, and has it.
    var holder: AgentID
    /// Who is proposed.
    var agent: AgentID
    var at: Instant
  }

  private var entries: [Entry] = []

  package init() {}

  /// Whoever takes one later is not counted.
  package static let span = TimeSpan.minutes(10)
  /// Of more than this the oldest make room.
  private static let most = 256

  package mutating func note(_ handoff: Handoff, _ agent: AgentID, at now: Instant) {
    // A moment of the future is from before the clock was set back.
    entries.removeAll { $0.id == handoff.id || (now - $0.at).magnitude > Self.span }
    if entries.count >= Self.most { entries.removeFirst() }
    entries.append(Entry(id: handoff.id, holder: handoff.agent, agent: agent, at: now))
  }

  package func holds(_ id: Handoff.ID) -> Bool { entries.contains { $0.id == id } }

  package mutating func drop(_ id: Handoff.ID) { entries.removeAll { $0.id == id } }

  /// Takes out a conversation that an agent has now.
  ///
  /// - Parameter agent: nil if the event does not name one.
  /// - Returns: who had it, and who has it; nil if it is none of these, or the word is no answer.
  package mutating func take(
    _ id: Handoff.ID, by agent: AgentID?, from sender: AgentID, at now: Instant
  ) -> (holder: AgentID, taker: AgentID)? {
    guard let entry = entries.first(where: { $0.id == id }), (now - entry.at).magnitude <= Self.span else { return nil }
    let taker = agent ?? (sender == entry.holder ? entry.agent : sender)
    guard Handoff.moves(to: taker, from: sender, holder: entry.holder) else { return nil }
    drop(id)
    return (entry.holder, taker)
  }
}
