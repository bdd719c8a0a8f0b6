import FleetModel

/// What the machine of a window takes and answers with.
extension MaintenanceRun {
  /// What became of the command of the present phase.
  package enum Standing: Equatable, Sendable {
    case pending
    case done
    case failed(String)
  }

  /// How the agent is since it runs again, by its own normal.
  package enum Verdict: Equatable, Sendable {
    case unknown
    case well
    /// Why it is not.
    case ill(String)
  }

  /// Whether the failure is still forecast.
  package enum Threat: Equatable, Sendable {
    case unknown, stands, clear
    /// It has come early: the agent is ill by now.
    case come
  }

  package struct Sight: Equatable, Sendable {
    package var now: Instant
    package var mode = Autonomy.propose
    package var command = Standing.pending
    package var state = AgentState.running
    /// Of the agent's record.
    package var version = 0
    /// When its drain ends by itself.
    package var heldUntil: Instant?
    /// Who stands in for the agent.
    package var standsIn: AgentID?
    /// Why nothing may begin, whoever wants it: the backup works for another agent, say.
    package var obstacle: String?
    /// Why the backup can do nothing for the agent at present.
    package var backupFault: String?
    /// Why the handler may not begin it by itself: the fleet is ill, say.
    package var guardFault: String?
    package var threat = Threat.unknown
    package var verdict = Verdict.unknown
    package var restartLimit = TimeSpan.seconds(60)
    /// Since when it is known what runtimes have reported: who takes over does not know it at once.
    package var knownSince = Instant.epoch

    package init(at now: Instant) { self.now = now }
  }

  /// A command that goes out.
  package struct Order: Equatable, Sendable {
    package var action: Action
    package var arguments: [String: String] = [:]
    /// What the agent must still be, or nothing is done; nil if that does not matter.
    package var observed: Command.Observation?
    package var expiresAt: Instant
  }

  package struct Step: Equatable, Sendable {
    /// Nil: it is over.
    package var window: MaintenanceWindow?
    package var orders: [Order] = []
    /// What the audit says of it; nil for a step that its commands tell of.
    package var phase: AuditLine.Phase?
    package var words = ""

    package init(
      window: MaintenanceWindow?, orders: [Order] = [], phase: AuditLine.Phase? = nil, words: String = ""
    ) {
      (self.window, self.orders, self.phase, self.words) = (window, orders, phase, words)
    }
  }
}
