/// A conversation that waits for a person, or that a person has taken.
package struct WaitingConversation: Equatable, Sendable {
  /// What its agent calls it: text that equals another only where its bytes do.
  package struct ID: Hashable, Sendable {
    private let exact: ExactText

    /// Nil if it is empty, or longer than one may be: a part of it would be another's.
    package init?(_ text: String) {
      guard !text.isEmpty, text.utf8.count <= Self.mostBytes else { return nil }
      exact = ExactText(text)
    }

    package static let mostBytes = TextBound.words

    package var text: String { exact.text }
  }

  /// That a person has taken it.
  package struct Hand: Equatable, Sendable {
    package var by: String
    package var at: Instant

    package init(by: String, at: Instant) {
      (self.by, self.at) = (by.clipped(toBytes: TextBound.title), at)
    }

    /// Who has it if nobody says.
    package static let unnamed = "a person"

    package var isNamed: Bool { by != Self.unnamed }
  }

  /// Which agent could have it, if a person agrees.
  package struct Proposed: Equatable, Sendable {
    package var agent: AgentID
    /// What speaks for that one, in words; empty if nobody says.
    package var why: String

    package init(agent: AgentID, why: String) {
      (self.agent, self.why) = (agent, why.clipped(toBytes: TextBound.words))
    }
  }

  package var id: ID
  /// Whose conversation it is.
  package var agent: AgentID
  /// Since when it has waited.
  package var since: Instant
  /// What the person should know; empty if the agent does not say.
  package var skill = ""
  package var language = ""
  /// What it is about, in a few words.
  package var summary = ""
  /// What was said last, the latest line at the end.
  package var lines: [String] = []
  /// Nil: nobody is proposed.
  package var proposed: Proposed?
  /// Nil: nobody has taken it.
  package var hand: Hand?

  package init(id: ID, agent: AgentID, since: Instant) { (self.id, self.agent, self.since) = (id, agent, since) }

  /// So many of the last lines are kept.
  package static let mostLines = 6

  /// Who is proposed; nil if nobody is, or somebody has taken it.
  package var standingProposal: Proposed? { hand == nil ? proposed : nil }

  /// How long it has waited; nil if somebody has taken it.
  package func wait(at now: Instant) -> TimeSpan? { hand == nil ? max(.zero, now - since) : nil }
}
