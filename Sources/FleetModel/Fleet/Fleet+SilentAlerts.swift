/// The alert `agent.silent`: an agent has stopped to report while others go on.
///
/// It opens when the agent falls silent, and closes when the agent reports again. A pause, a stop or the agent's end
/// explains the silence and ends the alert too. If nothing comes from the others either, the source is silent: no agent
/// gets an alert, and once something comes again all are given time to report.
extension Fleet {
  /// An agent has become silent.
  mutating func noteSilent(_ position: Int) {
    guard silences.opensAlerts, alert(.silent, ofAgentAt: position) == nil else { return }
    if isSourceSilent(besides: position) {
      silences.held.insert(position)
    } else if !isJudgedByHandler(position) {
      openSilent(at: position)
    }
  }

  /// Whether nobody else goes on, as far as that can be known.
  private func isSourceSilent(besides position: Int) -> Bool {
    silences.isOfAll || silences.pulse.hasStopped(at: now, besides: position, least: silences.least)
  }

  /// Whether nothing comes from any agent: that is one trouble, of the source.
  package var isSourceSilent: Bool {
    !silences.held.isEmpty && silences.pulse.hasStopped(at: now, least: silences.least)
  }

  /// Gives those their time to report who fell silent with all others, once others go on.
  mutating func releaseSilences() {
    if !silences.held.isEmpty, !isSourceSilent { doubtSilences(until: now) }
  }

  private mutating func openSilent(at position: Int) {
    guard let id = agents.profiles[position]?.id, let silentAt = silentAt(position) else { return }
    let at = min(silentAt, now)
    let record = AlertRecord(id: AlertID(.silent, id), severity: .high, since: at, last: at)
    let alert = Alert(record: record, position: position, isLocal: alerts.authority != .own)
    agents.activity[position].setAlertSlot(.silent, alerts.add(alert))
    changes.touch(position)
  }

  private func silentAt(_ position: Int) -> Instant? {
    agents.activity[position].silentAt(least: silences.least, heardFrom: silences.heardFrom)
  }

  /// An agent with alerts has reported: it is silent no longer.
  mutating func endSilence(at position: Int, heardAt instant: Instant) {
    let slot = agents.alertSlot(.silent, at: position)
    guard let numbers = alerts.numbers(slot), instant >= numbers.last, !alerts.isHandlers(numbers) else { return }
    closeAlert(slot, .recovered)
  }

  /// Ends the alerts of agents that reported while the handler was still expected to end them.
  mutating func endSilencesOfThoseHeard(ofShard shard: Int) {
    for alert in Array(alerts.open)
    where isOver(alert.record, ofAgentAt: alert.position) && self.shard(at: alert.position) == shard {
      closeAlert(agents.alertSlot(.silent, at: alert.position), .recovered)
    }
  }

  /// Whether it is an alert of silence, and the agent has reported since.
  func isOver(_ record: AlertRecord, ofAgentAt position: Int) -> Bool {
    guard record.id.kind == .silent, let heardAt = agents.numbers(at: position).reportedAt else { return false }
    return heardAt >= record.last
  }

  /// Nobody expects the agent to report any more.
  mutating func excuseSilence(at position: Int) {
    let slot = agents.alertSlot(.silent, at: position)
    guard let numbers = alerts.numbers(slot), !alerts.isHandlers(numbers) else { return }
    closeAlert(slot, .explained)
  }

  // MARK: Who takes over

  /// Opens no alert of silence until it is known who reports: what was said is read once more.
  package mutating func holdSilentAlerts() { silences.opensAlerts = false }

  /// It is known who reports, so that agents that fall silent get their alerts from now on.
  ///
  /// - Parameter judgedUpTo: until when others judged who is silent. Whoever fell silent before has an alert, or somebody
  ///   has closed it.
  package mutating func openSilentAlerts(judgedUpTo: Instant = .epoch) {
    guard !silences.opensAlerts else { return }
    (silences.opensAlerts, silences.held) = (true, [])
    for shard in standings.indices { judgeSilentAlerts(since: judgedUpTo, ofShard: shard) }
    // Of a silence that was explained meanwhile nobody has heard.
    for alert in Array(alerts.open) where alert.id.kind == .silent && agents.state(at: alert.position) != .running {
      excuseSilence(at: alert.position)
    }
  }

  /// Opens the alerts of those who have fallen silent since a moment.
  mutating func judgeSilentAlerts(since moment: Instant, ofShard shard: Int) {
    for position in silences.silent.sorted() where self.shard(at: position) == shard {
      if let silentAt = silentAt(position), silentAt > moment { noteSilent(position) }
    }
  }
}
