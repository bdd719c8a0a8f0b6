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
  /// Reads the metrics and levels of a configuration file, and nothing else of it.
  package static func metricsAndLevels(
    _ bytes: [UInt8], file: String
  ) throws(ConfigurationError) -> (metrics: MetricTable, levels: LevelTable) {
    let top = try FileSection(bytes, file: file)
    let metrics = try metrics(in: top)
    return (metrics, try levels(in: top, of: metrics))
  }

  static func levels(in top: FileSection, of metrics: MetricTable) throws(ConfigurationError) -> LevelTable {
    let sections = try top.sections("levels")
    guard sections.count <= LevelTable.mostEntries else {
      throw top.fault("levels", "has \(sections.count) entries; expected \(LevelTable.mostEntries) at most")
    }
    var entries: [LevelTable.Entry] = []
    for section in sections { entries.append(try entry(section, of: metrics)) }
    return LevelTable(entries)
  }

  private static func entry(
    _ section: FileSection, of table: MetricTable
  ) throws(ConfigurationError) -> LevelTable.Entry {
    let metrics = Metric.allCases.filter { $0.alert != nil }
    try section.allow(
      ["role", "tier", "agent"] + metrics.map(\.field) + table.metrics.map(\.name), in: "an entry of levels")
    var levels: [Metric: Limits.Levels] = [:]
    for metric in metrics {
      let isBadWhenLow = Limits.defaults[metric]?.isBadWhenLow ?? false
      levels[metric] = try read(metric.field, in: metric.plausible, isBadWhenLow: isBadWhenLow, of: section)
    }
    var open: [String: Limits.Levels] = [:]
    for metric in table.metrics {
      open[metric.name] = try read(
        metric.name, in: metric.plausible, isBadWhenLow: metric.bad == .low, of: section)
    }
    guard !levels.isEmpty || !open.isEmpty else {
      throw section.fault(nil, "names no metric; expected one at least, such as error_rate")
    }
    return LevelTable.Entry(
      role: try pattern("role", of: section), tier: try pattern("tier", of: section),
      agent: try pattern("agent", of: section), levels: levels, open: open, line: section.line)
  }

  /// Which roles, tiers or agents an entry is for; nil if it does not say.
  static func pattern(_ key: String, of section: FileSection) throws(ConfigurationError) -> Glob? {
    let expected = "a text such as \"sales*\", at most \(Glob.longest) bytes"
    guard let text = try section.text(key, expected: expected) else { return nil }
    guard let pattern = Glob(text) else { throw section.fault(key, expected: expected) }
    return pattern
  }

  private static func read(
    _ name: String, in plausible: ClosedRange<Double>, isBadWhenLow: Bool, of section: FileSection
  ) throws(ConfigurationError) -> Limits.Levels? {
    let form = "a table such as { medium = 0.05, high = 0.1, critical = 0.25 }"
    guard let table = try section.section(name, expected: form) else { return nil }
    try table.allow(["medium", "high", "critical"], in: "a metric's levels")
    func number(_ key: String) throws(ConfigurationError) -> Double {
      guard let number = try table.number(key, in: plausible) else {
        throw table.fault(key, expected: "a number")
      }
      return number
    }
    let levels = Limits.Levels(medium: try number("medium"), high: try number("high"), critical: try number("critical"))
    let (first, last) = isBadWhenLow ? (levels.critical, levels.medium) : (levels.medium, levels.critical)
    guard first < levels.high, levels.high < last else {
      throw section.fault(name, "its levels have to \(isBadWhenLow ? "fall" : "rise") from medium to critical")
    }
    try check(levels, "medium", in: plausible, of: table)
    return levels
  }

  /// Refuses levels whose alert could never end.
  static func check(
    _ levels: Limits.Levels, _ key: String, in plausible: ClosedRange<Double>, of section: FileSection
  ) throws(ConfigurationError) {
    guard !levels.canRecover(within: plausible) else { return }
    let words =
      levels.isBadWhenLow
      ? "less than \(Limits.Levels.firstLevelLimit(within: plausible).short)"
      : "more than \(plausible.lowerBound.short)"
    throw section.fault(
      key, "is so good that its alert could never end: values have to be 20% better; expected \(words)")
  }
}
