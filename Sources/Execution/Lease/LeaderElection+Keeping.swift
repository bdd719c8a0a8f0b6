import Wire

/// How it keeps the lease, says in it what consoles show, and gives it back.
extension LeaderElection {
  /// A lease that is lost this soon is not asked for without a pause.
  private static let shortSpan: Int64 = 1000

  /// Counted from before the request left: the server began to count later.
  func end(asked: Int64) -> Int64 { asked + spans.lease - spans.margin }

  mutating func renew(_ now: Moment) -> [Effect] {
    guard case .active(let lease, let until) = state else { return [] }
    guard now.boot < until else { return lose("the lease could not be renewed in time", now) }
    written = lease
    return [.wake(afterMilliseconds: spans.renewal), .renew(lease)]
  }

  mutating func renewalRefused(
    _ fence: Int, _ error: String, _ refusal: Refusal, _ now: Moment
  ) -> [Effect] {
    guard case .active(let lease, _) = state, lease.fence == fence else { return [] }
    switch refusal {
    case .fenced: return lose(error, now)
    case .denied: return [.say(.cannotRenew(error))] + doubtRights(now)
    case .other: return [.say(.cannotRenew(error))]
    }
  }

  /// Changes what the lease says, at once if that is news.
  mutating func change(_ input: Input, _ now: Moment) -> [Effect] {
    if case .fault(let words) = input { fault = words }
    if case .warning(let words) = input { warning = words }
    guard case .active(let former, let until) = state else { return [] }
    var lease = former
    var isNews = true
    switch input {
    case .recording(let isRecording): lease.isRecording = isRecording
    case .fault(let words): lease.fault = words
    case .levels(let digest): lease.levels = digest
    case .warning(let words): (lease.warning, isNews) = (words, false)
    case .held(let reason):
      // That a share has changed goes with the next renewal.
      isNews = (lease.held == nil) != (reason == nil)
      lease.held = reason
    default: break
    }
    guard lease != former else { return [] }
    state = .active(lease, mayActUntil: until)
    return isNews ? renew(now) : []
  }

  mutating func release(isComplete: Bool) -> [Effect] {
    guard case .active(let lease, _) = state else { return [] }
    (state, written) = (.standby, nil)
    return [
      .release(fence: lease.fence, isComplete: isComplete), .lost("the lease was given back"),
      .wake(afterMilliseconds: spans.attempt),
    ]
  }

  /// It may ask again.
  mutating func lose(_ reason: String, _ now: Moment) -> [Effect] {
    guard isActive else { return [] }
    state = .standby
    // A lease that is lost as soon as it is had would be asked for without end.
    let isShort = takenAt.map { now.running - $0 < Self.shortSpan } ?? false
    return [.lost(reason)] + (isShort ? [.wake(afterMilliseconds: spans.attempt)] : ask(now))
  }
}
