/// Which agents that report by themselves have stopped to.
///
/// An agent reports by itself if it has sent `agent.metrics` twice, so that its interval is known. One that was paused or
/// stopped is expected to be silent, and does not count. An agent is looked at when it may have become silent, so that no
/// second goes through all of them.
package struct Silences: Sendable {
  /// No agent is silent before this, however often it reports, unless the runbook says otherwise.
  package static let usualLeast = TimeSpan.seconds(30)

  struct Look: Comparable, Sendable {
    var at: Instant
    var position: Int
    static func < (left: Look, right: Look) -> Bool { left.at < right.at }
  }

  /// What an agent counts as.
  enum Standing: UInt8, Sendable {
    /// It does not report by itself.
    case uncounted
    /// It was paused or stopped, or has left: nobody expects it to report.
    case excused
    case reporting
    case silent

    var isCounted: Bool { self == .reporting || self == .silent }
  }

  /// No agent is silent before this.
  package internal(set) var least = usualLeast
  /// How many agents report by themselves, silent ones included.
  package private(set) var reporting = 0
  /// Positions of those that have stopped.
  package private(set) var silent: Set<Int> = []
  /// Those of them that fell silent when nothing came from the others either: their source is silent, and no alert tells
  /// of each.
  package internal(set) var held: Set<Int> = []
  /// When the last of these reported last; nil if there is none.
  package internal(set) var since: Instant?
  /// Whether `since` is to be found anew.
  var isStale = false
  var looks = Heap<Look>()
  /// When the last gap ended: of reports before it nobody knows whether they came.
  package internal(set) var heardFrom = Instant.epoch
  var pulse = SourcePulse()
  /// Whether an agent that falls silent is to have its alert: not while it is still read who has.
  var opensAlerts = true

  /// Whether every agent that reports by itself has stopped.
  package var isOfAll: Bool { reporting > 0 && silent.count == reporting }

  /// When anybody reported last; nil if nobody has.
  package var lastReportAt: Instant? { pulse.last == .min ? nil : Instant(milliseconds: pulse.last) }

  mutating func change(_ position: Int, from old: Standing, to new: Standing) {
    guard old != new else { return }
    reporting += (new.isCounted ? 1 : 0) - (old.isCounted ? 1 : 0)
    if new == .silent { silent.insert(position) }
    if old == .silent {
      silent.remove(position)
      held.remove(position)
    }
    isStale = isStale || new == .silent || old == .silent
  }
}
