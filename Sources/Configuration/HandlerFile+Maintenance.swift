import FleetModel

/// Whether agents are maintained before they fail:
///
/// ```toml
/// [maintenance]
/// mode = "propose"             # or "off", "auto": what a forecast leads to; operators plan windows in both of the others
/// ```
extension HandlerFile {
  static func maintenance(in top: FileSection) throws(ConfigurationError) -> MaintenanceSettings {
    var settings = MaintenanceSettings()
    guard let section = try top.section("maintenance") else { return settings }
    try section.allow(["mode"], in: "maintenance")
    settings.mode = try section.choice("mode") ?? settings.mode
    return settings
  }
}
