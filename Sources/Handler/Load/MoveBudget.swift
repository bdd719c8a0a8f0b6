import FleetModel

/// How many changes of shares the whole fleet may still see within a minute.
struct MoveBudget {
  private var times: [Instant] = []

  /// Of all roles together.
  static let most = 60
  private static let span = TimeSpan.minutes(1)

  mutating func left(at now: Instant) -> Int {
    // A clock that was set back leaves nothing behind that never ends.
    times.removeAll { (now - $0).magnitude >= Self.span }
    return max(0, Self.most - times.count)
  }

  mutating func spend(_ count: Int, at now: Instant) {
    times += repeatElement(now, count: min(count, Self.most))
  }
}
