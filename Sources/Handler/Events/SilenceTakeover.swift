import FleetModel
import Wire

/// What a handler that goes on from another one's cursor needs to know of silent agents, once it has read all events.
struct SilenceTakeover {
  /// When it went on.
  let begunAt: Instant
  /// The entry from which it went on; nil if nobody led before.
  let reached: StreamID?

  /// Lets agents that have fallen silent have their alerts.
  ///
  /// After a stretch without a handler nobody knows who reported: what was published on channels meanwhile stands nowhere.
  /// So all agents get their time to report.
  func finish(in fleet: inout Fleet) {
    guard let reached = reached?.instant.noLater(than: begunAt) else { return fleet.openSilentAlerts() }
    if (begunAt - reached).milliseconds >= Silences.usualLeast.milliseconds / 2 {
      fleet.applyGap(from: reached, to: begunAt, count: nil)
    }
    // Looks are made at whole seconds.
    fleet.openSilentAlerts(judgedUpTo: reached - .seconds(1))
  }
}
