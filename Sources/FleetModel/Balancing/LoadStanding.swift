/// What sharing load has under way in one role: what a handler that takes over must know.
package struct LoadStanding: Equatable, Sendable {
  /// A change of an agent's share that was sent, or approved: the agent is left alone until it is done.
  package struct Move: Equatable, Sendable {
    package var agent: AgentID
    package var to: Double
    /// The command, or the action of the run that was approved.
    package var command: CommandID
    /// From then on it is not waited for.
    package var until: Instant

    package init(agent: AgentID, to: Double, command: CommandID, until: Instant) {
      (self.agent, self.to, self.command, self.until) = (agent, to, command, until)
    }
  }

  /// A change that a person is asked about.
  package struct Question: Equatable, Sendable {
    package var id: ProposalID
    package var agent: AgentID
    package var from: Double
    package var to: Double
    package var until: Instant

    package init(id: ProposalID, agent: AgentID, from: Double, to: Double, until: Instant) {
      (self.id, self.agent, self.from, self.to, self.until) = (id, agent, from, to, until)
    }
  }

  package var moves: [Move] = []
  package var question: Question?

  /// More are not under way in a role at once.
  package static let mostMoves = 2 * LoadSettings.moves.upperBound

  package init() {}

  package var isEmpty: Bool { moves.isEmpty && question == nil }

  /// Whether a change of an agent's share is under way.
  package func isMoving(_ agent: AgentID) -> Bool { moves.contains { $0.agent == agent } }
}
