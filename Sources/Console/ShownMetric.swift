import FleetModel
import Insight
import Screen

/// A metric as people read of it: its name, its unit, and how its values are written.
package struct ShownMetric: Equatable, Sendable {
  /// What is known of it.
  private enum Sort: Equatable, Sendable {
    case known(Metric)
    case open(OpenMetric, currency: String)
    /// Of a number that no metric of this version and these settings has.
    case unknown
  }

  package let id: MetricID
  private let sort: Sort
  /// From where on values are trouble; nil if nowhere.
  package private(set) var levels: Limits.Levels?

  package static func all(of table: MetricTable) -> [ShownMetric] {
    Metric.allCases.map { ShownMetric(MetricID(rawValue: UInt8($0.rawValue)), table) }
      + table.places.map { ShownMetric(MetricID(rawValue: table.number(of: $0)), table) }
  }

  package init(_ id: MetricID, _ table: MetricTable) {
    self.id = id
    if let metric = Metric(rawValue: Int(id.rawValue)) {
      sort = .known(metric)
    } else if let metric = table.place(numbered: id.rawValue).flatMap({ table[$0] }) {
      sort = .open(metric, currency: table.currency)
    } else {
      sort = .unknown
    }
    levels = usualLevels
  }

  /// The same with an agent's own levels.
  package func judged(by table: LevelTable, of id: AgentID, role: String, tier: String) -> ShownMetric {
    var metric = self
    switch sort {
    case .known(let known):
      let entry = table.entry(known, of: id, role: role, tier: tier)
      if let own = entry?.levels[known] { metric.levels = own }
    case .open(let open, _):
      let entry = table.entry(openMetric: open.name, of: id, role: role, tier: tier)
      if let own = entry?.open[open.name] { metric.levels = own }
    case .unknown: break
    }
    return metric
  }

  /// Nil if no metric is called so.
  package init?(named name: String, _ table: MetricTable) {
    if let metric = Metric.allCases.first(where: { $0.field == name || $0.aliases.contains(name) }) {
      self.init(MetricID(rawValue: UInt8(metric.rawValue)), table)
    } else if let place = table.place(named: name) {
      self.init(MetricID(rawValue: table.number(of: place)), table)
    } else {
      return nil
    }
  }

  package var name: String {
    switch sort {
    case .known(let metric): metric.field
    case .open(let metric, _): metric.name
    case .unknown: "metric \(id.rawValue)"
    }
  }

  /// What one number of it counts, in a word for scripts; nil if it is not known.
  package var unit: String? {
    switch sort {
    case .known(let metric): Self.word(metric.unit)
    case .open(let metric, let currency):
      metric.unit == .currency && !currency.isEmpty ? currency : metric.unit.rawValue
    case .unknown: nil
    }
  }

  private static func word(_ unit: Metric.Unit) -> String {
    switch unit {
    case .fraction: "fraction"
    case .milliseconds: "ms"
    case .count: "count"
    case .perMinute: "per_minute"
    case .stars: "stars"
    }
  }

  /// From where on a value is trouble; nil if it has no such level.
  package var level: Double? { levels?.medium }

  package var isBadWhenLow: Bool { levels?.isBadWhenLow ?? false }

  /// Which way is bad; nil if it has no level.
  package var bad: BadSide? { levels.map { $0.isBadWhenLow ? .below : .above } }

  /// A value as it is read: `38%`, `5.2s`, `812`.
  package func text(_ value: Double) -> String {
    switch sort {
    case .known(let metric): Format.value(value, of: metric)
    case .open(let metric, let currency): Scrubber.display(Format.value(value, of: metric, currency: currency))
    case .unknown: value.plain
    }
  }

  private var usualLevels: Limits.Levels? {
    switch sort {
    case .known(let metric): Limits.defaults[metric]
    case .open(let metric, _): metric.levels
    case .unknown: nil
    }
  }
}
