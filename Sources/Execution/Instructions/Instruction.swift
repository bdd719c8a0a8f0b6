import FleetModel

/// A command's action with its arguments read: what is left to decide is only whether the target allows it.
package enum Instruction: Equatable {
  /// What a scaled agent should have; nil leaves it as it is.
  package struct Scale: Equatable {
    package enum Replicas: Equatable {
      case exactly(Int)
      case by(Int)
    }
    package var replicas: Replicas?
    /// Cores.
    package var cpu: Double?
    /// MiB.
    package var memory: Int?

    package init(replicas: Replicas? = nil, cpu: Double? = nil, memory: Int? = nil) {
      self.replicas = replicas
      self.cpu = cpu
      self.memory = memory
    }
  }

  case pause(TimeSpan)
  case resume
  case restart
  case scale(Scale)
  /// Messages a minute; 0 is no limit.
  case rateLimit(Int, TimeSpan)
  /// The backup, where the sender named one.
  case activateBackup(AgentID?)
  case deactivateBackup(AgentID?)
  case escalate(to: String, Severity)
  case block(IPAddress, TimeSpan)
  case unblock(IPAddress)
  /// Until somebody takes it back, or for a span.
  case acknowledge(AlertID, TimeSpan?, note: String)
  case unacknowledge(AlertID)
  /// The same of a queue's alert.
  case acknowledgeQueue(QueueAlertID, note: String)
  case unacknowledgeQueue(QueueAlertID)
  case silence(AlertID, TimeSpan, note: String)
  case unsilence(AlertID)
  case close(AlertID, note: String)
  /// Traffic to other agents, by a share of it; empty and nil leave the choice to the runtime.
  case rebalance(to: String?, share: Double?)
  /// A conversation, to an agent or to whoever has a skill, with what whoever takes it should know.
  case transfer(conversation: String, to: AgentID?, skill: String?, notes: [String: String])
  case offerCoupon(conversations: String, campaign: String?)
  case tune(String, String)
  /// To the version of that name.
  case rollback(to: String)
  case schedule(JobName, Time)
  case cancel(JobName)
  case automation(AutomationMode)
  /// A proposal, and the digest of what was seen of it.
  case approve(ProposalID, digest: String)
  case reject(ProposalID, digest: String)
  /// A text, to a channel.
  case notify(to: String, String)
  case undo(CommandID)
  /// A conversation that waits for a person is taken, given back to its agent, or ended.
  case take(WaitingConversation.ID)
  case handBack(WaitingConversation.ID, note: String)
  case closeConversation(WaitingConversation.ID, note: String)
  /// No new conversations; those that are open end or move.
  case drain(TimeSpan)
  /// A window of maintenance, at a time or at the one that is proposed, with so long for the drain; if it names a window,
  /// only in place of that one.
  case planMaintenance(Time?, for: TimeSpan, backup: AgentID?, window: String?)
  case cancelMaintenance(window: String?)

  /// When a job is to run.
  package enum Time: Equatable {
    case after(TimeSpan)
    case at(Instant)
  }

  /// The alert of an agent that it changes, if any.
  package func alert(of target: AgentID) -> AlertID? {
    switch self {
    case .escalate: AlertID(.escalation, target)
    case .acknowledge(let id, _, _), .unacknowledge(let id), .silence(let id, _, _), .unsilence(let id),
      .close(let id, _):
      id
    case .pause, .resume, .restart, .scale, .rateLimit, .activateBackup, .deactivateBackup, .block, .unblock,
      .rebalance, .transfer, .offerCoupon, .tune, .rollback, .schedule, .cancel, .automation, .approve, .reject,
      .notify, .acknowledgeQueue, .unacknowledgeQueue, .undo, .take, .handBack,
      .closeConversation, .drain, .planMaintenance, .cancelMaintenance:
      nil
    }
  }

  /// The queue's alert that it is about, if any.
  package var queueAlert: QueueAlertID? {
    switch self {
    case .acknowledgeQueue(let id, _), .unacknowledgeQueue(let id): id
    default: nil
    }
  }

  /// The conversation that waits for a person that it is about, if any.
  package var conversation: WaitingConversation.ID? {
    switch self {
    case .take(let id), .handBack(let id, _), .closeConversation(let id, _): id
    default: nil
    }
  }

  /// The address that it is about, if any.
  package var address: IPAddress? {
    switch self {
    case .block(let address, _), .unblock(let address): address
    case .pause, .resume, .restart, .scale, .rateLimit, .activateBackup, .deactivateBackup, .escalate, .acknowledge,
      .unacknowledge, .silence, .unsilence, .close, .rebalance, .transfer, .offerCoupon, .tune, .rollback, .schedule,
      .cancel, .automation, .approve, .reject, .notify, .acknowledgeQueue, .unacknowledgeQueue, .undo, .take, .handBack,
      .closeConversation, .drain, .planMaintenance, .cancelMaintenance:
      nil
    }
  }
}

/// A job that can be scheduled for an agent.
package enum JobName: String, CaseIterable {
  case analysis, retraining, maintenance, audit
  /// Shows an agent's numbers elsewhere; done only if an actuator is configured for it.
  case dashboard
}

extension JobName: WireWord {}

/// Why something is not done: for the audit.
package struct Refusal: Error, Equatable {
  package let reason: String

  package init(_ reason: String) {
    self.reason = reason
  }
}
