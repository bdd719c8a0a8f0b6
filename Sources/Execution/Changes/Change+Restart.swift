import FleetModel

extension Change {
  /// Whether the agent's latest restart is this command's; yes if none is noted.
  ///
  /// - Parameter latest: what stands in ``restartField``.
  package static func isRestart(_ latest: [UInt8]?, of command: CommandID) -> Bool {
    latest.map { CommandID(String(decoding: $0, as: UTF8.self)) == command } ?? true
  }

  /// The field of an agent's record that says when a runtime confirmed a restart last, and of which command.
  package static let restartedField = Array("restarted".utf8)

  /// What stands in ``restartedField``: milliseconds since the epoch, a space and the id.
  package static func confirmedRestart(of command: CommandID, at instant: Instant) -> String {
    "\(instant.milliseconds) \(command.text)"
  }

  /// When a command's restart was confirmed; nil if another one's was last, or it is not understood.
  package static func confirmation(_ stored: [UInt8], of command: CommandID) -> Instant? {
    let parts = String(decoding: stored, as: UTF8.self).split(separator: " ", maxSplits: 1)
    guard parts.count == 2, CommandID(String(parts[1])) == command, let milliseconds = Int64(parts[0]),
      milliseconds >= 0
    else { return nil }
    return Instant(milliseconds: milliseconds)
  }

  /// What becomes of an agent whose restart was not confirmed in time: it stands as before the restart.
  ///
  /// - Returns: nil if it does not restart any more, so that nothing has failed.
  package static func endingRestart(
    of target: AgentID, _ record: AgentRecord, before: AgentRecord, at now: Instant
  ) -> Change? {
    // Somebody has paused or drained it meanwhile: that stands, and it was not restarted all the same.
    guard record.state == .restarting else { return record.state.isHeld ? Change() : nil }
    var change = Change(after: record)
    change.after?.state = before.state
    guard before.state == .paused || (before.state == .draining && before.pausedUntil != nil) else { return change }
    // A pause or drain that a restart interrupted goes on if its time is not up.
    if let end = before.pausedUntil, end > now {
      change.after?.pausedUntil = end
      change.scheduledJobs = [ScheduledJob(job: Job(.resume, target), due: end)]
    } else {
      change.after?.state = .running
    }
    return change
  }
}
