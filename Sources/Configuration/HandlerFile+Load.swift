import FleetModel

/// Whether load is shared anew among the agents of a role:
///
/// ```toml
/// [load]
/// mode = "propose"             # or "off", "auto"
/// settle = "3m"                # about how long a conversation lasts
/// moves_per_minute = 4         # in a role, at the most
/// ```
extension HandlerFile {
  static func load(in top: FileSection) throws(ConfigurationError) -> LoadSettings {
    var settings = LoadSettings()
    guard let section = try top.section("load") else { return settings }
    try section.allow(["mode", "settle", "moves_per_minute"], in: "load")
    settings.mode = try section.choice("mode") ?? settings.mode
    settings.movesAMinute = try section.integer("moves_per_minute", in: LoadSettings.moves) ?? settings.movesAMinute
    guard let span = try section.span("settle", atMost: LoadSettings.spans.upperBound) else { return settings }
    guard LoadSettings.spans.contains(span) else {
      throw section.fault("settle", expected: "a span from \(LoadSettings.spans.lowerBound) to 1h")
    }
    settings.settle = span
    return settings
  }
}
