import FleetModel

/// What many agents in trouble have in common and the others have not, as people are told it.
package struct SharedCause: Equatable, Sendable {
  /// `11 agents on gpt-4o`.
  package var title: String
  /// `11 of 12 affected; others 1 of 40`.
  package var words: String
  /// The agents that are affected.
  package var agents: Set<AgentID>
  /// The alerts that began with it, by the keys of their notices.
  package var alerts: Set<ExactText>

  package init(title: String, words: String, agents: Set<AgentID>, alerts: Set<ExactText> = []) {
    self.title = title
    self.words = words
    self.agents = agents
    self.alerts = alerts
  }
}
