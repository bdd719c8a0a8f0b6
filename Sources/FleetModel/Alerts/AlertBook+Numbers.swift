extension AlertBook {
  /// An open alert's numbers; the ones of its record count for nothing while it is open.
  struct Numbers: Sendable {
    var kind: AlertKind
    var severity: Severity
    var metric: AnyMetric?
    /// Whether the change is on the list of those to be taken.
    var isNoted = false
    /// Whether what comes at present was counted already.
    var isCounted = false
    /// Of the bytes that the summary was made of; 0 if it was made of none.
    var summaryDigest = 0
    var count: Int
    var last: Instant
    /// See ``Alert/keptFrom``.
    var keptFrom: Instant
    var value: Double?
    var quietSince: Instant?
    var recovery: Alert.Recovery
    var isLocal: Bool
    var countedUpTo: Instant
    /// What has been heard since the handler's last word: if it is dead, nobody else will count it.
    var unwritten: Unwritten?

    /// Takes what the handler is to write: whether it still can is not known.
    mutating func hear(_ severity: Severity, isRepeat: Bool, at instant: Instant) {
      guard instant > countedUpTo else { return }
      var all = unwritten ?? Unwritten(severity: severity, last: instant)
      (all.severity, all.last) = (max(all.severity, severity), max(all.last, instant))
      if isRepeat, all.repeats < .max { all.repeats += 1 }
      unwritten = all
    }

    /// When it turns quiet if nothing is heard of it.
    var quietAt: Instant { max(recovery.heardAt, keptFrom) + AlertBook.quietAfter }

    /// - Parameter metric: the one that opened it or made it worse last.
    init(_ alert: Alert, _ metric: AnyMetric?) {
      kind = alert.record.id.kind
      (severity, count, last) = (alert.record.severity, alert.record.count, alert.record.last)
      (self.metric, value, keptFrom) = (metric, alert.value, alert.keptFrom)
      (quietSince, recovery, isLocal) = (alert.record.quietSince, alert.recovery, alert.isLocal)
      countedUpTo = alert.countedUpTo
    }
  }

  struct Unwritten: Sendable {
    var severity: Severity
    var repeats = 0
    var last: Instant
  }

  /// Whether repeats of an alert were counted before, and count no second time.
  mutating func setCounted(_ slot: Int, _ isCounted: Bool) {
    if numbers(slot) != nil { numbers[slot]?.isCounted = isCounted }
  }

  mutating func keep(_ slot: Int, from instant: Instant) {
    numbers[slot]?.keptFrom = instant
    noteDue(slot)
  }
}
