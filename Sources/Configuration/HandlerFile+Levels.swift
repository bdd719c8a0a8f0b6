import FleetModel

/// Levels of alerts by role, tier and agent:
///
/// ```toml
/// [[levels]]
/// role = "sales*"              # also tier, agent; * stands for any bytes, and what is left out fits all
/// error_rate = { medium = 0.02, high = 0.05, critical = 0.1 }
/// avg_rating = { medium = 3.5, high = 3, critical = 2 }
/// ```
///
/// Of the entries that fit an agent, the first that names a metric counts.
extension HandlerFile {
  /// Reads the levels of a configuration file, and nothing else of it.
  package static func levels(_ bytes: [UInt8], file: String) throws(ConfigurationError) -> LevelTable {
    try levels(in: FileSection(bytes, file: file))
  }

  static func levels(in top: FileSection) throws(ConfigurationError) -> LevelTable {
    let sections = try top.sections("levels")
    guard sections.count <= LevelTable.mostEntries else {
      throw top.fault("levels", "has \(sections.count) entries; expected \(LevelTable.mostEntries) at most")
    }
    var entries: [LevelTable.Entry] = []
    for section in sections { entries.append(try entry(section)) }
    return LevelTable(entries)
  }

  private static func entry(_ section: FileSection) throws(ConfigurationError) -> LevelTable.Entry {
    let metrics = Metric.allCases.filter { $0.alert != nil }
    try section.allow(["role", "tier", "agent"] + metrics.map(\.field), in: "an entry of levels")
    var levels: [Metric: Limits.Levels] = [:]
    for metric in metrics { levels[metric] = try read(metric, of: section) }
    guard !levels.isEmpty else {
      throw section.fault(nil, "names no metric; expected one at least, such as error_rate")
    }
    return LevelTable.Entry(
      role: try pattern("role", of: section), tier: try pattern("tier", of: section),
      agent: try pattern("agent", of: section), levels: levels, line: section.line)
  }

  private static func pattern(_ key: String, of section: FileSection) throws(ConfigurationError) -> Glob? {
    let expected = "a text such as \"sales*\", at most \(Glob.longest) bytes"
    guard let text = try section.text(key, expected: expected) else { return nil }
    guard let pattern = Glob(text) else { throw section.fault(key, expected: expected) }
    return pattern
  }

  private static func read(_ metric: Metric, of section: FileSection) throws(ConfigurationError) -> Limits.Levels? {
    let form = "a table such as { medium = 0.05, high = 0.1, critical = 0.25 }"
    guard let table = try section.section(metric.field, expected: form) else { return nil }
    try table.allow(["medium", "high", "critical"], in: "a metric's levels")
    func number(_ key: String) throws(ConfigurationError) -> Double {
      guard let number = try table.number(key, in: metric.plausible) else {
        throw table.fault(key, expected: "a number")
      }
      return number
    }
    let levels = Limits.Levels(medium: try number("medium"), high: try number("high"), critical: try number("critical"))
    let isBadWhenLow = Limits.defaults[metric]?.isBadWhenLow ?? false
    let (first, last) = isBadWhenLow ? (levels.critical, levels.medium) : (levels.medium, levels.critical)
    guard first < levels.high, levels.high < last else {
      throw section.fault(metric.field, "its levels have to \(isBadWhenLow ? "fall" : "rise") from medium to critical")
    }
    return levels
  }
}
