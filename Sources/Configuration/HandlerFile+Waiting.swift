import FleetModel

/// How long conversations may wait for a person:
///
/// ```toml
/// [waiting]
/// level = "5m"                 # one has waited so long, and nobody has taken it: people are paged
/// ```
extension HandlerFile {
  static func waiting(in top: FileSection) throws(ConfigurationError) -> WaitingSettings {
    var settings = WaitingSettings()
    guard let section = try top.section("waiting") else { return settings }
    try section.allow(["level"], in: "waiting")
    guard let level = try section.span("level", atMost: WaitingSettings.levels.upperBound) else { return settings }
    guard WaitingSettings.levels.contains(level) else {
      throw section.fault("level", expected: "a span from \(WaitingSettings.levels.lowerBound) to 7d")
    }
    settings.level = level
    return settings
  }
}
