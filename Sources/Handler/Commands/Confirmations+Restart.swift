import Execution
import FleetModel
import Redis
import Wire

/// Restarts that runtimes confirm.
extension Confirmations {
  /// The agent runs again: its record says so, and the limit is off. A pause that the restart was not to end goes on,
  /// and its runtime, which is new, is told so.
  ///
  /// - Returns: what foresight is told, also of one that was given up before: the process is a new one all the same.
  func finishRestart(
    _ report: EventProcessor.Report, _ mark: CommandRecord, _ fields: [(name: [UInt8], value: [UInt8])],
    _ transaction: inout Transaction, _ line: inout AuditLine
  ) -> ConfirmedRestart {
    let record = AgentRecordCoding.decode(fields: fields)
    let limit = Job(.restartLimit(report.command), report.agent)
    var change = Change(scheduledJobs: [Change.ScheduledJob(job: limit, due: nil)])
    var restarted = ConfirmedRestart(author: mark.operator, at: report.at)
    let latest = fields.first { $0.name == Change.restartField }?.value
    if record.state == .restarting, Change.isRestart(latest, of: report.command) {
      // By the server's clock and by the one that goes here: they are never quite the same.
      restarted.at = max(report.at, record.updatedAt?.noLater(than: session.now) ?? report.at)
      change.after = record
      let end = record.pausedUntil.flatMap { $0 > session.now ? $0 : nil }
      change.after?.state = end == nil ? .running : .paused
      change.after?.pausedUntil = end
      change.control = end.map(pause)
      let version = fields.first { $0.name == Array("version".utf8) }?.value ?? []
      transaction.require("HGET", session.keys.agent(report.agent), "version", is: version)
    }
    // One that came while it restarted may not have reached the runtime.
    if record.state == .paused, let end = record.pausedUntil, end > session.now,
      session.actuator(of: .action(.pause), [:]) == nil
    {
      change.control = pause(until: end)
    }
    let after = change.write(
      to: &transaction, target: report.agent, version: record.version, origin: report.command.text,
      author: record.updatedBy ?? "", now: session.now, keys: session.keys)
    if let after { (line.before, line.after) = (record, after) }
    let stored = Change.confirmedRestart(of: report.command, at: restarted.at)
    // No confirmation fails for want of it.
    transaction.attempt("HSET", session.keys.agent(report.agent), Change.restartedField, stored)
    return restarted
  }

  private func pause(until end: Instant) -> Change.Control {
    Change.Control(action: .pause, arguments: ["for": (end - session.now).description], until: end)
  }

  /// Tells foresight of a restart that is written: a handler may have died before it did, or not have heard that it is.
  ///
  /// A runtime may repeat its report: only the moment that stands in the record counts, so that foresight knows it again.
  func tellRestart(
    _ report: EventProcessor.Report, _ mark: CommandRecord, fields: [(name: [UInt8], value: [UInt8])]
  ) {
    guard mark.action == Action.restart.rawValue,
      let stored = fields.first(where: { $0.name == Change.restartedField })?.value,
      let instant = Change.confirmation(stored, of: report.command)
    else { return }
    let restarted = ConfirmedRestart(author: mark.operator, at: instant.noLater(than: session.now))
    session.tell(.record(report.agent, nil, restarted: restarted))
  }
}
