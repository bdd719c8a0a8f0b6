import Execution
import FleetModel
import Wire

/// Alerts whose beginning stands in the audit, and the lines that tell of them: by these one can learn what operators do
/// when alerts open. Written only if the settings ask for it.
///
/// ```text
///   started    <kind>/<agent>/<since>   the alert as it is first written
///   succeeded  <kind>/<agent>/<since>   why it ended: recovered, unrecovered, explained, closed or agent_left
/// ```
/// Each line is in the transaction that writes the alert, or takes it out; of one that a command closed it comes after it.
/// A handler that takes over tells nothing a second time. Of an alert that an earlier handler wrote while the settings did
/// not ask, only the end is told, and nobody learns from it.
struct AuditedAlerts {
  private var since: [AlertID: Instant] = [:]

  /// That an alert began; nil if that was told, or nobody learns from its kind.
  func beginning(of alert: AlertRecord, _ session: LeaseSession) -> AuditLine? {
    guard alert.id.kind.isOfAgent, since[alert.id] != alert.since else { return nil }
    var line = line(.started, alert.id, alert.since, session)
    line.alert = alert
    line.detail = alert.summary
    return line
  }

  /// That an alert ended; nil if its beginning was not told.
  func end(of id: AlertID, _ end: AlertEnd, _ session: LeaseSession) -> AuditLine? {
    guard let since = since[id] else { return nil }
    var line = line(.succeeded, id, since, session)
    line.detail = end.rawValue
    return line
  }

  /// Takes note of what stands in the audit.
  mutating func note(begun: [AlertRecord], ended: [AlertID]) {
    for alert in begun where alert.id.kind.isOfAgent { since[alert.id] = alert.since }
    for id in ended { since[id] = nil }
  }

  private func line(
    _ phase: AuditLine.Phase, _ id: AlertID, _ since: Instant, _ session: LeaseSession
  ) -> AuditLine {
    AuditLine(
      origin: .run("\(id)/\(since.milliseconds)"), phase: phase, action: AuditLine.wholeAlert, target: id.agent,
      operator: "handler/\(session.options.id)", handler: session.options.id, at: session.now,
      source: String(decoding: session.keys.alerts, as: UTF8.self))
  }
}
