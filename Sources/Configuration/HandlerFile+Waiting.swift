import FleetModel

/// How long conversations may wait for a person:
///
/// ```toml
/// [waiting]
/// level = "5m"                 # one has waited so long, and nobody has taken it: people are paged
///
/// [[waiting.levels]]           # the first that fits the conversation's skill counts
/// skill = "refunds*"           # * stands for any bytes
/// level = "2m"
/// ```
extension HandlerFile {
  static func waiting(in top: FileSection) throws(ConfigurationError) -> WaitingSettings {
    var settings = WaitingSettings()
    guard let section = try top.section("waiting") else { return settings }
    try section.allow(["level", "levels"], in: "waiting")
    settings.levels = WaitingLevels(usual: try level(of: section) ?? settings.level, try entries(of: section))
    return settings
  }

  private static func entries(of waiting: FileSection) throws(ConfigurationError) -> [WaitingLevels.Entry] {
    let sections = try waiting.sections("levels")
    guard sections.count <= WaitingLevels.mostEntries else {
      throw waiting.fault("levels", "has \(sections.count) entries; expected \(WaitingLevels.mostEntries) at most")
    }
    var entries: [WaitingLevels.Entry] = []
    for section in sections {
      try section.allow(["skill", "level"], in: "an entry of waiting.levels")
      let skill = try skill(of: section)
      guard let level = try level(of: section) else { throw section.fault("level", expected: levelForm) }
      entries.append(WaitingLevels.Entry(skill: skill, level: level))
    }
    return entries
  }

  private static func skill(of section: FileSection) throws(ConfigurationError) -> Glob {
    let expected = "a text such as \"refunds*\", at most \(WaitingLevels.longestSkill) bytes"
    guard let text = try section.text("skill", expected: expected), !text.isEmpty,
      text.utf8.count <= WaitingLevels.longestSkill, let pattern = Glob(text)
    else { throw section.fault("skill", expected: expected) }
    return pattern
  }

  private static let levelForm = "a span from \(WaitingSettings.range.lowerBound) to 7d"

  private static func level(of section: FileSection) throws(ConfigurationError) -> TimeSpan? {
    guard let level = try section.span("level", atMost: WaitingSettings.range.upperBound) else { return nil }
    guard WaitingSettings.range.contains(level) else { throw section.fault("level", expected: levelForm) }
    return level
  }
}
