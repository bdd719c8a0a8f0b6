import Execution
import FleetModel

/// What an agent's last minute came to.
struct MaintenanceOutlook {
  /// When that began.
  var minute: Instant
  /// Whether a failure is forecast.
  var isThreatened: Bool
  /// How well it was by its own normal, 0…1; nil if nobody can say.
  var health: Double?
  /// What takes most from that.
  var why: String

  /// From here on an agent is as usual. A queue at its level takes a quarter.
  private static let usual = 0.8
  /// What is older says nothing of the present.
  private static let fresh = TimeSpan.minutes(4)

  func threat(at now: Instant) -> MaintenanceRun.Threat {
    guard now - minute <= Self.fresh else { return .unknown }
    if isThreatened { return .stands }
    guard let health else { return .unknown }
    return health < Self.usual ? .come : .clear
  }

  /// Whether a minute that began after a moment was as usual.
  func verdict(since moment: Instant) -> MaintenanceRun.Verdict {
    guard minute >= moment, let health else { return .unknown }
    return health >= Self.usual ? .well : .ill(why)
  }
}
