import FleetModel

/// Why a command was not taken, and as much of it as could be read, so that the audit can name it.
package struct CommandRefusal: Error, Equatable, Sendable {
  package var id: CommandID?
  /// The action's wire name, known or not.
  package var action: String?
  package var targets: [AgentID] = []
  package var `operator`: String?
  package var batch: Batch?
  /// What is wrong, where, and what to do about it.
  package var reason: String

  package init(
    id: CommandID? = nil, action: String? = nil, targets: [AgentID] = [], operator: String? = nil, batch: Batch? = nil,
    reason: String
  ) {
    self.id = id
    self.action = action
    self.targets = targets
    self.operator = `operator`
    self.batch = batch
    self.reason = reason
  }
}

extension CommandRefusal: CustomStringConvertible {
  package var description: String { reason }
}
