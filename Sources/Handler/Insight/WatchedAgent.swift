import FleetModel
import Insight

/// An agent whose minutes are taken.
struct WatchedAgent {
  let id: AgentID
  private let since: Instant
  /// Nil until its stored history has been read.
  var watch: AgentWatch?
  /// What that takes.
  var watchBytes = 0
  var role = ""
  /// The metrics that it has reported: few, so that a list is enough.
  private(set) var reported: [MetricID] = []
  /// Minutes that have ended and are still to be learnt, the oldest first.
  private(set) var pending: [AgentWatch.Minute] = []
  /// Minutes that wait for the others of their five.
  private var held: [AgentWatch.Minute] = []
  /// Nothing is said about it until then: it was paused, or had stopped.
  var mutedUntil = Instant.epoch
  /// Changes that are still to be noted.
  private var changes: [AgentInsight.Change] = []

  /// More are not kept: Redis refuses them for long.
  private static let mostPending = 30

  /// - Parameter since: minutes that began before are not its own.
  init(_ id: AgentID, since: Instant) {
    (self.id, self.since) = (id, since)
  }

  /// - Returns: whether it is the first minute that waits.
  mutating func add(_ closed: MinuteCollector.Closed) -> Bool {
    guard closed.begin >= since else { return false }
    if !reported.contains(closed.metric) { reported.append(closed.metric) }
    let wasIdle = !isWaiting
    let rollup = (metric: closed.metric, rollup: closed.rollup)
    // One that comes after the others of its minute joins them if they still wait.
    if let index = pending.lastIndex(where: { $0.begin == closed.begin }) {
      pending[index].rollups.append(rollup)
    } else {
      let place = pending.lastIndex { $0.begin < closed.begin }.map { $0 + 1 } ?? 0
      pending.insert(AgentWatch.Minute(closed.begin, [rollup]), at: place)
    }
    if pending.count > Self.mostPending { pending.removeFirst() }
    return wasIdle
  }

  /// - Returns: whether it is the first thing that waits.
  mutating func add(_ change: AgentInsight.Change) -> Bool {
    let wasIdle = !isWaiting
    changes = changes.suffix(AgentInsight.mostChanges - 1) + [change]
    return wasIdle
  }

  private var isWaiting: Bool { !pending.isEmpty || !changes.isEmpty }

  mutating func takeChanges() -> [AgentInsight.Change] {
    defer { changes = [] }
    return changes
  }

  mutating func takePending() -> [AgentWatch.Minute] {
    defer { pending = [] }
    return pending
  }

  /// Holds a minute until the others of its five are known; gives the five minutes that it ends.
  mutating func hold(_ minute: AgentWatch.Minute) -> [AgentWatch.Minute] {
    let isNext = held.first.map { Self.five(of: $0) != Self.five(of: minute) } ?? false
    defer { held = (isNext ? [] : held) + [minute] }
    return isNext ? held : []
  }

  /// What is held, once minutes are written one by one again.
  mutating func takeHeld() -> [AgentWatch.Minute] {
    defer { held = [] }
    return held
  }

  /// The hours into which the minutes fall that are held.
  var heldHours: [UInt32] { held.compactMap { RollupHour.hour(of: $0.begin) } }

  private static func five(of minute: AgentWatch.Minute) -> Int64 { minute.begin.milliseconds / 300_000 }
}
