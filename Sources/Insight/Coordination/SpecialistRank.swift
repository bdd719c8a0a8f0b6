/// How well an agent would do with one conversation more.
package struct SpecialistRank: Equatable, Sendable {
  /// How many conversations an agent has open, of those that it can have at once.
  package struct Room: Equatable, Sendable {
    package var open: Int
    package var capacity: Int

    package init(open: Int, capacity: Int) { (self.open, self.capacity) = (open, capacity) }
  }

  /// 0…1; 1 if nobody has said.
  package var health: Double
  package var knowsHealth: Bool
  /// Messages that wait, and conversations that it was given since it last told.
  package var load: Double
  /// Nil if the agent does not say both.
  package var room: Room?

  package init(health: Double = 1, knowsHealth: Bool = true, load: Double = 0, room: Room? = nil) {
    (self.health, self.knowsHealth, self.load, self.room) = (health, knowsHealth, load, room)
  }

  /// Whether it has as many conversations as it can: it is given none.
  package var isFull: Bool { room.map { $0.open >= $0.capacity } ?? false }

  /// How much of its room is taken, 0…1. Whoever does not say counts as half full: neither is the silent one flooded,
  /// nor are those that do say.
  private var share: Double {
    guard let room, room.capacity > 0 else { return 0.5 }
    return min(1, Double(max(0, room.open)) / Double(room.capacity))
  }

  /// A hair's breadth of health is no reason to give one agent everything.
  private var tenths: Double { (health * 10).rounded() }

  /// The healthiest by tenths, then who has most room, then who has least to do; nil if both are alike.
  package func isBetter(than other: SpecialistRank) -> Bool? {
    if tenths != other.tenths { return tenths > other.tenths }
    if share != other.share { return share < other.share }
    if load != other.load { return load < other.load }
    return nil
  }
}
