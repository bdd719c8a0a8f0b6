/// A moment on the Redis server's clock, in whole milliseconds since 1970-01-01 UTC.
///
/// Everything that vigia compares, windows or shows as an age is one of these. The local clock appears nowhere: the
/// edges measure its offset from Redis TIME once a connection and hand in instants.
package struct Instant: Hashable, Comparable, Sendable {
  /// Milliseconds since the epoch.
  package let milliseconds: Int64

  /// 100 million days, to either side of the epoch: as far as calendars of programs go (ECMA-262, 21.4.1.1).
  private static let farthest: Int64 = 8_640_000_000_000_000

  /// A moment farther off than calendars go counts as their end: so every difference of two fits.
  package init(milliseconds: Int64) {
    self.milliseconds = min(max(milliseconds, -Self.farthest), Self.farthest)
  }

  package static let epoch = Instant(milliseconds: 0)

  package static func < (left: Instant, right: Instant) -> Bool { left.milliseconds < right.milliseconds }

  /// The instant a span later; saturates at the ends of the range, since a span may come from outside.
  package static func + (instant: Instant, span: TimeSpan) -> Instant {
    let (sum, overflow) = instant.milliseconds.addingReportingOverflow(span.milliseconds)
    return Instant(milliseconds: overflow ? (span.milliseconds > 0 ? .max : .min) : sum)
  }

  package static func - (instant: Instant, span: TimeSpan) -> Instant {
    instant + TimeSpan(milliseconds: span.milliseconds == .min ? .max : -span.milliseconds)
  }

  /// The span from `earlier` to `later`, negative where they stand the other way round.
  package static func - (later: Instant, earlier: Instant) -> TimeSpan {
    TimeSpan(milliseconds: later.milliseconds - earlier.milliseconds)
  }
}
