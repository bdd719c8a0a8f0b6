import FleetModel

/// Whether parameters that agents declare are tuned:
///
/// ```toml
/// [tuning]
/// mode = "propose"             # or "auto"; "off", the default
/// parameters = ["timeout_s"]   # those that may be tuned, by name; none is the default
/// objective = "error_rate"     # the metric that is to come closer to best
/// best = 0                     # a value that costs nothing
/// worst = 0.2                  # one that costs as much as any can
/// budget = 6                   # what trying may cost a role a day, in minutes of all of it at worst
/// every = "1m"                 # for how long values are added up before they are judged
/// settle = 3                   # so many of these count for nothing after a change, which has to show first
/// ```
extension HandlerFile {
  /// - Parameter table: the open metrics that there are.
  static func tuning(in top: FileSection, of table: MetricTable) throws(ConfigurationError) -> TuningOptions {
    var settings = TuningOptions()
    guard let section = try top.section("tuning") else { return settings }
    try section.allow(
      ["mode", "parameters", "objective", "best", "worst", "budget", "every", "settle"], in: "tuning")
    settings.mode = try section.choice("mode") ?? settings.mode
    settings.parameters = try parameters(section)
    try readObjective(section, table, &settings)
    settings.budget = try section.number("budget", in: TuningOptions.budgets) ?? settings.budget
    settings.settle = try section.integer("settle", in: TuningOptions.settles) ?? settings.settle
    if let every = try section.span("every", atMost: TuningOptions.spans.upperBound) {
      guard TuningOptions.spans.contains(every) else {
        throw section.fault("every", expected: "a span from \(TuningOptions.spans.lowerBound) to 10m")
      }
      settings.every = every
    }
    if settings.mode != .off, settings.parameters.isEmpty {
      throw section.fault(
        "parameters", "names none while mode is \"\(settings.mode.rawValue)\"; nothing could be tuned")
    }
    return settings
  }

  private static func parameters(_ section: FileSection) throws(ConfigurationError) -> [String] {
    let names = try section.texts("parameters", expected: "a list of names such as [\"timeout_s\"]") ?? []
    for (place, name) in names.enumerated() {
      guard TunableParameter(name: name, minimum: 0, maximum: 1, step: 1, value: 0) != nil else {
        throw section.fault(
          "parameters", element: place,
          "is no name of a parameter: 1 to \(TunableParameter.mostNameBytes) of a to z, 0 to 9, _ and .")
      }
    }
    guard names.count <= TuningOptions.mostParameters, Set(names).count == names.count else {
      throw section.fault("parameters", "names one twice, or more than \(TuningOptions.mostParameters)")
    }
    return names
  }

  private static func readObjective(
    _ section: FileSection, _ table: MetricTable, _ settings: inout TuningOptions
  ) throws(ConfigurationError) {
    let before = settings.objective
    settings.objective = try section.text("objective", expected: "the name of a metric") ?? before
    let plausible =
      Metric.allCases.first { $0.field == settings.objective }?.plausible
      ?? table.metrics.first { $0.name == settings.objective }?.plausible
    guard let plausible else {
      throw section.fault("objective", "is no metric that events tell; declare it under [metrics]")
    }
    for key in ["best", "worst"] where settings.objective != before && !section.holds(key) {
      throw section.fault(
        key, "is missing; nothing is known of what is \(key == "best" ? "good" : "bad") in this objective")
    }
    settings.best = try section.number("best", in: plausible) ?? settings.best
    settings.worst = try section.number("worst", in: plausible) ?? settings.worst
    guard settings.best != settings.worst else {
      throw section.fault("worst", "is the same as best; nothing could become better")
    }
  }
}
