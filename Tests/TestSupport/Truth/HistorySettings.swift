import FleetModel

/// What the handler's settings say of metrics and levels in histories. The truth has its own telling of it.
enum HistorySettings {
  static let metrics = MetricTable(declaring: [
    OpenMetric("cost_per_hour", unit: .currency, levels: .init(medium: 5, high: 10, critical: 20)),
    OpenMetric("depth", aliases: ["search.depth"], levels: .init(medium: 10, high: 20, critical: 40)),
    OpenMetric("grounding", unit: .fraction, bad: .low, levels: .init(medium: 0.6, high: 0.4, critical: 0.2)),
  ])

  static let levels = LevelTable([
    LevelTable.Entry(
      agent: Glob("Ad*"), levels: [:], open: ["depth": .init(medium: 20, high: 30, critical: 40)])
  ])
}
