import FleetModel

/// The metrics and levels by which the active handler judges, as the key `agentos:levels` holds them:
///
/// ```json
/// {"currency":"EUR","metrics":[{"name":"search_depth","unit":"count","bad":"high","levels":[40,100,100],
///                               "aliases":["search.depth"],"shown":"column","heading":"Depth","runaway":true,"line":12}],
///  "levels":[{"role":"sales*","line":30,"of":{"error_rate":[0.02,0.05,0.1]}}]}
/// ```
/// Metrics that are as built in, and what is not given, are left out. Levels are medium, high and critical.
package enum LevelsCoding {
  /// A longer value is neither written nor read.
  package static let mostBytes = 1 << 20

  /// What the lease names a value by.
  package static func digest(_ payload: [UInt8]) -> String { String(SHA256.hex(payload).prefix(16)) }

  package static func encode(_ settings: LevelSettings) -> [UInt8] {
    let usual = MetricTable.builtIn.metrics
    let declared = settings.metrics.metrics.filter { !usual.contains($0) }
    let json: JSONValue = [
      "currency": settings.metrics.currency.isEmpty ? nil : .string(settings.metrics.currency),
      "metrics": declared.isEmpty ? nil : .array(declared.map(json)),
      "levels": settings.levels.entries.isEmpty ? nil : .array(settings.levels.entries.map(json)),
    ]
    return json.encoded
  }

  private static func json(_ metric: OpenMetric) -> JSONValue {
    [
      "name": .string(metric.name), "unit": .string(metric.unit.rawValue), "bad": .string(metric.bad.rawValue),
      "levels": metric.levels.map(json), "aliases": .array(metric.aliases.map { .string($0) }),
      "shown": .string(metric.shown.rawValue), "heading": .string(metric.heading),
      "runaway": .bool(metric.tellsRunaway),
      "line": metric.line.map { .integer(Int64($0)) },
    ]
  }

  private static func json(_ entry: LevelTable.Entry) -> JSONValue {
    let known = entry.levels.sorted { $0.key.rawValue < $1.key.rawValue }.map { ($0.key.field, $0.value) }
    let all = known + entry.open.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    return [
      "role": entry.role.map { .string($0.bytes) }, "tier": entry.tier.map { .string($0.bytes) },
      "agent": entry.agent.map { .string($0.bytes) }, "line": .integer(Int64(entry.line)),
      "of": .object(JSONObject(members: all.map { (Array($0.0.utf8), json($0.1)) })),
    ]
  }

  private static func json(_ levels: Limits.Levels) -> JSONValue {
    .array([.number(levels.medium), .number(levels.high), .number(levels.critical)])
  }

  // MARK: Reading

  /// Reads what ``encode(_:)`` wrote. Nil if any of it is malformed: half of a table would judge agents wrongly.
  package static func decode(_ payload: [UInt8]) -> LevelSettings? {
    guard payload.count <= mostBytes, let json = try? JSONValue.parse(payload), json.object != nil else { return nil }
    let currency = json["currency"]?.text ?? ""
    guard currency.utf8.count <= 8, let declared = list(json["metrics"], most: MetricTable.most, metric),
      areNamesFree(declared)
    else { return nil }
    let metrics = MetricTable(declaring: declared, currency: currency)
    guard let entries = list(json["levels"], most: LevelTable.mostEntries, { entry($0, metrics) }) else { return nil }
    return LevelSettings(metrics: metrics, levels: LevelTable(entries))
  }

  /// All elements; nil if one is malformed, or there are too many.
  private static func list<Element>(_ json: JSONValue?, most: Int, _ read: (JSONValue) -> Element?) -> [Element]? {
    guard let json else { return [] }
    guard let list = json.list, list.count <= most else { return nil }
    let elements = list.compactMap(read)
    return elements.count == list.count ? elements : nil
  }

  private static func metric(_ json: JSONValue) -> OpenMetric? {
    guard let name = word(json["name"]), let unit = json["unit"]?.text.flatMap({ OpenMetric.Unit(rawValue: $0) }),
      let bad = json["bad"]?.text.flatMap({ OpenMetric.BadWay(rawValue: $0) }),
      let aliases = list(json["aliases"], most: MetricTable.mostAliases, word),
      let shown = json["shown"]?.text.flatMap({ OpenMetric.Shown(rawValue: $0) })
    else { return nil }
    var metric = OpenMetric(
      name, unit: unit, bad: bad, aliases: aliases, shown: shown, tellsRunaway: json["runaway"]?.bool ?? false)
    metric.line = json["line"]?.int
    if let heading = json["heading"] {
      guard let heading = word(heading) else { return nil }
      metric.heading = heading
    }
    guard let levels = json["levels"] else { return metric }
    metric.levels = self.levels(levels, in: metric.plausible, isBadWhenLow: bad == .low)
    return metric.levels == nil ? nil : metric
  }

  private static func word(_ json: JSONValue?) -> String? {
    json?.text.flatMap { $0.isEmpty || $0.utf8.count > OpenMetric.longestName ? nil : $0 }
  }

  /// Whether each name stands for one thing alone.
  private static func areNamesFree(_ metrics: [OpenMetric]) -> Bool {
    let usual = MetricTable.builtIn.metrics.filter { usual in !metrics.contains { $0.name == usual.name } }
    let names = (metrics + usual).flatMap { [$0.name] + $0.aliases }
    let taken = Metric.allCases.flatMap { [$0.field] + $0.aliases } + EventField.allCases.map(\.key)
    return names.count <= MetricTable.most + MetricTable.mostAliases && Set(names).count == names.count
      && Set(names).isDisjoint(with: taken)
  }

  private static func entry(_ json: JSONValue, _ metrics: MetricTable) -> LevelTable.Entry? {
    guard let members = json["of"]?.object?.members else { return nil }
    var entry = LevelTable.Entry(levels: [:], line: json["line"]?.int ?? 0)
    for member in members {
      let (name, value) = (String(decoding: member.key, as: UTF8.self), member.value)
      if let metric = Metric.allCases.first(where: { $0.field == name && $0.alert != nil }) {
        let isBadWhenLow = Limits.defaults[metric]?.isBadWhenLow ?? false
        guard let levels = levels(value, in: metric.plausible, isBadWhenLow: isBadWhenLow) else { return nil }
        entry.levels[metric] = levels
      } else {
        guard let metric = metrics.place(named: name).flatMap({ metrics[$0] }), metric.name == name,
          let levels = levels(value, in: metric.plausible, isBadWhenLow: metric.bad == .low)
        else { return nil }
        entry.open[name] = levels
      }
    }
    do {
      (entry.role, entry.tier, entry.agent) = (
        try pattern(json["role"]), try pattern(json["tier"]), try pattern(json["agent"])
      )
      return entry
    } catch {
      return nil
    }
  }

  private struct NoPattern: Error {}

  /// Nil for what is left out: it fits all.
  private static func pattern(_ json: JSONValue?) throws(NoPattern) -> Glob? {
    guard let json else { return nil }
    guard let text = json.text, let glob = Glob(text) else { throw NoPattern() }
    return glob
  }

  private static func levels(
    _ json: JSONValue, in plausible: ClosedRange<Double>, isBadWhenLow: Bool
  ) -> Limits.Levels? {
    guard let numbers = json.list?.compactMap(\.double), numbers.count == 3, json.list?.count == 3,
      numbers.allSatisfy({ plausible.contains($0) })
    else { return nil }
    let rising = isBadWhenLow ? numbers.reversed() : numbers
    guard rising[0] <= rising[1], rising[1] <= rising[2], rising[0] < rising[2] else { return nil }
    return Limits.Levels(medium: numbers[0], high: numbers[1], critical: numbers[2])
  }
}
