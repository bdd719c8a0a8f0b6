import FleetModel

/// How an agent rests after a move of its share.
struct MoveRest: Sendable {
  private var until = Instant.epoch
  /// The last move: when it was, by how much, and whether it was followed.
  private var at = Instant.epoch
  private var change = 0.0
  private var to: Double?
  /// Moves in a row that were not followed.
  private var refusals = 0

  private static let longest = TimeSpan.hours(1)
  private static let mostRefusals = 12
  /// So many settle times a move is not taken back lightly.
  private static let stays = 10.0

  /// Whether it rests. One that ends later than any can means that the clock was set back.
  func isOn(at now: Instant) -> Bool { now < until && until - now <= Self.longest }

  /// Whether a change would take back one of not long ago.
  func takesBack(_ change: Double, at now: Instant, settle: Double) -> Bool {
    self.change * change < 0 && now - at < TimeSpan(milliseconds: Int64(Self.stays * settle * 1000))
  }

  /// Takes note of the share in force.
  mutating func see(_ share: Double, step: Double) {
    if let to, abs(share - to) <= step / 2 { self.to = nil }
  }

  /// Takes note of a move: a rest of a settle time. If the move before was not followed, it is twice as long each time.
  mutating func moved(by change: Double, to share: Double, at now: Instant, settle: Double) {
    refusals = to == nil ? 0 : min(refusals + 1, Self.mostRefusals)
    (to, at, self.change) = (share, now, change)
    until = now + min(TimeSpan(milliseconds: Int64(settle * 1000) << Int64(refusals)), Self.longest)
  }
}
