import FleetModel

/// Keeps the streams within their bounds.
package enum Retention {
  /// How old and how large streams may grow.
  package struct Bounds: Sendable {
    package var events = TimeSpan.hours(24)
    package var audit = TimeSpan.days(7)
    package var commands = TimeSpan.hours(24)
    package var control = TimeSpan.hours(24)
    /// Of each stream.
    package var bytes = 512 << 20

    package init() {}
  }
}
