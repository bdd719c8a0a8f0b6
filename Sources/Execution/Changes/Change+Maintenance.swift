import FleetModel

/// Windows of maintenance that people plan and cancel.
extension Change {
  /// - Parameters:
  ///   - time: when it begins; nil: when the window that is proposed does, or now.
  ///   - window: the window that the operator saw, if that is what is approved.
  package static func planMaintenance(
    at time: Instruction.Time?, for drain: TimeSpan, backup named: AgentID?, window seen: String?,
    _ context: PlanningContext
  ) throws(Refusal) -> Change {
    guard context.maintenance != .off else {
      throw Refusal("maintenance is off: set mode under [maintenance] in the handler's settings")
    }
    try check(seen, context)
    let present = context.window
    if let present { try replace(present) }
    guard present != nil || context.windowCount < MaintenanceWindow.most else {
      throw Refusal("\(context.windowCount) windows are planned already, \(MaintenanceWindow.most) may be")
    }
    let known = named ?? present?.backup ?? context.record.backup ?? context.knownBackup
    guard let backup = known else {
      throw Refusal("no backup of \(context.target) is known; name one with backup=AGENT")
    }
    guard backup != context.target else { throw Refusal("\(context.target) cannot be its own backup") }
    let begin: Instant
    switch time {
    case .after(let span): begin = context.now + span
    case .at(let instant): begin = max(instant, context.now)
    case nil: begin = max(present?.at ?? context.now, context.now)
    }
    guard begin - context.now <= MaintenanceWindow.farthest else {
      throw Refusal("it would begin \(begin.linkText); plan it at most \(MaintenanceWindow.farthest) ahead")
    }
    var window = MaintenanceWindow(
      id: context.commandID.text, agent: context.target, backup: backup, origin: .person(context.operator), at: begin,
      drain: drain, phase: .planned, since: context.now)
    window.accepted = present?.sign
    var change = Change(
      detail: "maintenance planned for \(begin.linkText), \(backup) stands in, at most \(drain) to drain")
    change.window = (context.target, window)
    return change
  }

  /// What was seen may be over by now: nothing begins in its place.
  private static func check(_ seen: String?, _ context: PlanningContext) throws(Refusal) {
    guard let seen, context.window.map({ $0.id.isExactly(seen) }) != true else { return }
    throw Refusal("the window of \(context.target) that you saw is over")
  }

  private static func replace(_ present: MaintenanceWindow) throws(Refusal) {
    guard present.phase.isAhead else {
      throw Refusal("the maintenance of \(present.agent) is under way: \(present.phase.rawValue)")
    }
    guard case .person(let name) = present.origin else { return }
    throw Refusal("\(name) has planned maintenance of \(present.agent) for \(present.at.linkText): cancel it first")
  }

  /// One that has begun goes back, as long as the agent was not restarted.
  package static func cancelMaintenance(_ seen: String?, _ context: PlanningContext) throws(Refusal) -> Change {
    try check(seen, context)
    guard var window = context.window else { throw Refusal("no maintenance of \(context.target) is planned") }
    var change = Change()
    switch window.phase {
    case .proposed, .planned:
      change.window = (context.target, nil)
      change.detail = "the maintenance planned for \(window.at.linkText) is cancelled"
      change.declinesForecast = window.sign != nil
    case .standIn, .drain:
      if let name = window.cancelledBy { throw Refusal("\(name) has cancelled it already") }
      window.cancelledBy = context.operator
      change.window = (context.target, window)
      change.detail = "the maintenance goes back: \(context.target) works on, \(window.backup) is released"
    case .restart, .verify, .release, .resume:
      throw Refusal("the maintenance of \(context.target) cannot be cancelled any more: \(window.phase.rawValue)")
    }
    return change
  }
}
