import Console
import FleetModel
import Insight
import Wire

/// What an agent's metrics did in a span, and what was changed about it.
struct AgentHistory {
  var agent: AgentID { judged.id }
  private let judged: JudgedAgent
  let start: Instant
  let end: Instant
  private(set) var series: [RollupSeries]
  /// Those within the span, the latest last.
  let changes: [AgentInsight.Change]
  /// The open metrics that have names, and the levels.
  private let settings: LevelSettings

  init(
    _ agent: JudgedAgent, from start: Instant, to end: Instant, _ series: [RollupSeries], _ insight: AgentInsight?,
    _ settings: LevelSettings
  ) {
    (judged, self.start, self.end, self.settings) = (agent, start, end, settings)
    self.series = series
    changes = (insight?.changes ?? []).filter { $0.at > start && $0.at <= end }.sorted { $0.at < $1.at }
  }

  var metrics: [ShownMetric] { series.map(metric(of:)) }

  func metric(of series: RollupSeries) -> ShownMetric {
    ShownMetric(series.metric, settings.metrics).judged(by: settings.levels, as: judged)
  }

  func has(_ metric: ShownMetric) -> Bool { series.contains { $0.metric == metric.id } }

  /// The same with these metrics alone, in this order.
  func only(_ metrics: [ShownMetric]) -> AgentHistory {
    var history = self
    history.series = metrics.compactMap { metric in series.first { $0.metric == metric.id } }
    return history
  }

  // MARK: JSON

  var json: JSONValue {
    [
      "agent": .string(agent.bytes), "from": .string(ISO8601.format(start)), "to": .string(ISO8601.format(end)),
      "metrics": .array(series.map(json)),
      "changes": .array(
        changes.map { ["at": .string(ISO8601.format($0.at)), "kind": .string($0.kind), "detail": .string($0.detail)] }),
    ]
  }

  private func json(_ series: RollupSeries) -> JSONValue {
    let metric = metric(of: series)
    return [
      "metric": .string(metric.name), "unit": metric.unit.map { .string($0) },
      "level": metric.level.map { .number($0) },
      "rollups": .array(series.entries.map(Self.json)),
    ]
  }

  private static func json(_ entry: RollupSeries.Entry) -> JSONValue {
    let rollup = entry.rollup
    return [
      "at": .string(ISO8601.format(entry.begin)), "seconds": .integer(entry.span.seconds),
      "count": .integer(Int64(rollup.count)), "mean": number(rollup.mean), "min": number(Double(rollup.min)),
      "max": number(Double(rollup.max)), "p95": number(Double(rollup.p95)),
    ]
  }

  /// Five digits are stored: more would be noise.
  private static func number(_ value: Double) -> JSONValue {
    guard value.isFinite, value != 0 else { return .integer(0) }
    var scale = 1.0
    while abs(value) * scale < 10_000, scale < 1e12 { scale *= 10 }
    let rounded = (value * scale).rounded() / scale
    return Int64(exactly: rounded).map { .integer($0) } ?? .number(rounded)
  }
}
