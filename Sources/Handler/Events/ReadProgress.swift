import FleetModel

/// How far reading events lags behind what is said: the time up to which all of it is known.
struct ReadProgress {
  /// Whether events may stand unread in the stream.
  private var isBehind = true
  /// When nothing stood unread.
  private var readUpTo = Instant.epoch

  /// Now; or while events may stand unread the time of the last that was read. Who is only not heard yet is not silent,
  /// and whether trouble is over is not known.
  ///
  /// - Parameter last: the time of the last entry that was read; nil before reading begins.
  func present(at now: Instant, last: Instant?) -> Instant {
    guard isBehind, let last else { return now }
    return min(max(readUpTo, last), now)
  }

  /// An answer was read.
  ///
  /// - Parameter isMoreLikely: whether more events may stand behind it.
  mutating func noteRead(isMoreLikely: Bool, at now: Instant) {
    isBehind = isMoreLikely
    if !isMoreLikely { readUpTo = now }
  }

  /// Nothing is read for a while: what comes meanwhile is not known.
  mutating func noteWaiting(at now: Instant) {
    if !isBehind { readUpTo = now }
    isBehind = true
  }

  /// The clock was set.
  mutating func clockLeapt(to now: Instant) { readUpTo = min(readUpTo, now) }
}
