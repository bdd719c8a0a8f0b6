/// Agents that leave: deleted ones after a while, and the longest silent ones if there is no room.
extension Fleet {
  /// Lets deleted agents go once their time is up, but those for whom a person was called and nobody has come: their
  /// escalation would go with them, unseen.
  mutating func removeDeleted() {
    var due: [Int] = []
    for position in leaving {
      guard let deletedAt = agents.profiles[position]?.deletedAt else {
        due.append(position)
        continue
      }
      guard now - deletedAt >= Self.deletedStays else { continue }
      if alert(.escalation, ofAgentAt: position).map({ $0.record.acknowledgedBy != nil }) ?? true {
        due.append(position)
      } else {
        closeAlerts(ofAgentAt: position, but: .escalation)
      }
    }
    leaving.removeAll { due.contains($0) }
    // One that came back to life meanwhile stays.
    for position in due where agents.profiles[position]?.deletedAt != nil { remove(at: position) }
  }

  private mutating func closeAlerts(ofAgentAt position: Int, but kept: AlertKind) {
    for kind in AlertKind.allCases where kind != kept && agents.activity[position].alertSlot(kind) >= 0 {
      closeAlert(agents.activity[position].alertSlot(kind), .agentLeft)
    }
  }

  /// Makes room: a sixteenth of the agents at once, so that a new agent an event costs no search an event.
  mutating func removeLongestSilent() {
    // Those for whom somebody was called go last: they may be silent because of what they were called for.
    let silent = agents.indices.filter(isPresent)
      .map { (position: $0, isCalledFor: alert(.escalation, ofAgentAt: $0) != nil) }
      .sorted {
        $0.isCalledFor == $1.isCalledFor
          ? agents.activity[$0.position].lastEventAt < agents.activity[$1.position].lastEventAt : $1.isCalledFor
      }
      .map(\.position)
    let leaving = silent.prefix(max(1, count / 16))
    counts.released += leaving.count
    for position in leaving { remove(at: position) }
    directory.compact()
  }

  private mutating func remove(at position: Int) {
    guard let id = agents.profiles[position]?.id else { return }
    forgetSilence(at: position)
    pausedPositions.remove(position)
    let activity = agents.activity[position]
    for kind in AlertKind.allCases where activity.alertSlot(kind) >= 0 {
      alerts.remove(activity.alertSlot(kind), .agentLeft)
    }
    for metric in Metric.allCases where activity.hasSeries(metric) {
      series.release(activity.cells[metric.rawValue].slot)
    }
    forgetOpenMetrics(at: position)
    id.bytes.withUnsafeBytes { directory.remove($0) }
    agents.textBytes -= agents.profiles[position]?.textBytes ?? 0
    traits.remove(agents.profiles[position]?.traits.causes ?? [])
    agents.profiles[position] = nil
    insights.remove(at: position)
    agents.namesRevision += 1
    describe(position)
    agents.activity[position] = AgentActivity(at: now)
    freePositions.append(position)
  }

  /// What all that is kept of agents takes, about, in bytes.
  var byteCount: Int {
    // Ids stand in the directory and in the profile, with an alert's once more.
    count * Self.agentBytes + 2 * directory.byteCount + agents.textBytes + series.byteCount + insights.byteCount
      + agents.openReadings.byteCount
      + alerts.count * Self.alertBytes
  }

  /// Of one agent: its profile, numbers and places in lists.
  private static let agentBytes = 1600
  /// Of one open alert: its record, and its words as far as they may go.
  private static let alertBytes = 1000
}
