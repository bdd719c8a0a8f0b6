/// Whose word on alerts counts.
package enum AlertAuthority: Equatable, Sendable {
  /// This fleet's own: it is the handler's.
  case own
  /// Nobody's: no handler lives, so what is judged here is marked as local.
  case none
  /// The handler's, as `agentos:alerts` holds it. What is judged here is shown, marked as local, until the handler has
  /// read as far.
  case handler
}

extension Fleet {
  /// A local alert may be younger than this without the handler's having written it.
  private static let handlerTakes = TimeSpan.seconds(3)
  /// Times of receipt and of recording differ by less.
  private static let clockDoubt = TimeSpan.seconds(1)

  /// Makes it the fleet of one who watches, and is no handler. Until history is read nobody knows who is silent, see
  /// ``openSilentAlerts(judgedUpTo:)``.
  package mutating func watch() {
    setAuthority(.none)
    holdSilentAlerts()
  }

  /// Takes note whether a handler lives, or leads a shard.
  package mutating func setHandler(isAlive: Bool, ofShard shard: Int = 0) {
    standings[shard].handlerIsAlive = isAlive
    followAuthority(of: shard)
  }

  /// Takes note whether the server lets alerts be read: what the handler writes is not known otherwise.
  package mutating func setAlertsServed(_ isServed: Bool, ofShard shard: Int = 0) {
    standings[shard].alertsAreServed = isServed
    followAuthority(of: shard)
  }

  /// The word of handlers counts if one of them has it. The agents of a shard without a handler are judged here.
  private mutating func followAuthority(of shard: Int) {
    let authority: AlertAuthority = standings.contains(where: \.hasHandlersWord) ? .handler : .none
    let hasWord = standings[shard].hasHandlersWord
    guard authority == alerts.authority, hasWord != standings[shard].hadHandlersWord else {
      return setAuthority(authority)
    }
    revision &+= 1
    judgeBySelf(hasWord ? [] : [shard])
    standings[shard].judgedUpTo = nil
    standings[shard].hadHandlersWord = hasWord
  }

  /// Takes note whose word on alerts counts from now on.
  package mutating func setAuthority(_ authority: AlertAuthority) {
    guard authority != alerts.authority else { return }
    revision &+= 1
    alerts.authority = authority
    judgeBySelf(
      standings.indices.filter { authority == .none && (division.count == 1 || standings[$0].hadHandlersWord) })
    for shard in standings.indices {
      // What the handler wrote while its word did not count was not taken: all of it is told anew.
      standings[shard].judgedUpTo = nil
      standings[shard].hadHandlersWord = standings[shard].hasHandlersWord
    }
  }

  /// Opens and closes alerts of silence that handlers of shards would have: up to there they have judged who is silent.
  private mutating func judgeBySelf(_ shards: [Int]) {
    for shard in shards {
      judgeSilentAlerts(since: standings[shard].judgedUpTo ?? .epoch, ofShard: shard)
      endSilencesOfThoseHeard(ofShard: shard)
    }
  }

  /// Takes all alerts as the handler has written them, or a shard's handler: others that it wrote before are open no
  /// longer.
  ///
  /// - Parameters:
  ///   - judgedUpTo: how far it has read events; nil if it is not to be measured by that.
  ///   - instant: when the alerts were asked for: what the audit told of them before is in them already.
  package mutating func setAlerts(
    _ all: [AlertRecord], judgedUpTo: Instant?, at instant: Instant, ofShard shard: Int = 0
  ) {
    revision &+= 1
    let ids = Set(all.map(\.id))
    for slot in alerts.indices {
      guard let alert = alerts[slot], !alert.isLocal, !ids.contains(alert.id), self.shard(at: alert.position) == shard
      else { continue }
      closeAlert(slot, .closed)
    }
    // What another shard's key says of an agent is not its handler's word.
    for record in all where !record.isClosed && division.shard(of: record.id.agent) == shard { take(record) }
    standings[shard].alertsToldAt = max(standings[shard].alertsToldAt, instant)
    noteJudged(upTo: judgedUpTo, ofShard: shard)
  }

