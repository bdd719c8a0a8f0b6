/// Conversations for which a person was told which agent could take them, and that no agent has taken since.
///
/// It is of one handler, and not stored: whoever takes over knows of none but what stands among the waiting.
package struct ProposedHandoffs: Equatable, Sendable {
  private struct Entry: Equatable, Sendable {
    var id: Handoff.ID
    /// Who asked, and has it.
    var holder: AgentID
    /// Who is proposed.
    var agent: AgentID
    var at: Instant
    var request: Request
    var isRefused = false
  }

  /// What a person is told of a request.
  private struct Request: Equatable, Sendable {
    var skill: String
    var language: String
    var summary: String
    var lines: [String]

    init(_ handoff: Handoff) {
      (skill, language) = (handoff.skill, handoff.language)
      (summary, lines) = (handoff.summary, handoff.lines)
    }

    init(_ conversation: WaitingConversation) {
      (skill, language) = (conversation.skill, conversation.language)
      (summary, lines) = (conversation.summary, conversation.lines)
    }
  }

  private var entries: [Entry] = []

  package init() {}

  /// Whoever takes one later is not counted.
  package static let span = TimeSpan.minutes(10)
  /// Of more than this the oldest make room.
  private static let most = 256

  package mutating func note(_ handoff: Handoff, _ agent: AgentID, at now: Instant) {
    note(Entry(id: handoff.id, holder: handoff.agent, agent: agent, at: now, request: Request(handoff)))
  }

  /// Takes over the proposal of a conversation that waits, unless one is known.
  package mutating func adopt(_ conversation: WaitingConversation, at now: Instant) {
    guard let proposed = conversation.standingProposal, entry(conversation.id, at: now) == nil else { return }
    note(
      Entry(
        id: conversation.id, holder: conversation.agent, agent: proposed.agent, at: now, request: Request(conversation))
    )
  }

  private mutating func note(_ entry: Entry) {
    // A moment of the future is from before the clock was set back.
    entries.removeAll { $0.id == entry.id || (entry.at - $0.at).magnitude > Self.span }
    if entries.count >= Self.most { entries.removeFirst() }
    entries.append(entry)
  }

  /// Whether the proposal that stands says all that a new one would say.
  package func says(_ handoff: Handoff, _ agent: AgentID, at now: Instant) -> Bool {
    guard let entry = entry(handoff.id, at: now), !entry.isRefused else { return false }
    return entry.holder == handoff.agent && entry.agent == agent && entry.request == Request(handoff)
  }

  /// Who has a proposed conversation; nil if nobody knows, or it may be the agent that asks by now.
  package func holder(of id: Handoff.ID, besides asker: AgentID, at now: Instant) -> AgentID? {
    entry(id, at: now).flatMap { asker == $0.holder || asker == $0.agent ? nil : $0.holder }
  }

  /// The proposed agent does not take it.
  ///
  /// - Parameter agent: nil if the event does not name one.
  package mutating func refuse(_ id: Handoff.ID, by agent: AgentID?) {
    guard let index = entries.firstIndex(where: { $0.id == id }) else { return }
    if agent == nil || agent == entries[index].agent { entries[index].isRefused = true }
  }

  private func entry(_ id: Handoff.ID, at now: Instant) -> Entry? {
    entries.first { $0.id == id && (now - $0.at).magnitude <= Self.span }
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
    guard let entry = entry(id, at: now) else { return nil }
    let taker = agent ?? (sender == entry.holder ? entry.agent : sender)
    guard Handoff.moves(to: taker, from: sender, holder: entry.holder) else { return nil }
    drop(id)
    return (entry.holder, taker)
  }
}
