/// Which alerts something is due for, and when.
extension AlertBook {
  /// Nothing has told of it for long.
  mutating func turnQuiet(_ slot: Int, since instant: Instant) {
    guard var present = numbers(slot) else { return }
    (present.quietSince, present.isLocal) = (instant, authority != .own)
    set(slot, present)
    noteDue(slot)
    note(slot)
  }

  /// Slots of alerts for which something is due: they turn quiet, or their time is up.
  mutating func due(at now: Instant) -> [Int] {
    if looksAnew { lookAnew() }
    var taken: [(slot: Int, due: Instant)] = []
    while let slot = looks.popFirst(at: now) {
      if let due = due(slot) { taken.append((slot, due)) }
    }
    // If nothing is done about one now, it is due again at the next look.
    for (slot, due) in taken { looks.appoint(slot, at: max(due, now + TimeSpan(milliseconds: 1))) }
    return taken.filter { $0.due <= now }.map(\.slot)
  }

  private mutating func lookAnew() {
    looksAnew = false
    looks.removeAll()
    for slot in numbers.indices { noteDue(slot) }
  }

  /// When something is due for an alert; nil if nothing ever is.
  private func due(_ slot: Int) -> Instant? {
    guard let numbers = numbers(slot), numbers.kind.isOfAgent, !isHandlers(numbers) else { return nil }
    // A silence is known to last, and is given up all the same: agents may leave without a word.
    guard numbers.kind.turnsQuiet else { return max(numbers.last + quietStays, numbers.keptFrom + Self.quietAfter) }
    return numbers.quietSince.map { max($0 + quietStays, numbers.keptFrom + Self.quietAfter) } ?? numbers.quietAt
  }

  mutating func noteDue(_ slot: Int) {
    if let due = due(slot) { looks.appoint(slot, at: due) }
  }
}
