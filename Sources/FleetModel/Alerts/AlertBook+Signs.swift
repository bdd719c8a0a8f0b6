/// What signs of trouble and of recovery make of an open alert.
extension AlertBook {
  /// Whether an alert is the handler's, who alone says how bad it is, how often it was repeated and when it ends.
  @inline(__always)
  func isHandlers(_ numbers: Numbers) -> Bool { authority == .handler && !numbers.isLocal }

  /// Takes in one more sign of trouble, which is a change to be told.
  mutating func strike(
    _ slot: Int, _ severity: Severity, isRepeat: Bool, metric: AnyMetric?, value: Double?, at instant: Instant
  ) {
    guard var present = numbers(slot) else { return }
    // What the handler has counted already is history that is read here.
    let isNews = isRepeat && !present.isCounted && (authority == .own || instant > present.countedUpTo)
    if isHandlers(present) {
      present.hear(severity, isRepeat: isNews, at: instant)
    } else {
      if severity > present.severity || isNews { present.isLocal = authority != .own }
      present.severity = max(present.severity, severity)
      if isNews, present.count < .max { present.count += 1 }
    }
    tell(&present, metric, value, at: instant)
    present.recovery.trouble(metric, at: instant)
    set(slot, present)
    wake(slot)
    if !present.isNoted { note(slot) }
  }

  /// Takes a value near the limit: the alert stays open, and that is nothing to be told.
  mutating func touch(_ slot: Int, _ metric: AnyMetric, at instant: Instant) {
    guard let present = numbers(slot) else { return }
    if !isHandlers(present) { numbers[slot]?.last = max(present.last, instant) }
    numbers[slot]?.recovery.trouble(metric, at: instant)
    wake(slot)
  }

  /// Takes a new value past the limit that makes nothing worse: shown, and not a change to be told.
  mutating func refresh(_ slot: Int, metric: AnyMetric, value: Double, at instant: Instant) {
    guard var present = numbers(slot) else { return }
    if isHandlers(present) { present.hear(present.severity, isRepeat: false, at: instant) }
    tell(&present, metric, value, at: instant)
    present.recovery.trouble(metric, at: instant)
    numbers[slot] = present
    wake(slot)
  }

  /// Takes a value that is well, see ``Alert/Recovery``.
  ///
  /// - Returns: whether the alert is quiet no longer by that.
  mutating func recover(_ slot: Int, _ metric: AnyMetric, at instant: Instant, isEvidence: Bool, isNewStretch: Bool)
    -> Bool
  {
    let isHeard =
      numbers[slot]?.recovery.well(metric, at: instant, isEvidence: isEvidence, isNewStretch: isNewStretch) ?? false
    return isHeard && wake(slot)
  }

  /// Something is heard of it again.
  @discardableResult
  private mutating func wake(_ slot: Int) -> Bool {
    guard var present = numbers(slot), present.quietSince != nil, !isHandlers(present) else { return false }
    (present.quietSince, present.isLocal) = (nil, authority != .own)
    set(slot, present)
    noteDue(slot)
    note(slot)
    return true
  }

  /// Takes what a sign of trouble says. Of an alert that is the handler's, its word stands until it writes another.
  @inline(__always)
  private func tell(_ present: inout Numbers, _ metric: AnyMetric?, _ value: Double?, at instant: Instant) {
    if isHandlers(present) {
      if metric == nil || metric == present.metric { present.value = value ?? present.value }
    } else {
      present.last = max(present.last, instant)
      (present.metric, present.value) = (metric ?? present.metric, value ?? present.value)
    }
  }
}
