import FleetModel

/// Metrics that vigia does not know by itself, and what is to be otherwise of those that it knows:
///
/// ```toml
/// currency = "EUR"             # of what is counted in currency; at most 8 bytes
///
/// [metrics.search_depth]       # the field's name in an event's data
/// unit = "count"               # also "fraction" (0 to 1), "ms", "currency"
/// bad = "high"                 # also "low", "neither"; levels say it by themselves
/// warning = 40                 # from there on it is trouble; high and critical may follow
/// critical = 100
/// aliases = ["search.depth"]   # other names of the same field
/// show = "column"              # also "detail"
/// heading = "Depth"            # of the column, at most 8 bytes
/// runaway = true               # far above its normal it means that an agent has lost its way
/// ```
///
/// Built-in open metrics are declared in the same way to give them levels; what is left out stays as it is.
extension HandlerFile {
  static func metrics(in top: FileSection) throws(ConfigurationError) -> MetricTable {
    let currency = try top.text("currency", expected: currencyForm) ?? ""
    guard currency.utf8.count <= 8, isPlain(currency) else { throw top.fault("currency", expected: currencyForm) }
    guard let section = try top.section("metrics", expected: "a table of metrics, each under [metrics.NAME]") else {
      return MetricTable(currency: currency)
    }
    var names = MetricNames()
    var declared: [OpenMetric] = []
    // The built-in ones first: no declared one may take a name of theirs.
    let builtIn = BuiltInMetric.allCases.map(\.metric)
    for metric in builtIn { try names.take(metric.name, for: metric.name, section, key: nil) }
    for usual in builtIn {
      let entry = try section.section(usual.name, expected: form)
      var metric = usual
      if let entry {
        metric = try read(entry, as: usual)
        declared.append(metric)
      }
      try names.addAliases(of: metric, entry ?? section)
    }
    let others = section.keys.filter { key in !builtIn.contains { $0.name == key } }
    guard others.count <= MetricTable.most - builtIn.count else {
      let most = MetricTable.most - builtIn.count
      throw section.fault(nil, "declares too many; expected \(most) at most besides the built-in ones")
    }
    for name in others {
      guard isName(name) else { throw section.fault(name, "is no name of a metric; expected \(nameForm)") }
      guard let entry = try section.section(name, expected: form) else { continue }
      try names.take(name, for: name, entry, key: nil)
      let metric = try read(entry, as: OpenMetric(name))
      try names.addAliases(of: metric, entry)
      declared.append(metric)
    }
    return MetricTable(declaring: declared, currency: currency)
  }

  private static let form = "a table such as { unit = \"ms\", warning = 2000, critical = 8000 }"
  private static let currencyForm = "a text such as \"EUR\", at most 8 letters or signs"
  private static let headingForm = "a text such as \"Depth\", at most 8 bytes without blanks"
  private static let nameForm = "lower-case letters, digits and _, at most \(OpenMetric.longestName) bytes"

  private static func read(_ section: FileSection, as usual: OpenMetric) throws(ConfigurationError) -> OpenMetric {
    try section.allow(
      ["unit", "bad", "warning", "high", "critical", "aliases", "show", "heading", "runaway"], in: "a metric")
    var metric = usual
    metric.line = section.line
    if let unit: OpenMetric.Unit = try section.choice("unit") { metric.unit = unit }
    if let bad: OpenMetric.BadWay = try section.choice("bad") { metric.bad = bad }
    if let shown: OpenMetric.Shown = try section.choice("show") { metric.shown = shown }
    if let heading = try section.text("heading", expected: headingForm) {
      guard !heading.isEmpty, heading.utf8.count <= 8, isPlain(heading) else {
        throw section.fault("heading", expected: headingForm)
      }
      metric.heading = heading
    }
    if let tellsRunaway = try section.flag("runaway") { metric.tellsRunaway = tellsRunaway }
    let expected = "a list of other names of the field"
    for (place, alias) in (try section.texts("aliases", expected: expected) ?? []).enumerated() {
      guard !alias.isEmpty, alias.utf8.count <= OpenMetric.longestName, isPlain(alias) else {
        let form = "a name without blanks, at most \(OpenMetric.longestName) bytes"
        throw section.fault("aliases", element: place, "is no name of a field; expected \(form)")
      }
      if !metric.aliases.contains(alias) { metric.aliases.append(alias) }
    }
    try readLevels(of: &metric, section)
    return metric
  }

  private static func readLevels(
    of metric: inout OpenMetric, _ section: FileSection
  ) throws(ConfigurationError) {
    guard ["warning", "high", "critical"].contains(where: section.holds) else { return }
    func level(_ key: String) throws(ConfigurationError) -> Double {
      guard let number = try section.number(key, in: metric.plausible) else {
        throw section.fault(key, expected: "a number, for the metric has levels")
      }
      return number
    }
    let (warning, critical) = (try level("warning"), try level("critical"))
    let high = section.holds("high") ? try level("high") : critical
    if metric.bad == .neither {
      guard !section.holds("bad") else {
        throw section.fault("bad", "is \"neither\", but the metric has levels; expected \"high\" or \"low\"")
      }
      metric.bad = critical < warning ? .low : .high
    }
    let isLow = metric.bad == .low
    guard
      isLow
        ? critical < warning && critical <= high && high <= warning
        : warning < critical && warning <= high && high <= critical
    else {
      throw section.fault("warning", "its levels have to \(isLow ? "fall" : "rise") from warning to critical")
    }
    let levels = Limits.Levels(medium: warning, high: high, critical: critical)
    try check(levels, "warning", in: metric.plausible, of: section)
    metric.levels = levels
  }

  /// Whether rules can name it.
  private static func isName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= OpenMetric.longestName
      && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "_") }
  }

  private static func isPlain(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }
  }
}

/// The names of fields that are given away already.
private struct MetricNames {
  private var owners: [String: String] = [:]
  private var aliases = 0

  init() {
    for metric in Metric.allCases {
      for name in [metric.field] + metric.aliases {
        owners[name] = "a metric that vigia has of its own; its levels stand under [[levels]]"
      }
    }
    for field in EventField.allCases { owners[field.key] = "a field that vigia reads itself" }
  }

  mutating func take(
    _ name: String, for metric: String, _ section: FileSection, key: String?
  ) throws(ConfigurationError) {
    if let owner = owners[name] { throw section.fault(key, "\"\(name)\" is the name of \(owner)") }
    owners[name] = "the metric \(metric)"
  }

  mutating func addAliases(of metric: OpenMetric, _ section: FileSection) throws(ConfigurationError) {
    aliases += metric.aliases.count
    guard aliases <= MetricTable.mostAliases else {
      throw section.fault("aliases", "are too many; expected \(MetricTable.mostAliases) of all metrics at most")
    }
    for name in metric.aliases { try take(name, for: metric.name, section, key: "aliases") }
  }
}
