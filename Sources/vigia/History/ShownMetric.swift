import Console
import FleetModel
import Insight

/// A metric as people read of it: its name, its unit, and how its values are written.
struct ShownMetric: Equatable {
  let id: MetricID
  /// Nil for a number that this version has no name for.
  private let metric: Metric?

  static let all = Metric.allCases.map { ShownMetric(MetricID(rawValue: UInt8($0.rawValue))) }

  init(_ id: MetricID) {
    self.id = id
    metric = Metric(rawValue: Int(id.rawValue))
  }

  /// Nil if no metric is called so.
  init?(named name: String) {
    guard let metric = Metric.allCases.first(where: { $0.field == name || $0.aliases.contains(name) }) else {
      return nil
    }
    self.init(MetricID(rawValue: UInt8(metric.rawValue)))
  }

  var name: String { metric?.field ?? "metric \(id.rawValue)" }

  /// What one number of it counts, in a word for scripts; nil if it is not known.
  var unit: String? {
    guard let metric else { return nil }
    return switch metric.unit {
    case .fraction: "fraction"
    case .milliseconds: "ms"
    case .count: "count"
    case .perMinute: "per_minute"
    case .stars: "stars"
    }
  }

  /// From where on a value opens an alert; nil if it has no such level.
  var level: Double? { levels?.medium }

  var isBadWhenLow: Bool { levels?.isBadWhenLow ?? false }

  /// Which way is bad; nil if it has no level.
  var bad: BadSide? { levels.map { $0.isBadWhenLow ? .below : .above } }

  /// A value as it is read: `38%`, `5.2s`, `812`.
  func text(_ value: Double) -> String { metric.map { Format.value(value, of: $0) } ?? value.plain }

  /// From where on values are trouble.
  var levels: Limits.Levels? { metric.flatMap { Limits.defaults[$0] } }
}
