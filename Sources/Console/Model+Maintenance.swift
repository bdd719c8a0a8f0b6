import FleetModel

/// Answers to windows of maintenance, where one is selected: the keys of proposals approve and decline it.
extension Model {
  /// The window that is selected among what is coming.
  var selectedWindow: MaintenanceWindow? {
    guard opened == nil, explained == nil, case .maintenance(let agent)? = selectedRow else { return nil }
    return displayed.maintenance[agent]
  }

  mutating func windowDraft(_ action: Action, _ window: MaintenanceWindow) -> ActionDraft? {
    action == .approve ? approval(of: window) : refusal(of: window)
  }

  /// Takes it over: it is kept whatever is forecast, and begins when it was to.
  private mutating func approval(of window: MaintenanceWindow) -> ActionDraft? {
    if let why = whyNotApproved(window) {
      show(note: why)
      return nil
    }
    return ActionDraft(
      action: .planMaintenance, targets: [window.agent],
      arguments: ["backup": "\(window.backup)", "for": window.drain.description])
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
    return ActionDraft(action: .cancelMaintenance, targets: [window.agent])
  }

  private func whyNotCancelled(_ window: MaintenanceWindow) -> String? {
    switch window.phase {
    case .proposed, .planned: nil
    case .standIn, .drain: window.cancelledBy.map { "\(Format.person($0)) has cancelled it already" }
    case .restart, .verify, .release, .resume: "it can be cancelled no more: the agent was restarted, or it goes back"
    }
  }
}
