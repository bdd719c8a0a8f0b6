/// Which agents that report by themselves have stopped to.
///
/// An agent reports by itself if it has sent `agent.metrics` twice, so that its interval is known. One that was paused or
/// stopped is expected to be silent, and does not count. An agent is looked at when it may have become silent, so that no
/// second goes through all of them.
package struct Silences: Sendable {
  /// No agent is silent before this, however often it reports.
  package static let least = TimeSpan.seconds(30)

  struct Look: Comparable, Sendable {
    var at: Instant
    var position: Int
    static func < (left: Look, right: Look) -> Bool { left.at < right.at }
  }

  /// What an agent counts as.
  enum Standing: UInt8, Sendable { case uncounted, reporting, silent }

  /// How many agents report by themselves, silent ones included.
  package private(set) var reporting = 0
  /// Positions of those that have stopped.
  package private(set) var silent: Set<Int> = []
  /// When the last of these reported last; nil if there is none.
  package internal(set) var since: Instant?
  /// Whether `since` is to be found anew.
  var isStale = false
  var looks = Heap<Look>()
  /// When the last gap ended: of reports before it nobody knows whether they came.
  var heardFrom = Instant.epoch

  /// Whether every agent that reports by itself has stopped.
  package var isOfAll: Bool { reporting > 0 && silent.count == reporting }

  mutating func change(_ position: Int, from old: Standing, to new: Standing) {
    guard old != new else { return }
    if old == .uncounted { reporting += 1 }
    if new == .uncounted { reporting -= 1 }
    if new == .silent { silent.insert(position) }
    if old == .silent { silent.remove(position) }
    isStale = isStale || new == .silent || old == .silent
  }
}

extension Fleet {
  /// Counts an agent anew, after anything that may change whether it is silent or should be.
  mutating func judgeSilence(at position: Int) {
    let numbers = agents.activity[position]
    let isRunning = agents.state(at: position) == .running
    let silentAt = isRunning ? numbers.silentAt(least: Silences.least, heardFrom: silences.heardFrom) : nil
    let standing: Silences.Standing = silentAt.map { now >= $0 ? .silent : .reporting } ?? .uncounted
    silences.change(position, from: numbers.silence, to: standing)
    agents.activity[position].silence = standing
    guard standing == .reporting, let silentAt,
      numbers.silenceLook == .min || silentAt.milliseconds < numbers.silenceLook
    else { return }
    agents.activity[position].silenceLook = silentAt.milliseconds
    silences.looks.insert(Silences.Look(at: silentAt, position: position))
  }

  /// Finds who has become silent by now.
  mutating func lookForSilence() {
    while let look = silences.looks.least, look.at <= now {
      silences.looks.removeLeast()
      guard agents.activity[look.position].silenceLook == look.at.milliseconds else { continue }
      agents.activity[look.position].silenceLook = .min
      judgeSilence(at: look.position)
    }
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
  mutating func endSilence(at position: Int) {
    silences.change(position, from: agents.activity[position].silence, to: .uncounted)
    agents.activity[position].silence = .uncounted
  }

  /// Whether an agent that reports by itself has stopped to.
  package func isSilent(_ position: Int) -> Bool { agents.activity[position].silence == .silent }

  /// Whether an agent reports by itself, and has not stopped to.
  package func isReporting(_ position: Int) -> Bool { agents.activity[position].silence == .reporting }

  /// Looks at all agents anew: the clock was set.
  mutating func judgeSilences() {
    silences.looks = Heap()
    for position in agents.indices where isPresent(position) {
      agents.activity[position].silenceLook = .min
      judgeSilence(at: position)
    }
    silences.isStale = true
  }
}
