import FleetModel

/// How old and how large streams may grow.
package struct RetentionBounds: Sendable {
  package var events = TimeSpan.hours(24)
  package var audit = TimeSpan.days(7)
  package var commands = TimeSpan.hours(24)
  package var control = TimeSpan.hours(24)
  package var dead = TimeSpan.days(7)
  package var reports = TimeSpan.days(7)
  /// Of each stream.
  package var bytes = 512 << 20
  /// Of all keys that are no streams, together: marks, notices, profiles and the like.
  package var otherBytes = 512 << 20
  /// Between two looks at a stream's age.
  package var every = TimeSpan.minutes(1)

  package init() {}
}
