/// The open alerts, and which of them changed.
///
/// What every event of trouble changes are numbers: they stand apart from the alerts' words, so that an event touches no
/// reference count. An alert that is asked for is put together of both.
package struct AlertBook: Sendable {
  /// An alert is closed when its values have been well for so long.
  package static let closesAfter = TimeSpan.minutes(5)
  /// An alert turns quiet when nothing has told of it for so long.
  package static let quietAfter = TimeSpan.minutes(5)

  /// How long an alert stays quiet until it is given up.
  package var quietStays = TimeSpan.hours(24) {
    didSet { if quietStays != oldValue { looksAnew = true } }
  }

  /// Whose word counts.
  var authority = AlertAuthority.own {
    didSet {
      looksAnew = true
      if authority == .none, oldValue == .handler { countUnwritten() }
    }
  }
  /// The open metrics that alerts may be of.
  var metrics = MetricTable.builtIn
  private var slots: [Alert?] = []
  /// Nil if no alert is open.
  var numbers: [Numbers?] = []
  private var free: [Int] = []
  /// Ids of alerts that were opened, changed or closed since somebody last took them; nil if nobody wants them.
  private var changed: Set<AlertID>?
  /// Why those of them that are open no longer are not.
  private var ends: [AlertID: AlertEnd] = [:]
  /// Slots that are marked as noted.
  private var noted: [Int] = []
  /// Slots of escalations: they are looked at often, and are few among many alerts.
  private var escalationSlots: Set<Int> = []
  /// Slots that somebody has acknowledged or silenced, and may have taken that back since.
  private var handled: Set<Int> = []
  private var tally = Tally()
  /// Steps with every alert that opens or closes.
  package private(set) var openingsRevision = 0
  var looks = AlertLooks()
  /// Whether the rules have changed by which something is due.
  var looksAnew = false

  package init(tracksChanges: Bool = false) {
    changed = tracksChanges ? [] : nil
  }

  /// All that are open, in no order.
  package var open: some Sequence<Alert> { slots.indices.lazy.compactMap { self[$0] } }

  /// The open escalations, in no order.
  package var escalations: some Sequence<Alert> { escalationSlots.lazy.compactMap { self[$0] } }

  package var count: Int { slots.count - free.count }

  var indices: Range<Int> { slots.indices }

  /// It goes through those that somebody has in hand: of all others only numbers are kept.
  package func counts(at now: Instant) -> Counts {
    var counts = Counts(all: count, quiet: tally.quiet, local: tally.local)
    for slot in handled {
      guard let alert = slots[slot], !alert.isLoud(at: now) else { continue }
      if numbers[slot]?.quietSince != nil { counts.quiet -= 1 }
      if alert.record.acknowledgedBy != nil { counts.acknowledged += 1 } else { counts.silenced += 1 }
    }
    return counts
  }

  /// Whether an alert asks for attention, without a copy of it.
  func isLoud(_ slot: Int, at now: Instant) -> Bool {
    !handled.contains(slot) || slots[slot]?.isLoud(at: now) ?? false
  }

  /// Positions of the agents of alerts that ask for attention.
  package func loudPositions(at now: Instant) -> Set<Int> {
    var positions: Set<Int> = []
    for slot in slots.indices {
      if let alert = slots[slot], alert.isLoud(at: now) { positions.insert(alert.position) }
    }
    return positions
  }

  /// How many of a kind are open.
  package func count(of kind: AlertKind) -> Int { tally[kind] }

  /// Puts an open alert's other numbers in place of its own.
  @inline(__always)
  mutating func set(_ slot: Int, _ new: Numbers) {
    if let former = numbers[slot],
      (former.quietSince == nil) != (new.quietSince == nil) || former.isLocal != new.isLocal
    {
      tally.add(former, -1)
      tally.add(new, 1)
    }
    numbers[slot] = new
  }

  private mutating func noteHandled(_ slot: Int) {
    guard let record = slots[slot]?.record else { return }
    if record.acknowledgedBy != nil || record.silencedUntil != nil {
      handled.insert(slot)
    } else {
      handled.remove(slot)
    }
  }

  package subscript(slot: Int) -> Alert? {
    guard slots.indices.contains(slot), var alert = slots[slot], let numbers = numbers[slot] else { return nil }
    (alert.record.severity, alert.record.count) = (numbers.severity, numbers.count)
    (alert.record.last, alert.keptFrom) = (numbers.last, numbers.keptFrom)
    let (known, open) = names(of: numbers.metric)
    (alert.record.metric, alert.record.openMetric) = (known, open ?? alert.record.openMetric)
    alert.value = numbers.value
    (alert.record.quietSince, alert.recovery) = (numbers.quietSince, numbers.recovery)
    (alert.isLocal, alert.countedUpTo) = (numbers.isLocal, numbers.countedUpTo)
    return alert
  }

  /// An alert's numbers, without a copy of its words; nil if none is open.
  @inline(__always)
  func numbers(_ slot: Int) -> Numbers? { numbers.indices.contains(slot) ? numbers[slot] : nil }

  /// Where the agent of an alert stands, without a copy of it; nil if none is open.
  func position(_ slot: Int) -> Int? { slots.indices.contains(slot) ? slots[slot]?.position : nil }

  /// How bad an alert is, without a copy of it; nil if none is open.
  func severity(_ slot: Int) -> Severity? { numbers(slot)?.severity }

  /// Takes the list of changes.
  package mutating func takeChanges() -> Set<AlertID> {
    for slot in noted { numbers[slot]?.isNoted = false }
    noted = []
    defer { if changed != nil { changed = [] } }
    return changed ?? []
  }

  /// Takes why alerts on that list are open no longer; to be called before the list is taken.
  package mutating func takeEnds() -> [AlertID: AlertEnd] {
    defer { ends = [:] }
    return ends
  }

  mutating func note(_ slot: Int) {
    guard changed != nil, numbers[slot]?.isNoted == false, let id = slots[slot]?.record.id else { return }
    changed?.insert(id)
    numbers[slot]?.isNoted = true
    noted.append(slot)
  }

  mutating func add(_ new: Alert) -> Int {
    var alert = new
    // What a record names is known here only.
    if alert.recovery.struck.isEmpty { alert.recovery = Alert.Recovery(alert.record, metric(of: alert.record)) }
    let slot = free.popLast() ?? slots.count
    if slot == slots.count {
      slots.append(alert)
      numbers.append(Numbers(alert, metric(of: alert.record)))
    } else {
      (slots[slot], numbers[slot]) = (alert, Numbers(alert, metric(of: alert.record)))
    }
    tally.add(Numbers(alert, nil), 1)
    openingsRevision &+= 1
    noteHandled(slot)
    if alert.id.kind == .escalation { escalationSlots.insert(slot) }
    if changed != nil { ends[alert.id] = nil }
    noteDue(slot)
    note(slot)
    return slot
  }

  /// Changes anything of an alert.
  mutating func update(_ slot: Int, _ body: (inout Alert) -> Void) {
    guard var alert = self[slot], let before = numbers[slot] else { return }
    slots[slot] = nil
    body(&alert)
    slots[slot] = alert
    var after = Numbers(alert, metric(of: alert.record))
    (after.isNoted, after.isCounted) = (before.isNoted, before.isCounted)
    if let unwritten = before.unwritten, unwritten.last > alert.countedUpTo { after.unwritten = unwritten }
    set(slot, after)
    noteHandled(slot)
    noteDue(slot)
    note(slot)
  }

  /// The handler is dead: what has been heard since its last word counts, as this program's own.
  private mutating func countUnwritten() {
    for slot in numbers.indices {
      guard var present = numbers[slot], !present.isLocal else { continue }
      let isHeard = present.quietSince.map { present.recovery.heardAt > $0 } ?? false
      guard isHeard || present.unwritten != nil else { continue }
      if let unwritten = present.unwritten {
        present.severity = max(present.severity, unwritten.severity)
        let (count, isTooMuch) = present.count.addingReportingOverflow(unwritten.repeats)
        present.count = isTooMuch ? .max : count
        present.last = max(present.last, unwritten.last)
      }
      (present.quietSince, present.unwritten, present.isLocal) = (isHeard ? nil : present.quietSince, nil, true)
      set(slot, present)
      note(slot)
    }
  }

  /// Says what an alert is about.
  ///
  /// - Parameter digest: of the bytes that the words were made of, not 0.
  mutating func setSummary(_ slot: Int, _ summary: String, digest: Int) {
    guard numbers(slot) != nil else { return }
    numbers[slot]?.summaryDigest = digest
    if !summary.isEmpty { slots[slot]?.record.summary = summary }
  }

  mutating func remove(_ slot: Int, _ end: AlertEnd) {
    guard let present = numbers(slot) else { return }
    if changed != nil, let id = slots[slot]?.id { ends[id] = end }
    note(slot)
    tally.add(present, -1)
    openingsRevision &+= 1
    handled.remove(slot)
    escalationSlots.remove(slot)
    (slots[slot], numbers[slot]) = (nil, nil)
    free.append(slot)
  }
}
