import Execution
import FleetModel
import Wire

/// What the desk sees of a window, its agents and the other windows.
extension MaintenanceDesk {
  /// Windows that begin so much apart are not in each other's way.
  private static let apart = TimeSpan.hours(1)

  func sight(of window: MaintenanceWindow, _ found: MaintenanceLook, at now: Instant) -> MaintenanceRun.Sight {
    var sight = MaintenanceRun.Sight(at: now)
    sight.mode = session.options.maintenance.mode
    sight.command = found.standing
    (sight.state, sight.heldUntil) = (found.record.state, found.record.pausedUntil)
    (sight.version, sight.standsIn) = (found.record.version, found.record.backup)
    sight.obstacle = found.obstacle ?? otherWindow(of: window)
    sight.backupFault = backupFault(window.backup, found.backup)
    sight.guardFault = found.isOn ? guardFault(window.agent) ?? sameRole(as: window) : "automation is not on"
    sight.restartLimit = session.options.restartLimit
    sight.knownSince = knownSince ?? now
    guard session.options.insight.isOn else {
      // Nobody could tell how it is: that it runs again must do.
      sight.verdict = .well
      return sight
    }
    if let outlook = outlooks[window.agent] {
      sight.threat = outlook.threat(at: now)
      sight.verdict = outlook.verdict(since: window.since)
    }
    return sight
  }

  /// Windows of other agents that have begun and are not over.
  private func underWay(besides agent: AgentID) -> some Sequence<MaintenanceWindow> {
    windows.values.lazy.filter { !$0.phase.isAhead && $0.agent != agent }
  }

  private func otherWindow(of window: MaintenanceWindow) -> String? {
    underWay(besides: window.agent).compactMap { window.conflict(with: $0) }.min()
  }

  /// Guards count an agent as healthy until its events say otherwise, which takes longer than a look.
  private func sameRole(as window: MaintenanceWindow) -> String? {
    guard let role = session.fleet?.role(of: window.agent) else { return nil }
    let others = underWay(besides: window.agent).map(\.agent).filter { [session] in
      session.fleet?.role(of: $0) == role
    }
    return others.min { $0.precedes($1) }.map { "\($0), of the same role, is under maintenance" }
  }

  /// Whether another window needs one of two agents at about the same time.
  func isTaken(_ planned: MaintenanceWindow) -> Bool {
    windows.values.contains { other in
      let isNear = !other.phase.isAhead || (other.at - planned.at).magnitude < Self.apart
      return isNear && planned.conflict(with: other) != nil
    }
  }

  /// Why an agent can stand in for nobody; nil if it can, or nobody knows it here.
  func backupFault(_ backup: AgentID, _ record: AgentRecord) -> String? {
    if record.state != .running { return "\(backup) is \(record.state.rawValue)" }
    guard let fleet = session.fleet, let state = fleet.state(of: backup) else { return nil }
    if state != .running { return "\(backup) is \(state.rawValue)" }
    if fleet.isOpen(AlertID(.silent, backup)) { return "\(backup) is silent" }
    return fleet.isOpen(AlertID(.healthCritical, backup)) ? "\(backup) is ill" : nil
  }
}
