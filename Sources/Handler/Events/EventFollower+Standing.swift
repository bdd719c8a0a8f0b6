import FleetModel

/// How far it has come, for those who watch the handler.
extension EventFollower {
  /// What is read this late is still in time.
  private static let inTime = TimeSpan.seconds(10)

  /// Why it does not read in time; nil if it does.
  var obstacle: String? {
    guard judge.isRestored, judge.hasReadEvents else { return "events have not been read to their end yet" }
    let behind = judge.session.now - judge.present
    return behind > Self.inTime ? "events are read \(behind) late" : nil
  }

  /// What it has read so far.
  var sums: EventSums { EventSums(judge.fleet.counts).since(sumsBefore) }
}
