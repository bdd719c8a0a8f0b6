import FleetModel

/// How many changes of shares all roles together may still see: a bucket that fills evenly.
///
/// It is empty when a handler begins to lead: so the bound holds over takeovers too, whatever the handler before has
/// spent.
struct MoveBudget {
  /// What it holds, as milliseconds in which that fills.
  private var credit: Int64 = 0
  private var filledAt: Instant?

  /// No minute sees more.
  static let most = 60
  /// No moment sees more.
  static let mostAtOnce = 12
  /// Milliseconds for each change: what fills in a minute, and a whole bucket, are ``most`` together.
  private static let pace = Int64(60_000 / (most - mostAtOnce))

  mutating func left(at now: Instant) -> Int {
    // A clock that was set back fills nothing, and holds nothing up.
    let passed = max(0, filledAt.map { (now - $0).milliseconds } ?? 0)
    let full = Int64(Self.mostAtOnce) * Self.pace
    credit = min(full, credit + min(passed, full))
    filledAt = now
    return max(0, Int(credit / Self.pace))
  }

  mutating func spend(_ count: Int, at now: Instant) {
    _ = left(at: now)
    credit -= Int64(count) * Self.pace
  }
}
