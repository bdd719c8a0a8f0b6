/// How the tuning of a role's parameters stands, as the handler says it.
package struct TuningReport: Equatable, Sendable {
  /// What waits for a person's answer.
  package struct Question: Equatable, Sendable {
    package var proposal: ProposalID
    /// The first agent that it would change.
    package var agent: AgentID

    package init(proposal: ProposalID, agent: AgentID) { (self.proposal, self.agent) = (proposal, agent) }
  }

  /// What is tried or was adopted, with its evidence.
  package var words: String
  /// When that was so.
  package var at: Instant
  /// Under which name the audit tells of what is tried; nil while nothing is.
  package var run: String?
  package var question: Question?
  /// Whether nothing is tried, nothing was adopted, and nothing keeps it from that.
  package var isIdle = false

  package init(words: String, at: Instant, run: String? = nil, question: Question? = nil) {
    (self.words, self.at, self.run, self.question) = (words, at, run, question)
  }
}
