/// Who reports, who has stopped to, and who is not expected to.
extension Fleet {
  /// Counts an agent anew, after anything that may change whether it is silent or should be.
  mutating func judgeSilence(at position: Int) {
    let former = agents.activity[position].silence
    let isExpected = agents.state(at: position) == .running
    if isExpected, former == .excused { agents.activity[position].expectReports(from: now) }
    let numbers = agents.activity[position]
    let silentAt = numbers.silentAt(least: silences.least, heardFrom: silences.heardFrom)
    var standing = Silences.Standing.uncounted
    if let silentAt, isHeard(position) { standing = !isExpected ? .excused : now >= silentAt ? .silent : .reporting }
    silences.change(position, from: former, to: standing)
    agents.activity[position].silence = standing
    if standing != former { changes.touch(position) }
    if standing == .silent, former != .silent { noteSilent(position) }
    if !isExpected { excuseSilence(at: position) }
    guard standing == .reporting, let silentAt,
      numbers.silenceLook == .min || silentAt.milliseconds < numbers.silenceLook
    else { return }
    agents.activity[position].silenceLook = silentAt.milliseconds
    silences.looks.insert(Silences.Look(at: silentAt, position: position))
  }

  /// Takes note that an agent has sent metrics.
  mutating func noteReport(at position: Int, _ instant: Instant) {
    if silences.pulse.isOverdue(at: instant, least: silences.least),
      silences.pulse.hasStopped(at: instant, least: silences.least)
    {
      doubtSilences(until: instant)
    }
    agents.activity[position].report(at: instant)
    silences.pulse.note(position, interval: agents.activity[position].intervalMilliseconds, at: instant)
    if agents.activity[position].isSilenceInDoubt(least: silences.least) { judgeSilence(at: position) }
    if agents.activity[position].hasAlerts { endSilence(at: position, heardAt: instant) }
  }

  /// Finds who has become silent by now.
  mutating func lookForSilence() {
    while let look = silences.looks.least, look.at <= now {
      silences.looks.removeLeast()
      guard agents.activity[look.position].silenceLook == look.at.milliseconds else { continue }
      agents.activity[look.position].silenceLook = .min
      judgeSilence(at: look.position)
    }
    releaseSilences()
    guard silences.isStale else { return }
    silences.isStale = false
    var last: Instant?
    for position in silences.silent {
      guard let since = silentSince(position) else { continue }
      last = max(last ?? since, since)
    }
    silences.since = last
  }

  /// Something may have been missed: who was silent may have reported meanwhile.
  mutating func doubtSilences(until instant: Instant) {
    silences.heardFrom = max(silences.heardFrom, instant)
    for position in silences.silent { judgeSilence(at: position) }
  }

  /// Since when nothing of an agent's own reports has come, as far as that is known; nil for one that never reported.
  package func silentSince(_ position: Int) -> Instant? {
    agents.activity[position].reportedAt.map { max($0, silences.heardFrom) }
  }

  /// Takes an agent that is leaving out of the counts.
  mutating func forgetSilence(at position: Int) {
    silences.change(position, from: agents.activity[position].silence, to: .uncounted)
    agents.activity[position].silence = .uncounted
  }

  /// Whether an agent that reports by itself has stopped to.
  package func isSilent(_ position: Int) -> Bool { agents.activity[position].silence == .silent }

  /// Whether an agent reports by itself, and has not stopped to.
  package func isReporting(_ position: Int) -> Bool { agents.activity[position].silence == .reporting }

  /// Says before which time no agent is silent.
  package mutating func setLeastSilence(_ least: TimeSpan) {
    guard least != silences.least else { return }
    silences.least = least
    judgeSilences()
  }

  /// Looks at all agents anew: the clock was set, or the rule is another one.
  mutating func judgeSilences() {
    silences.looks = Heap()
    for position in agents.indices where isPresent(position) {
      agents.activity[position].silenceLook = .min
      judgeSilence(at: position)
    }
    silences.isStale = true
  }
}
