/// What a runtime is to report once it has obeyed. What is nil was not asked for.
package struct RuntimeGoal: Equatable, Sendable {
  package var state: AgentState?
  package var replicas: Int?

  /// - Parameter replicas: how many it was told to have; nil where it was told of none.
  package init(of action: Action, replicas: Int? = nil) {
    switch action {
    case .pause: state = .paused
    case .resume, .restart: state = .running
    case .scale: self.replicas = replicas
    // That a runtime names the command is all that it can say of these.
    case .rateLimit, .rebalance, .activateBackup, .deactivateBackup, .escalate, .transfer, .blockIP, .unblockIP,
      .offerCoupon, .schedule, .cancel, .tune, .notify, .acknowledge, .unacknowledge, .silence, .unsilence,
      .close, .approve, .reject, .undo, .automation:
      break
    }
  }

  package init(state: AgentState?, replicas: Int?) {
    (self.state, self.replicas) = (state, replicas)
  }

  /// Whether a report says that it has come to this.
  package func isReached(by state: AgentState?, replicas: Int?) -> Bool {
    (self.state == nil || self.state == state) && (self.replicas == nil || self.replicas == replicas)
  }
}
