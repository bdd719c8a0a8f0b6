import FleetModel

/// Answers to windows of maintenance, where one is selected: the keys of proposals approve and decline it.
extension Model {
  /// Whether a window is selected among what is coming.
  var isWindowSelected: Bool { selectedWindow != nil }

  private var selectedWindow: AgentID? {
    guard opened == nil, explained == nil, coming.isShown, case .maintenance(let agent)? = selectedRow else {
      return nil
    }
    return agent
  }

  mutating func windowDraft(_ action: Action) -> ActionDraft? {
    guard let window = selectedWindow.flatMap({ displayed.maintenance[$0] }) else {
      show(note: "this maintenance is over")
      return nil
    }
    return action == .approve ? approval(of: window) : refusal(of: window)
  }

  /// Whether it was not over when it was last told.
  func isStillThere(_ window: String, of targets: [AgentID]) -> Bool {
    targets.allSatisfy { fleet.maintenance[$0].map { $0.id.isExactly(window) } == true }
  }

  /// Takes it over: it is kept whatever is forecast, and begins when it was to.
  private mutating func approval(of window: MaintenanceWindow) -> ActionDraft? {
    if let why = whyNotApproved(window) {
      show(note: why)
      return nil
    }
    let arguments = ["backup": "\(window.backup)", "for": window.drain.description]
    return draft(.planMaintenance, window, arguments)
  }

  private func whyNotApproved(_ window: MaintenanceWindow) -> String? {
    guard window.phase.isAhead else { return "this maintenance is under way" }
    guard case .person(let name) = window.origin else { return nil }
    return "\(Format.person(name)) has planned it already"
  }

  private mutating func refusal(of window: MaintenanceWindow) -> ActionDraft? {
    if let why = whyNotCancelled(window) {
      show(note: why)
      return nil
    }
    return draft(.cancelMaintenance, window)
  }

  private func draft(
    _ action: Action, _ window: MaintenanceWindow, _ arguments: [String: String] = [:]
  ) -> ActionDraft {
    var draft = ActionDraft(action: action, targets: [window.agent], arguments: arguments)
    draft.window = window.id
    return draft
  }

  private func whyNotCancelled(_ window: MaintenanceWindow) -> String? {
    switch window.phase {
    case .proposed, .planned: nil
    case .standIn, .drain: window.cancelledBy.map { "\(Format.person($0)) has cancelled it already" }
    case .restart, .verify, .release, .resume: "it can be cancelled no more: the agent was restarted, or it goes back"
    }
  }
}
