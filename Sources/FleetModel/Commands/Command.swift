/// A command's identity: a UUIDv7 as text.
package struct CommandID: Hashable, Sendable, CustomStringConvertible {
  package let text: String

  package init(_ text: String) {
    self.text = text
  }

  package var description: String { text }

  package static func == (left: CommandID, right: CommandID) -> Bool { left.text.isExactly(right.text) }

  package func hash(into hasher: inout Hasher) { ExactText(text).hash(into: &hasher) }
}

/// What an operator asks for, as it goes on the wire.
package struct Command: Equatable, Sendable {
  /// What the sender saw of an agent when deciding; the handler refuses if it is no longer so.
  package struct Observation: Equatable, Sendable {
    package var state: AgentState
    package var version: Int

    package init(state: AgentState, version: Int) {
      self.state = state
      self.version = version
    }
  }

  package var id: CommandID
  package var action: Action
  package var targets: [AgentID]
  /// Argument name → text as typed; see ``Action/parameters``.
  package var arguments: [String: String]
  /// `user@host`.
  package var `operator`: String
  package var reason: String
  package var issuedAt: Instant
  package var expiresAt: Instant
  package var observed: [AgentID: Observation]
  package var isDryRun: Bool
  /// What it is a part of, if the order was split.
  package var batch: Batch?

  package init(
    id: CommandID, action: Action, targets: [AgentID] = [], arguments: [String: String] = [:], operator: String,
    reason: String = "", issuedAt: Instant, expiresAt: Instant, observed: [AgentID: Observation] = [:],
    isDryRun: Bool = false, batch: Batch? = nil
  ) {
    self.id = id
    self.action = action
    self.targets = targets
    self.arguments = arguments
    self.operator = `operator`
    self.reason = reason
    self.issuedAt = issuedAt
    self.expiresAt = expiresAt
    self.observed = observed
    self.isDryRun = isDryRun
    self.batch = batch
  }
}
