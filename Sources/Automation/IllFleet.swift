import FleetModel

/// What rules may do while the fleet is ill, or its metrics have stopped.
///
/// | | actions |
/// |---|---|
/// | held back: it could make things worse | `pause`, `restart`, `activate_backup`, `deactivate_backup`, `tune`, `rollback`, `rebalance`, `offer_coupon`, `rate_limit` that sets a limit, `scale` down, `schedule` of retraining or maintenance |
/// | goes on, within a cap of its own | `block_ip`, `scale` up |
/// | goes on | all others: telling and calling people, reporting, handing over, taking restrictions back |
///
/// The runbook inside the program restates this table for its readers. What a person approves is not held back.
package enum IllFleet {
  package typealias Course = ActionDescriptor.Risk
}

extension Action {
  /// What becomes of the action while the fleet is ill, as far as the action alone tells.
  package var whileIll: [IllFleet.Course] { descriptor.risks }
}

extension PlannedAction {
  /// What becomes of this action while the fleet is ill.
  ///
  /// - Parameter record: its target as it stands; nil if that is not known.
  package func whileIll(_ record: AgentRecord?) -> IllFleet.Course {
    guard case .action(let action) = kind else { return .goesOn }
    let courses = action.whileIll
    guard courses.count > 1 else { return courses[0] }
    switch action {
    case .scale: return givesMore(record) ? .scalesUp : .held
    case .rateLimit: return arguments["per_minute"] == "0" ? .goesOn : .held
    case .schedule: return Self.disruptiveJobs.contains(arguments["job"] ?? "") ? .held : .goesOn
    case .pause, .resume, .restart, .rebalance, .activateBackup, .deactivateBackup, .escalate, .transfer, .blockIP,
      .unblockIP, .offerCoupon, .cancel, .tune, .rollback, .notify, .acknowledge, .unacknowledge, .silence, .unsilence,
      .close,
      .approve,
      .reject, .undo, .automation, .take, .handBack, .closeConversation, .drain, .planMaintenance, .cancelMaintenance:
      return .held
    }
  }

  private static let disruptiveJobs: Set = ["retraining", "maintenance"]

  /// Whether a `scale` takes nothing away. What it compares with must be known.
  private func givesMore(_ record: AgentRecord?) -> Bool {
    var isMore = true
    if let by = arguments["by"] { isMore = isMore && !by.hasPrefix("-") }
    func compare(_ name: String, _ present: Double?) {
      guard let text = arguments[name] else { return }
      guard record != nil, let wanted = Double(text), let present else {
        isMore = false
        return
      }
      isMore = isMore && wanted >= present
    }
    compare("replicas", record.map { Double($0.replicas ?? 1) })
    compare("cpu", record?.cpu)
    compare("memory", record.flatMap { $0.memory.map { Double($0) } })
    return isMore
  }
}

extension Rule {
  /// Whether nothing that it does by itself goes on while the fleet is ill: that is known without looking at the event.
  package var isHeldWhileIll: Bool {
    guard mode != .approve else { return false }
    return ruleActions.allSatisfy { ruleAction in
      guard case .action(let action) = ruleAction.kind else { return false }
      return action.whileIll == [.held]
    }
  }
}
