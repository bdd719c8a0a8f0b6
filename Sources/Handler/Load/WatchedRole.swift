import FleetModel
import Insight

/// A role that is looked at, and what a balancer that has just begun cannot know of it.
struct WatchedRole {
  var balancer: RoleBalancer
  /// Until then no move is made: what another balancer has done a moment ago counts against the moves of a minute.
  private let heldUntil: Instant

  private static let minute = TimeSpan.minutes(1)

  /// - Parameters:
  ///   - standing: what is under way already, sent by another balancer.
  ///   - lastShared: when a share was changed last by another balancer.
  init(_ settings: BalanceSettings, _ standing: LoadStanding, lastShared: Instant?, at now: Instant) {
    balancer = RoleBalancer(settings)
    let last = standing.moves.isEmpty ? lastShared : now
    heldUntil = last.map { min($0, now) + Self.minute } ?? now
  }

  /// Whether no move is made yet. A clock that was set back holds nothing up for longer.
  func isHeld(at now: Instant) -> Bool { now < heldUntil && heldUntil - now <= Self.minute }

  mutating func look(_ readings: [LoadReading], at now: Instant, most: Int, alone: Bool) -> [ShareMove] {
    balancer.look(readings, at: now, most: isHeld(at: now) ? 0 : most, alone: alone)
  }
}
