/// The open alerts, and which of them changed.
///
/// What every event of trouble changes are numbers: they stand apart from the alerts' words, so that an event touches no
/// reference count. An alert that is asked for is put together of both.
package struct AlertBook: Sendable {
  /// An alert is closed when this long has passed without a sign of its trouble.
  package static let closesAfter = TimeSpan.minutes(5)

  /// An open alert's numbers; the ones of its record count for nothing while it is open.
  struct Numbers: Sendable {
    var kind: AlertKind
    var severity: Severity
    var metric: Metric?
    /// Whether the change is on the list of those to be taken.
    var isNoted = false
    /// Of the bytes that the summary was made of; 0 if it was made of none.
    var summaryDigest = 0
    var count: Int
    var last: Instant
    /// See ``Alert/keptFrom``.
    var keptFrom: Instant
    var value: Double?

    /// When its time is up, if nothing is heard of it; nil for an escalation.
    var end: Instant? { kind == .escalation ? nil : max(last, keptFrom) + AlertBook.closesAfter }

    init(_ alert: Alert) {
      kind = alert.record.id.kind
      (severity, count, last) = (alert.record.severity, alert.record.count, alert.record.last)
      (metric, value, keptFrom) = (alert.metric, alert.value, alert.keptFrom)
    }
  }

  private var slots: [Alert?] = []
  /// Nil where no alert is open.
  private var numbers: [Numbers?] = []
  private var free: [Int] = []
  /// Ids of alerts that were opened, changed or closed since somebody last took them; nil where nobody wants them.
  private var changed: Set<AlertID>?
  /// Slots that are marked as noted.
  private var noted: [Int] = []
  /// Slots of escalations: they are looked at often, and are few among many alerts.
  private var escalationSlots: Set<Int> = []
  /// No alert's time is up before then; nil if there is none. A sign of trouble only puts its end off, so that most looks
  /// at the time go through no alerts.
  private var firstEnd: Instant?

  package init(tracksChanges: Bool = false) {
    changed = tracksChanges ? [] : nil
  }

  /// All that are open, in no order.
  package var open: some Sequence<Alert> { slots.indices.lazy.compactMap { self[$0] } }

  /// The open escalations, in no order.
  package var escalations: some Sequence<Alert> { escalationSlots.lazy.compactMap { self[$0] } }

  package var count: Int { slots.count - free.count }

  var indices: Range<Int> { slots.indices }

  /// How many ask for attention.
  package func loudCount(at now: Instant) -> Int { slots.count { $0?.isLoud(at: now) ?? false } }

  /// Positions of the agents of alerts that ask for attention.
  package func loudPositions(at now: Instant) -> Set<Int> {
    var positions: Set<Int> = []
    for slot in slots.indices {
      if let alert = slots[slot], alert.isLoud(at: now) { positions.insert(alert.position) }
    }
    return positions
  }

  /// How many of a kind are open.
  package func count(of kind: AlertKind) -> Int { numbers.count { $0?.kind == kind } }

  package subscript(slot: Int) -> Alert? {
    guard slots.indices.contains(slot), var alert = slots[slot], let numbers = numbers[slot] else { return nil }
    (alert.record.severity, alert.record.count) = (numbers.severity, numbers.count)
    (alert.record.last, alert.keptFrom) = (numbers.last, numbers.keptFrom)
    (alert.metric, alert.value) = (numbers.metric, numbers.value)
    return alert
  }

  /// An alert's numbers, without a copy of its words; nil where none is open.
  @inline(__always)
  func numbers(_ slot: Int) -> Numbers? { numbers.indices.contains(slot) ? numbers[slot] : nil }

  /// How bad an alert is, without a copy of it; nil where none is open.
  func severity(_ slot: Int) -> Severity? { numbers(slot)?.severity }

  /// Takes the list of changes.
  package mutating func takeChanges() -> Set<AlertID> {
    for slot in noted { numbers[slot]?.isNoted = false }
    noted = []
    defer { if changed != nil { changed = [] } }
    return changed ?? []
  }

  private mutating func note(_ slot: Int) {
    guard changed != nil, numbers[slot]?.isNoted == false, let id = slots[slot]?.record.id else { return }
    changed?.insert(id)
    numbers[slot]?.isNoted = true
    noted.append(slot)
  }

  mutating func add(_ alert: Alert) -> Int {
    let slot = free.popLast() ?? slots.count
    if slot == slots.count {
      slots.append(alert)
      numbers.append(Numbers(alert))
    } else {
      (slots[slot], numbers[slot]) = (alert, Numbers(alert))
    }
    if alert.id.kind == .escalation { escalationSlots.insert(slot) }
    noteEnd(slot)
    note(slot)
    return slot
  }

  /// Changes anything of an alert.
  mutating func update(_ slot: Int, _ body: (inout Alert) -> Void) {
    guard var alert = self[slot], let before = numbers[slot] else { return }
    slots[slot] = nil
    body(&alert)
    slots[slot] = alert
    numbers[slot] = Numbers(alert)
    numbers[slot]?.isNoted = before.isNoted
    noteEnd(slot)
    note(slot)
  }

  /// Takes in one more sign of trouble, which is a change to be told.
  mutating func strike(
    _ slot: Int, _ severity: Severity, isRepeat: Bool, metric: Metric?, value: Double?, at instant: Instant
  ) {
    guard var present = numbers(slot) else { return }
    present.severity = max(present.severity, severity)
    if isRepeat, present.count < .max { present.count += 1 }
    present.last = max(present.last, instant)
    (present.metric, present.value) = (metric ?? present.metric, value ?? present.value)
    numbers[slot] = present
    if !present.isNoted { note(slot) }
  }

  /// Says what an alert is about.
  ///
  /// - Parameter digest: of the bytes that the words were made of, not 0.
  mutating func setSummary(_ slot: Int, _ summary: String, digest: Int) {
    guard numbers(slot) != nil else { return }
    numbers[slot]?.summaryDigest = digest
    if !summary.isEmpty { slots[slot]?.record.summary = summary }
  }

  /// Marks a sign of trouble that changes nothing to be told: only how long the alert stays open.
  mutating func touch(_ slot: Int, at instant: Instant) {
    guard let last = numbers(slot)?.last, instant > last else { return }
    numbers[slot]?.last = instant
  }

  mutating func keep(_ slot: Int, from instant: Instant) {
    numbers[slot]?.keptFrom = instant
    noteEnd(slot)
  }

  /// A new value past the limit that makes nothing worse: shown, and not a change to be told.
  mutating func refresh(_ slot: Int, metric: Metric?, value: Double?, at instant: Instant) {
    guard var present = numbers(slot) else { return }
    (present.metric, present.value) = (metric, value)
    present.last = max(present.last, instant)
    numbers[slot] = present
  }

  mutating func remove(_ slot: Int) {
    guard numbers(slot) != nil else { return }
    note(slot)
    escalationSlots.remove(slot)
    (slots[slot], numbers[slot]) = (nil, nil)
    free.append(slot)
  }

  /// Slots of alerts whose time is up. An escalation's end is the handler's word: see ``Fleet/isOver(_:at:)``.
  mutating func expired(at now: Instant) -> [Int] {
    guard let first = firstEnd, now >= first else { return [] }
    firstEnd = numbers.lazy.compactMap { $0?.end }.min()
    return numbers.indices.filter { numbers[$0]?.end.map { now >= $0 } ?? false }
  }

  private mutating func noteEnd(_ slot: Int) {
    guard let end = numbers(slot)?.end else { return }
    firstEnd = min(firstEnd ?? end, end)
  }
}
