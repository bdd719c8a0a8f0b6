extension Fleet {
  /// Takes in one line of the audit: the state it left an agent in, the alert it changed, the command's progress.
  ///
  /// - Parameter shard: whose audit it is from.
  package mutating func apply(_ line: AuditLine, ofShard shard: Int = 0) {
    revision &+= 1
    advance(to: line.at)
    operatorHistory.apply(line)
    // It tells of nothing that was done, and the alert itself is read where it stands.
    guard !line.isAboutAlert else { return }
    commands.apply(line)
    rules.apply(line)
    undelivered.apply(line, ofShard: shard)
    standings[shard].automation.apply(line)
    if let gap = line.recordingGap { applyGap(from: gap.from, to: gap.to, count: nil) }
    if let proposal = line.proposal { proposals.apply(proposal) }
    if let after = line.after { setRecord(after, of: line.target) }
    if let alert = line.alert { setAlert(alert, toldAt: line.at) }
  }

  /// Takes the fleet-wide switch as its key holds it, that of a shard if the fleet is divided.
  ///
  /// - Parameter instant: when it was asked for.
  /// - Returns: whether that is news.
  @discardableResult
  package mutating func setAutomation(_ setting: AutomationSetting, at instant: Instant, ofShard shard: Int = 0) -> Bool
  {
    guard standings[shard].automation.read(setting, at: instant) else { return false }
    revision &+= 1
    return true
  }

  /// Takes all proposals as their hash holds them; those of agents in other shards stay.
  ///
  /// - Parameter instant: when that was told.
  package mutating func setProposals(_ all: [Proposal], at instant: Instant, ofShard shard: Int = 0) {
    revision &+= 1
    let division = division
    proposals.set(all, at: instant) { division.shard(of: $0.agent) == shard }
  }

  /// Takes the notices that were given up before the audit that is read begins.
  package mutating func setUndelivered(_ earlier: [Instant], before start: Instant, ofShard shard: Int = 0) {
    revision &+= 1
    undelivered.setEarlier(earlier, before: start, ofShard: shard)
  }

  /// Takes when an agent that is known sent metrics, in the order of time; of another, nothing.
  package mutating func recallReport(of id: AgentID, at instant: Instant) {
    guard let position = position(of: id) else { return }
    noteReport(at: position, instant)
    judgeSilence(at: position)
    changes.touch(position)
  }

  /// Takes an event's id as one that was seen before.
  package mutating func recall(eventID id: UnsafeRawBufferPointer, at instant: Instant) {
    _ = seenEvents.insert(id, at: instant)
  }

  /// Takes since when an agent that is known has been heard, as an earlier handler had it: often enough to count.
  package mutating func recallHearing(of id: AgentID, since start: Instant) {
    guard let position = position(of: id), let first = agents.profiles[position]?.firstEventAt, start < first else {
      return
    }
    agents.profiles[position]?.firstEventAt = start
    agents.activity[position].eventCount = max(2, agents.activity[position].eventCount)
    changes.touch(position)
  }

  /// Takes an agent's record as its hash holds it. An older version than the one known is passed over.
  package mutating func setRecord(_ record: AgentRecord, of id: AgentID) {
    revision &+= 1
    let position = position(of: id) ?? add(id, at: record.updatedAt ?? now)
    let former = agents.profiles[position]?.record ?? AgentRecord()
    guard record.version >= former.version else { return }
    // It was paused or stopped, or may have been between two versions.
    if record.state == .running, former.state != .running || record.version > former.version + 1 {
      agents.activity[position].expectReports(from: min(record.updatedAt ?? now, now))
    }
    agents.profiles[position]?.record = record
    agents.profiles[position]?.recordRound = recordRound
    notePause(at: position)
    judgeSilence(at: position)
    changes.touch(position)
  }

  /// Takes an alert as the handler holds it: its word on severity, acknowledgement, silence and end is final.
  package mutating func setAlert(_ record: AlertRecord) {
    revision &+= 1
    let existing = position(of: record.id.agent)
    if record.isClosed {
      if let existing { closeAlert(agents.alertSlot(record.id.kind, at: existing), .closed) }
      return
    }
    let position = existing ?? add(record.id.agent, at: record.since)
    changes.touch(position)
    let slot = agents.alertSlot(record.id.kind, at: position)
    guard let open = alerts[slot] else {
      let slot = alerts.add(Alert(record: record, position: position))
      agents.activity[position].setAlertSlot(record.id.kind, slot)
      return
    }
    alerts.update(slot) { alert in
      let last = max(open.record.last, record.last)
      let count = max(open.record.count, record.count)
      alert.record = record
      (alert.record.last, alert.record.count) = (last, count)
      (alert.record.quietSince, alert.record.metric) = (open.record.quietSince, open.record.metric ?? record.metric)
      alert.record.openMetric = open.record.openMetric ?? record.openMetric
      alert.countedUpTo = max(open.countedUpTo, record.last)
      if record.summary.isEmpty { alert.record.summary = open.record.summary }
    }
  }
}
