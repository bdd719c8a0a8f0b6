extension Fleet {
  /// Takes note that the clock was set anew: what was noted by it moves along, so that nothing is older or younger than it
  /// was. No alert closes by that, no agent falls silent, and no id that was seen is forgotten.
  package mutating func leap(by step: TimeSpan) {
    revision &+= 1
    now = now + step
    clockOrigin = clockOrigin + step
    // Its looks ahead go by the former clock.
    running = RunningTotals()
    alerts.leap(by: step)
    seenEvents.leap(by: step)
    for position in agents.profiles.indices where agents.profiles[position] != nil {
      agents.leap(by: step, at: position)
      changes.touch(position)
      if series.isKept { running.touch(position) }
      if step < .zero { forgetHistory(at: position) }
    }
    lastEventAt = lastEventAt + step
    silences.heardFrom = silences.heardFrom + step
    silences.pulse.leap(by: step)
    judgeSilences()
    guard step < .zero else { return }
    // What is charted by times that are ahead would leave no room for what comes.
    totals = FleetTotals()
    counts.forgetRate()
  }

  private mutating func forgetHistory(at position: Int) {
    for metric in Metric.allCases where agents.activity[position].hasSeries(metric) {
      series.release(agents.activity[position].cells[metric.rawValue].slot)
      agents.activity[position].cells[metric.rawValue].slot = -1
      agents.activity[position].cells[metric.rawValue].open = SeriesStore.OpenBucket()
    }
    agents.openReadings.update(agents.activity[position].openSlot) { $0.release(to: &series) }
  }

  /// Lets no alert turn quiet, nor be given up, until as much time has passed from this moment on: who takes over cannot
  /// tell for how long nobody looked, nor what the clock did meanwhile.
  package mutating func keepAlerts(from instant: Instant) { alerts.keep(from: instant) }
}

extension AgentTable {
  mutating func leap(by step: TimeSpan, at position: Int) {
    activity[position].leap(by: step)
    openReadings.update(activity[position].openSlot) { $0.leap(by: step) }
    if let first = profiles[position]?.firstEventAt { profiles[position]?.firstEventAt = first + step }
    if let deletedAt = profiles[position]?.deletedAt { profiles[position]?.deletedAt = deletedAt + step }
    if let at = profiles[position]?.reported?.at { profiles[position]?.reported?.at = at + step }
  }
}

extension AgentActivity {
  mutating func leap(by step: TimeSpan) {
    lastEventAt = lastEventAt + step
    leapReport(by: step)
    for index in cells.indices where cells[index].at != .min {
      cells[index].at = (Instant(milliseconds: cells[index].at) + step).milliseconds
    }
  }
}

extension AlertBook {
  mutating func leap(by step: TimeSpan) {
    for slot in indices {
      update(slot) { alert in
        alert.record.since = alert.record.since + step
        alert.record.last = alert.record.last + step
        alert.record.acknowledgedAt = alert.record.acknowledgedAt.map { $0 + step }
        alert.record.quietSince = alert.record.quietSince.map { $0 + step }
        alert.keptFrom = alert.keptFrom + step
        alert.countedUpTo = alert.countedUpTo + step
        alert.recovery.leap(by: step)
      }
    }
  }

  mutating func keep(from instant: Instant) {
    for slot in indices { keep(slot, from: instant) }
  }
}
