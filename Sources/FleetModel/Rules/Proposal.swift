/// A proposal's identity, as `agentos:proposals` names it.
package struct ProposalID: Hashable, Sendable, CustomStringConvertible {
  package let text: String

  package init(_ text: String) {
    self.text = text
  }

  package var description: String { text }

  package static func == (left: ProposalID, right: ProposalID) -> Bool { left.text.isExactly(right.text) }

  package func hash(into hasher: inout Hasher) { ExactText(text).hash(into: &hasher) }
}

/// What a rule would do, waiting for a person's word.
package struct Proposal: Equatable, Sendable {
  package enum State: String, CaseIterable, Sendable { case open, approved, declined, expired }

  /// One of the actions, in the order in which they would be done.
  package struct Step: Equatable, Sendable {
    /// The action's wire name; `advice` for what no command can do.
    package var action: String
    package var target: AgentID
    package var arguments: [String: String]

    package init(action: String, target: AgentID, arguments: [String: String] = [:]) {
      self.action = action
      self.target = target
      self.arguments = arguments
    }
  }

  /// What may be done after the actions, without a further question.
  package struct FollowUp: Equatable, Sendable {
    /// What is done if the verification fails.
    package var otherwise: [Step]
    /// What takes the actions back.
    package var undo: [Step]

    package init(otherwise: [Step], undo: [Step]) {
      (self.otherwise, self.undo) = (otherwise, undo)
    }
  }

  package var id: ProposalID
  package var rule: String
  /// The agent whose event it is about.
  package var agent: AgentID
  package var steps: [Step]
  /// Nil in a proposal of an older handler, whose digest says nothing of it.
  package var followUp: FollowUp?
  /// Why the rule would act.
  package var reason: String
  /// SHA-256, in hexadecimal digits, of all that is proposed: an answer names it, so that nobody approves what he has
  /// not seen.
  package var digest: String
  package var madeAt: Instant
  package var expiresAt: Instant
  package var state = State.open

  package init(
    id: ProposalID, rule: String, agent: AgentID, steps: [Step], followUp: FollowUp? = nil, reason: String,
    digest: String, madeAt: Instant, expiresAt: Instant, state: State = .open
  ) {
    self.id = id
    self.rule = rule
    self.agent = agent
    self.steps = steps
    self.followUp = followUp
    self.reason = reason
    self.digest = digest
    self.madeAt = madeAt
    self.expiresAt = expiresAt
    self.state = state
  }
}
