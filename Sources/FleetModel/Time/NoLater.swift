/// What comes from outside as a time of something that has happened is at most now: a line of the year 9999 would otherwise
/// let all that is open grow old at once. Ends of pauses, silences and proposals lie ahead, and stay.
extension Instant {
  package func noLater(than now: Instant) -> Instant { min(self, now) }
}

extension AuditLine {
  package func noLater(than now: Instant) -> AuditLine {
    var line = self
    line.at = at.noLater(than: now)
    line.before = before?.noLater(than: now)
    line.after = after?.noLater(than: now)
    line.alert = alert?.noLater(than: now)
    if let proposal, proposal.madeAt > now { line.proposal?.madeAt = now }
    return line
  }
}

extension AlertRecord {
  package func noLater(than now: Instant) -> AlertRecord {
    var record = self
    record.since = since.noLater(than: now)
    record.last = last.noLater(than: now)
    record.quietSince = quietSince?.noLater(than: now)
    record.acknowledgedAt = acknowledgedAt?.noLater(than: now)
    return record
  }
}

extension AgentInsight {
  package func noLater(than now: Instant) -> AgentInsight {
    var insight = self
    insight.at = at.noLater(than: now)
    for index in findings.indices {
      insight.findings[index].since = findings[index].since.noLater(than: now)
      insight.findings[index].at = findings[index].at.noLater(than: now)
    }
    for index in forecasts.indices { insight.forecasts[index].madeAt = forecasts[index].madeAt.noLater(than: now) }
    for index in changes.indices { insight.changes[index].at = changes[index].at.noLater(than: now) }
    return insight
  }
}

extension QueueReport {
  package func noLater(than now: Instant) -> QueueReport {
    var report = self
    report.at = at.noLater(than: now)
    for index in report.queues.indices {
      report.queues[index].oldestWaiting = queues[index].oldestWaiting?.noLater(than: now)
      report.queues[index].oldestPending = queues[index].oldestPending?.noLater(than: now)
      report.queues[index].lastRead = queues[index].lastRead?.noLater(than: now)
      if let since = queues[index].trouble?.since { report.queues[index].trouble?.since = since.noLater(than: now) }
    }
    return report
  }
}

extension AgentRecord {
  package func noLater(than now: Instant) -> AgentRecord {
    var record = self
    record.updatedAt = updatedAt?.noLater(than: now)
    record.pausedAt = pausedAt?.noLater(than: now)
    if tunings.contains(where: { $0.at.map { $0 > now } ?? false }) {
      record.set(tunings: tunings.map { $0.noLater(than: now) })
    }
    return record
  }
}

extension MaintenanceWindow {
  package func noLater(than now: Instant) -> MaintenanceWindow {
    var window = self
    window.since = since.noLater(than: now)
    window.clearSince = clearSince?.noLater(than: now)
    if let wait { window.wait?.since = wait.since.noLater(than: now) }
    return window
  }
}

extension Spending {
  package func noLater(than now: Instant) -> Spending {
    Spending(day: day, minute: min(minute, BudgetDay.minute(of: now)), role: role, cost: cost, tokens: tokens)
  }
}

extension AgentTuning {
  fileprivate func noLater(than now: Instant) -> AgentTuning {
    AgentTuning(parameter: parameter, value: value, by: by, at: at?.noLater(than: now), command: command)
  }
}
