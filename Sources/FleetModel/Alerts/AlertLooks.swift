/// When alerts are looked at, at the earliest: by their slots.
///
/// A sign of trouble only puts off what is due for an alert. So it keeps its place here and is looked at again then,
/// and nothing goes through all alerts.
struct AlertLooks: Sendable {
  private struct Look: Comparable {
    var at: Instant
    var slot: Int
    static func < (left: Look, right: Look) -> Bool { left.at < right.at }
  }

  private var heap = Heap<Look>()
  /// By slot; ``never`` if nothing is appointed.
  private var times: [Instant] = []

  private static let never = Instant(milliseconds: .max)

  mutating func removeAll() { self = AlertLooks() }

  /// Has an alert looked at, unless it is before then anyway.
  mutating func appoint(_ slot: Int, at instant: Instant) {
    while times.count <= slot { times.append(Self.never) }
    guard instant < times[slot] else { return }
    times[slot] = instant
    heap.insert(Look(at: instant, slot: slot))
  }

  /// Takes the next slot whose time has come; nil if there is none.
  mutating func popFirst(at now: Instant) -> Int? {
    while let look = heap.least, look.at <= now {
      heap.removeLeast()
      // An earlier look was appointed since: this one is out of date.
      guard times[look.slot] == look.at else { continue }
      times[look.slot] = Self.never
      return look.slot
    }
    return nil
  }
}
