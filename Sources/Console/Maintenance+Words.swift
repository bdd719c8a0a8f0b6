import FleetModel
import Screen

/// What the screen says of windows of maintenance.
enum MaintenanceWords {
  static func phase(_ window: MaintenanceWindow) -> String {
    switch window.phase {
    case .proposed: "proposed"
    case .planned: "planned"
    case .standIn, .drain, .restart, .verify, .release, .resume: "under way"
    }
  }

  static func role(_ window: MaintenanceWindow) -> Role { window.phase == .planned ? .text : .warning }

  /// `begins in 20m: Backup NY stands in, Sales NY drains up to 15m and restarts`.
  static func text(_ window: MaintenanceWindow, _ labels: Labels, at now: Instant) -> String {
    let (agent, backup) = (labels[window.agent], labels[window.backup])
    return switch window.phase {
    case .proposed, .planned:
      "\(begins(window, at: now)): \(backup) stands in, \(agent) drains up to \(window.drain) and restarts"
    case .standIn: "\(backup) is told to stand in"
    case .drain: "\(backup) stands in, \(agent) takes no new conversations; those that are open end or move"
    case .restart: "\(backup) stands in, \(agent) restarts"
    case .verify: "\(agent) runs again; its metrics are compared with what is usual for it"
    case .release: "\(agent) is as usual; \(backup) is told that it is not needed any more"
    case .resume: "goes back: \(agent) is told to work again"
    }
  }

  private static func begins(_ window: MaintenanceWindow, at now: Instant) -> String {
    let wait = window.at - now
    guard wait <= .zero else { return "begins in \(Format.remaining(wait))" }
    return "due since \(Format.clock(window.at))Z"
  }

  /// Why it is done, and who has stopped it.
  static func reasons(_ window: MaintenanceWindow, at now: Instant) -> [String] {
    var reasons = [Scrubber.display(window.cause)]
    if let sign = window.sign { reasons[0] += ", expected \(Format.clock(sign.crossesAt))Z" }
    if let wait = window.wait, window.at <= now { reasons.append("waits: \(Scrubber.display(wait.why))") }
    if let person = window.cancelledBy { reasons.append("cancelled by \(Scrubber.display(person))") }
    if let fault = window.fault { reasons.append("goes back: \(Scrubber.display(fault))") }
    return reasons
  }
}

extension Model {
  /// What is said of a window where it is selected.
  func maintenanceLines(_ window: MaintenanceWindow, _ columns: Int) -> [DetailPane.Line] {
    let remedy: String? =
      switch window.phase {
      case .proposed: "It begins only if you approve it: A. D declines it."
      case .planned: "D cancels it."
      case .standIn, .drain: window.cancelledBy == nil ? "D cancels it: it goes back." : nil
      case .restart, .verify, .release, .resume: nil
      }
    let text = "Maintenance of \(labels[window.agent]): \(MaintenanceWords.text(window, labels, at: displayedNow))"
    return DetailPane.Line.wrapped(text, columns: columns, MaintenanceWords.role(window))
      + MaintenanceWords.reasons(window, at: displayedNow).flatMap {
        DetailPane.Line.wrapped($0, columns: columns, .text)
      } + [.blank]
      + (remedy.map { DetailPane.Line.wrapped($0, columns: columns, .dim) } ?? [])
  }

  /// The lines of an opened agent's window; none without one.
  func maintenanceLines(of id: AgentID, _ columns: Int) -> [DetailPane.Line] {
    guard let window = displayed.maintenance[id] else { return [] }
    let words =
      [MaintenanceWords.text(window, labels, at: displayedNow)] + MaintenanceWords.reasons(window, at: displayedNow)
    let heading = "Maintenance: \(MaintenanceWords.phase(window))"
    return [.heading(heading)]
      + words.flatMap { DetailPane.Line.wrapped($0, indent: 2, columns: columns, MaintenanceWords.role(window)) } + [
        .blank
      ]
  }
}
