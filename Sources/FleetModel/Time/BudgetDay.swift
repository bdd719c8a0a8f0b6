/// A day of budgets, from one midnight to the next, in minutes since the epoch.
package struct BudgetDay: Equatable, Sendable {
  package var from: Int64
  /// The first minute of the next day.
  package var until: Int64

  /// No minute lies in it.
  package static let none = BudgetDay(from: 0, until: 0)

  package init(from: Int64, until: Int64) {
    (self.from, self.until) = (from, until)
  }

  /// The day in UTC with this number since the epoch.
  package init(utc number: Int64) {
    self.init(from: number * 1440, until: (number + 1) * 1440)
  }

  package func contains(_ minute: Int64) -> Bool { from <= minute && minute < until }

  package func contains(_ instant: Instant) -> Bool { contains(Self.minute(of: instant)) }

  package var end: Instant { Instant(milliseconds: until * 60_000) }

  /// The number of a minute since the epoch.
  package static func minute(of instant: Instant) -> Int64 { max(0, instant.milliseconds) / 60_000 }
}