  /// Takes note how far the handler has read events, while its alerts are those that were told.
  package mutating func noteJudged(upTo instant: Instant?, ofShard shard: Int = 0) {
    standings[shard].judgedUpTo = instant
    dropUnconfirmedAlerts()
  }

  /// Takes an alert that the audit tells of, unless all alerts were told after that.
  mutating func setAlert(_ record: AlertRecord, toldAt instant: Instant) {
    let toldAt = standings[division.shard(of: record.id.agent)].alertsToldAt
    guard alerts.authority == .own || instant > toldAt else {
      if record.isClosed { closeLocalAlert(record.id, heardBefore: instant) }
      return
    }
    setAlert(record)
  }

  /// Closes an alert that was opened here by events that the handler had read when it closed the alert: it was gone
  /// already when all alerts were told, and so is not among them.
  private mutating func closeLocalAlert(_ id: AlertID, heardBefore instant: Instant) {
    guard let position = position(of: id.agent), let alert = alert(id.kind, ofAgentAt: position), alert.isLocal,
      alert.record.last <= instant
    else { return }
    closeAlert(agents.alertSlot(id.kind, at: position), .closed)
  }

  /// Puts the handler's word in the place of what is known of an alert.
  private mutating func take(_ record: AlertRecord) {
    let position = position(of: record.id.agent) ?? add(record.id.agent, at: record.since)
    let slot = agents.alertSlot(record.id.kind, at: position)
    // The handler that wrote it is gone, and nobody else takes it out of Redis.
    if alerts.authority == .none, isOver(record, ofAgentAt: position) { return }
    changes.touch(position)
    guard let known = alerts.numbers(slot) else {
      agents.activity[position].setAlertSlot(record.id.kind, alerts.add(Alert(record: record, position: position)))
      return
    }
    // Without a handler what is judged here is the latest word.
    if alerts.authority == .none, known.isLocal { return }
    alerts.update(slot) { alert in
      (alert.record, alert.isLocal) = (record, false)
      alert.countedUpTo = record.last
    }
  }

  /// Lets local alerts go that the handler does not know though it has read as far.
  mutating func dropUnconfirmedAlerts() {
    guard alerts.authority == .handler, standings.contains(where: { $0.judgedUpTo != nil }) else { return }
    for slot in alerts.indices {
      guard let alert = alerts.numbers(slot), alert.isLocal, now - alert.last >= Self.handlerTakes,
        let judgedUpTo = judgedUpTo(slot), judgedUpTo >= alert.last - Self.clockDoubt
      else { continue }
      revision &+= 1
      closeAlert(slot, .closed)
    }
  }

  /// How far the handler of an alert's agent has read events.
  private func judgedUpTo(_ slot: Int) -> Instant? {
    division.count == 1
      ? standings[0].judgedUpTo : alerts.position(slot).flatMap { standings[shard(at: $0)].judgedUpTo }
  }

  // MARK: Records

  /// All agents' records are going to be told as they are stored, or those of a shard.
  package mutating func beginRecords(ofShard shard: Int = 0) {
    recordRound &+= 1
    standings[shard].recordsBegan = recordRound
  }

  /// Takes a record as it is stored at present. One that was known before may be newer only if the server has lost it.
  package mutating func setStoredRecord(_ record: AgentRecord, of id: AgentID) {
    if let position = position(of: id), let known = agents.profiles[position],
      known.recordRound < standings[shard(at: position)].recordsBegan
    {
      agents.profiles[position]?.record.version = min(known.record.version, record.version)
    }
    setRecord(record, of: id)
  }

  /// All have been told: whose record was not is as if nobody had ever changed it.
  package mutating func endRecords(ofShard shard: Int = 0) {
    revision &+= 1
    let began = standings[shard].recordsBegan
    for position in agents.indices {
      guard let profile = agents.profiles[position], profile.recordRound < began, profile.record != AgentRecord(),
        self.shard(at: position) == shard
      else { continue }
      agents.profiles[position]?.record = AgentRecord()
      notePause(at: position)
      judgeSilence(at: position)
      changes.touch(position)
    }
  }
}
