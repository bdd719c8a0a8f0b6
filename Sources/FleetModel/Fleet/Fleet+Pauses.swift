/// What speaks against that a paused agent's runtime has done as it was told.
package struct UnconfirmedPause: Equatable, Sendable {
  /// When it was told.
  package var toldAt: Instant
  /// Messages a minute that still reach it; nil if it has not said since.
  package var traffic: Double?

  /// A runtime may take so long to answer before anybody wonders.
  package static let wondersAfter = TimeSpan.seconds(10)
  /// After so long without an answer an alert is opened.
  package static let alertsAfter = TimeSpan.seconds(60)

  package init(toldAt: Instant, traffic: Double? = nil) {
    (self.toldAt, self.traffic) = (toldAt, traffic)
  }
}

extension Fleet {
  /// What speaks against that the agent's pause is obeyed; nil if nothing does, or the agent is not paused.
  ///
  /// A runtime that reports its state has to report that it is paused. One that never does is believed until traffic goes
  /// on.
  package func unconfirmedPause(ofAgentAt position: Int) -> UnconfirmedPause? {
    guard let toldAt = pauseBegin(at: position), !hasConfirmedPause(position, since: toldAt),
      now - toldAt >= UnconfirmedPause.wondersAfter
    else { return nil }
    let numbers = agents.activity[position]
    // What came right after it may be of a moment before.
    let hasSaid = numbers.valueTime(.messagesPerMinute).map { $0 - toldAt >= UnconfirmedPause.wondersAfter } ?? false
    let traffic = hasSaid ? numbers.value(.messagesPerMinute) : nil
    let report = agents.profiles[position]?.reported
    let saysOtherwise = report?.state.map { $0 != .paused } ?? false
    guard saysOtherwise || (traffic ?? 0) > 0 else { return nil }
    return UnconfirmedPause(toldAt: toldAt, traffic: traffic)
  }

  /// When the pause was told that stands at present; nil if none does.
  private func pauseBegin(at position: Int) -> Instant? {
    guard agents.state(at: position) == .paused, let record = agents.profiles[position]?.record,
      record.pausedUntil.map({ $0 > now }) ?? true
    else { return nil }
    return record.pausedAt ?? record.updatedAt
  }

  private func hasConfirmedPause(_ position: Int, since toldAt: Instant) -> Bool {
    guard let report = agents.profiles[position]?.reported else { return false }
    return report.state == .paused && report.at >= toldAt
  }

  /// Keeps note of whether an agent is paused, after its record has changed.
  mutating func notePause(at position: Int) {
    if agents.profiles[position]?.record.state == .paused {
      pausedPositions.insert(position)
    } else if pausedPositions.remove(position) != nil {
      judgePause(at: position)
    }
  }

  /// Opens an alert for each pause that is not obeyed for long, and closes those of pauses that are obeyed or over.
  mutating func judgePauses() {
    guard alerts.authority != .handler || division.count > 1 else { return }
    for position in pausedPositions { judgePause(at: position) }
  }

  private mutating func judgePause(at position: Int) {
    guard !isJudgedByHandler(position) else { return }
    let slot = agents.alertSlot(.commandUnconfirmed, at: position)
    if slot >= 0 {
      // That nothing speaks against it any more, as after a takeover, is no confirmation.
      guard let toldAt = pauseBegin(at: position), !hasConfirmedPause(position, since: toldAt) else {
        return closeAlert(slot, .recovered)
      }
    } else if let pause = unconfirmedPause(ofAgentAt: position), now - pause.toldAt >= UnconfirmedPause.alertsAfter,
      let profile = agents.profiles[position]
    {
      let who = profile.record.pausedBy ?? profile.record.updatedBy
      let record = AlertRecord(
        id: AlertID(.commandUnconfirmed, profile.id), severity: .high, since: now, last: now,
        summary: "the pause\(who.map { " by \($0)" } ?? "") is not confirmed")
      let alert = Alert(record: record, position: position, isLocal: alerts.authority != .own)
      agents.activity[position].setAlertSlot(.commandUnconfirmed, alerts.add(alert))
      changes.touch(position)
    }
  }
}
