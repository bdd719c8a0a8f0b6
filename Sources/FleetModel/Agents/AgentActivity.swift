/// What changes with every event of an agent: numbers alone, apart from its words, so that an event touches no reference
/// count and few lines of memory.
///
/// What only reads it borrows it, and goes through spans: the compiler otherwise copies all of it for one number.
package struct AgentActivity: Sendable {
  /// One metric: the last value, and the bucket of its series that is still open.
  struct Cell: Sendable {
    var latest: Float = 0
    /// The slot in the fleet's series; negative if there is none yet.
    var slot: Int32 = -1
    /// When the latest value came, in milliseconds; `.min` if none did.
    var at: Int64 = .min
    var open = SeriesStore.OpenBucket()
  }

  package internal(set) var eventCount = 0
  package internal(set) var lastEventAt: Instant
  /// When it sent metrics last, in milliseconds, `.min` if it never did; and how far apart it does so, 0 where that is
  /// not known.
  private var reported: Int64 = .min
  private var interval: Int32 = 0
  /// From when on it is expected to report, in milliseconds; before it was paused or stopped.
  private var expected: Int64 = .min
  /// How many of its last reports in a row came far closer together than that, below zero, or far further apart.
  private var strays: Int8 = 0
  /// What it counts as among those that report by themselves.
  var silence = Silences.Standing.uncounted
  /// When it is looked at for silence, in milliseconds; `.min` if it is not.
  var silenceLook: Int64 = .min
  private var suspects = MetricSet()
  /// How many conversations its runtime said that it has open, and when, in milliseconds; `.min` if it never did.
  private var conversations: Int32 = 0
  private var conversationsAt: Int64 = .min
  /// Where the fleet keeps the levels of its metrics; 0 for the usual ones.
  var levelsPlace: Int32 = 0
  /// Where the fleet keeps what it has reported of open metrics; negative if it has reported none.
  var openSlot: Int32 = -1
  private var alerts = InlineArray<13, Int32>(repeating: -1)
  /// By bit, which kinds of alert are open.
  private var openAlerts: UInt16 = 0
  // Last, so that what every event touches stands close together.
  var cells = InlineArray<11, Cell>(repeating: Cell())

  init(at instant: Instant) {
    lastEventAt = instant
  }

  /// When it sent metrics last; nil if it never did.
  package var reportedAt: Instant? { reported == .min ? nil : Instant(milliseconds: reported) }

  /// How far apart it sends metrics, about; nil until it has done so twice.
  package var reportInterval: TimeSpan? { interval == 0 ? nil : TimeSpan(milliseconds: Int64(interval)) }

  /// When it counts as silent if it sends no metrics any more: after three of its intervals, and a least span. Nil for
  /// one that does not report by itself, of which nothing can be told.
  ///
  /// - Parameter heardFrom: what it sent before may have been missed.
  package func silentAt(least: TimeSpan, heardFrom: Instant = .epoch) -> Instant? {
    guard let reportedAt, let reportInterval else { return nil }
    return max(reportedAt, heardFrom, Instant(milliseconds: expected)) + max(least, reportInterval * 3)
  }

  /// Nobody expected it to report before: its silence is measured from here.
  mutating func expectReports(from instant: Instant) { expected = max(expected, instant.milliseconds) }

  /// The same as ``reportInterval``, 0 if it is not known.
  @inline(__always)
  var intervalMilliseconds: Int32 { interval }

  /// Whether its next report may change what it counts as.
  @inline(__always)
  func isSilenceInDoubt(least: TimeSpan) -> Bool {
    interval != 0
      && (silence != .reporting || reported &+ max(least.milliseconds, 3 &* Int64(interval)) < silenceLook)
  }

  /// Takes note that it has sent metrics. The interval follows slowly, and a long silence is not taken for one, nor are
  /// two reports that come at once. The first span may have been either: if three in a row are far from what is known,
  /// they are the interval.
  @inline(__always)
  mutating func report(at instant: Instant) {
    let gap = instant.milliseconds &- reported
    defer { reported = max(reported, instant.milliseconds) }
    guard reported != .min, gap > 0 else { return }
    let known = Int64(interval)
    strays = 4 * gap < known ? min(strays, 0) - 1 : gap > 4 * known && known > 0 ? max(strays, 0) + 1 : 0
    guard known > 0, abs(strays) < 3 else {
      (interval, strays) = (Int32(clamping: gap), 0)
      return
    }
    interval = Int32(clamping: max(1, known + (min(gap, 4 * known) - known) / 8))
  }

  /// The clock was set anew.
  mutating func leapReport(by step: TimeSpan) {
    if let reportedAt { reported = (reportedAt + step).milliseconds }
    if expected != .min { expected = (Instant(milliseconds: expected) + step).milliseconds }
    if conversationsAt != .min { conversationsAt = (Instant(milliseconds: conversationsAt) + step).milliseconds }
  }

  /// How many conversations it has open, as its runtime said last, and when.
  package var openConversations: (count: Int, at: Instant)? {
    conversationsAt == .min ? nil : (Int(conversations), Instant(milliseconds: conversationsAt))
  }

  mutating func setConversations(_ count: Int, at instant: Instant) {
    (conversations, conversationsAt) = (Int32(clamping: max(0, count)), instant.milliseconds)
  }

  /// The last value of a metric.
  @inline(__always)
  package borrowing func value(_ metric: Metric) -> Double? {
    let cells = cells.span
    return cells[metric.rawValue].at == .min ? nil : Double(cells[metric.rawValue].latest)
  }

  /// When that value came.
  @inline(__always)
  package borrowing func valueTime(_ metric: Metric) -> Instant? {
    let cells = cells.span
    let milliseconds = cells[metric.rawValue].at
    return milliseconds == .min ? nil : Instant(milliseconds: milliseconds)
  }

  /// The last value, if it is no older than `age`.
  @inline(__always)
  package borrowing func value(_ metric: Metric, within age: TimeSpan, of now: Instant) -> Double? {
    guard let time = valueTime(metric), now - time <= age else { return nil }
    return value(metric)
  }

  /// Whether the fleet keeps a series of the metric.
  package borrowing func hasSeries(_ metric: Metric) -> Bool {
    let cells = cells.span
    return cells[metric.rawValue].slot >= 0
  }

  /// Whether the metric's last number could not be one, such as an error rate of 25.
  package func isSuspect(_ metric: Metric) -> Bool { suspects.contains(metric) }

  /// What is to be looked at of values that were taken.
  struct Taken {
    /// Those in the neighbourhood of trouble.
    var near = MetricSet()
    /// Those that are well.
    var well = MetricSet()
    /// How many could not be values of their metric.
    var suspects = 0
  }

  /// Takes an event's values as the latest, unless later ones are known, and into their windows.
  mutating func take(
    _ values: borrowing MetricValues, at instant: Instant, limits: borrowing Limits, series: inout SeriesStore
  ) -> Taken {
    var taken = Taken()
    var rest = values.present
    while let metric = rest.popFirst() {
      let value = values.value(metric)
      guard metric.isPlausible(value) else {
        suspects.insert(metric)
        taken.suspects += 1
        continue
      }
      suspects.remove(metric)
      if metric.isCharted, series.isKept {
        if cells[metric.rawValue].slot < 0 { cells[metric.rawValue].slot = series.allocate() }
        series.add(
          Float(value), to: &cells[metric.rawValue].open, of: cells[metric.rawValue].slot, at: instant)
      }
      if instant.milliseconds >= cells[metric.rawValue].at {
        cells[metric.rawValue].latest = Float(value)
        cells[metric.rawValue].at = instant.milliseconds
      }
      if limits.isNear(metric, value) { taken.near.insert(metric) } else { taken.well.insert(metric) }
    }
    return taken
  }

  /// The place of the agent's alert of a kind in the fleet's list; negative if none is open.
  @inline(__always)
  borrowing func alertSlot(_ kind: AlertKind) -> Int { Int(alerts[Int(kind.rawValue)]) }

  @inline(__always)
  var hasAlerts: Bool { openAlerts != 0 }

  mutating func setAlertSlot(_ kind: AlertKind, _ slot: Int) {
    alerts[Int(kind.rawValue)] = Int32(slot)
    let bit = UInt16(1) << kind.rawValue
    openAlerts = slot >= 0 ? openAlerts | bit : openAlerts & ~bit
  }
}
