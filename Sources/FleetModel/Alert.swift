/// An open alert in the fleet.
package struct Alert: Equatable, Sendable {
  package var record: AlertRecord
  /// The agent's position in the fleet.
  package var position: Int
  /// What opened it or made it worse last: a metric and its value, where it was one.
  package var metric: Metric?
  package var value: Double?

  package var id: AlertID { record.id }

  /// Whether it asks for attention: nobody has acknowledged it and no silence covers it.
  package func isLoud(at now: Instant) -> Bool {
    record.acknowledgedBy == nil && (record.silencedUntil.map { $0 <= now } ?? true)
  }
}

/// The open alerts, and which of them changed.
package struct AlertBook: Sendable {
  /// An alert is closed when this long has passed without a sign of its trouble.
  package static let closesAfter = TimeSpan.minutes(5)

  private var slots: [Alert?] = []
  private var free: [Int] = []
  /// Ids of alerts that were opened, changed or closed since somebody last took them; nil where nobody wants them.
  private var changed: Set<AlertID>?

  package init(tracksChanges: Bool = false) {
    changed = tracksChanges ? [] : nil
  }

  /// All that are open, in no order.
  package var open: some Sequence<Alert> { slots.lazy.compactMap(\.self) }

  package var count: Int { slots.count - free.count }

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
  package func count(of kind: AlertKind) -> Int { slots.count { $0?.record.id.kind == kind } }

  package subscript(slot: Int) -> Alert? { slots.indices.contains(slot) ? slots[slot] : nil }

  /// How bad an alert is, without a copy of it; nil where none is open.
  func severity(_ slot: Int) -> Severity? { slots.indices.contains(slot) ? slots[slot]?.record.severity : nil }

  /// Takes the list of changes.
  package mutating func takeChanges() -> Set<AlertID> {
    defer { if changed != nil { changed = [] } }
    return changed ?? []
  }

  mutating func add(_ alert: Alert) -> Int {
    changed?.insert(alert.id)
    if let slot = free.popLast() {
      slots[slot] = alert
      return slot
    }
    slots.append(alert)
    return slots.count - 1
  }

  mutating func update(_ slot: Int, _ body: (inout Alert) -> Void) {
    guard slots.indices.contains(slot), var alert = slots[slot] else { return }
    slots[slot] = nil
    body(&alert)
    changed?.insert(alert.id)
    slots[slot] = alert
  }

  /// Marks a sign of trouble that changes nothing to be told: only how long the alert stays open.
  mutating func touch(_ slot: Int, at instant: Instant) {
    guard let last = slots[slot]?.record.last, instant > last else { return }
    slots[slot]?.record.last = instant
  }

  /// A new value past the limit that makes nothing worse: shown, and not a change to be told.
  mutating func refresh(_ slot: Int, metric: Metric?, value: Double?, at instant: Instant) {
    slots[slot]?.metric = metric
    slots[slot]?.value = value
    touch(slot, at: instant)
  }

  mutating func remove(_ slot: Int) {
    guard slots.indices.contains(slot), let alert = slots[slot] else { return }
    changed?.insert(alert.id)
    slots[slot] = nil
    free.append(slot)
  }

  /// Slots of alerts whose time is up. An escalation's end is the handler's word: see ``Fleet/isOver(_:at:)``.
  func expired(at now: Instant) -> [Int] {
    slots.indices.filter { index in
      guard let alert = slots[index], alert.id.kind != .escalation else { return false }
      return now - alert.record.last >= Self.closesAfter
    }
  }
}
