import FleetModel

/// One value of a metric at one time.
package struct Sample: Equatable, Sendable {
  package var value: Double
  package var at: Instant

  package init(_ value: Double, at instant: Instant) {
    self.value = value
    at = instant
  }

  /// No time in milliseconds, no count and no cost is greater. Squares of it still are finite.
  private static let greatest = 1e15

  /// Whether the value is a number that can be measured.
  package var isPlausible: Bool { value.isFinite && abs(value) <= Self.greatest }
}
