import FleetModel

/// How fast a role's shares are balanced.
package struct BalanceSettings: Equatable, Sendable {
  /// How long it takes until a change of shares shows in what is open: about as long as a conversation lasts. All of the
  /// balancer's times are multiples of it.
  package let settle: TimeSpan
  /// No role is given more moves within any minute.
  package let movesAMinute: Int

  package static let settleBounds = TimeSpan.seconds(1)...TimeSpan.hours(1)
  package static let movesBounds = 1...60

  /// Values beyond the bounds count as the nearest one within.
  package init(settle: TimeSpan = .minutes(3), movesAMinute: Int = 4) {
    self.settle = min(max(settle, Self.settleBounds.lowerBound), Self.settleBounds.upperBound)
    self.movesAMinute = min(max(movesAMinute, Self.movesBounds.lowerBound), Self.movesBounds.upperBound)
  }

  /// In seconds.
  var settleSeconds: Double { Double(settle.milliseconds) / 1000 }
}
