import FleetModel
import Insight
import Screen

/// One metric of the open agent over the last hours, from what handlers have stored.
package struct HistoryChart {
  /// How far back it goes.
  package static let span = TimeSpan.hours(6)
  static let height = 4

  private let series: RollupSeries
  private let metric: Metric?
  /// What it is if it is none of those.
  private let open: OpenMetric?
  private let levels: Limits.Levels?
  private let now: Instant
  /// What is marked of it.
  private let mark: SpanMark?

  /// - Parameter metrics: the open metrics that have names.
  init(_ series: RollupSeries, _ limits: Limits, _ metrics: MetricTable, at now: Instant, mark: SpanMark? = nil) {
    (self.series, self.now, self.mark) = (series, now, mark)
    metric = Metric(rawValue: Int(series.metric.rawValue))
    let place = metrics.place(numbered: series.metric.rawValue)
    open = place.flatMap { metrics[$0] }
    levels = metric.flatMap { limits[$0] } ?? place.flatMap { limits[$0] }
  }

  func draw(into grid: inout Grid, in rect: Rect) {
    let name = metric?.field ?? open?.name ?? "metric \(series.metric.rawValue)"
    let (area, _) = rect.splitTop(Self.height - 1)
    grid.drawLabel(open == nil ? name : name.swapping("_", for: " "), in: area)
    let plot = area.dropping(left: Self.gutter)
    let columns = series.columns(
      Chart.room(columns: plot.width, grid.glyphs), from: now - Self.span, to: now)
    let chart = Chart(columns, levels)
    label(chart.top, in: area.line(0), into: &grid)
    label(chart.bottom, in: area.line(area.height - 1), into: &grid)
    chart.draw(into: &grid, in: plot)
    if let mark { TimeScale(from: now - Self.span, to: now, columns: plot.width).paint(mark, into: &grid, in: plot) }
  }

  /// Where charts begin: behind names and values.
  static let gutter = 23

  private func label(_ value: Double, in rect: Rect, into grid: inout Grid) {
    let text =
      metric.map { Format.value(value, of: $0) } ?? open.map { Format.value(value, of: $0) } ?? value.plain
    grid.draw(text, in: rect.dropping(left: 15).splitLeft(7).0, role: .dim, align: .trailing)
  }
}

extension Grid {
  /// Draws what a chart of three rows is called at its left, in its middle row and the one below.
  mutating func drawLabel(_ text: String, in rect: Rect) {
    for (index, line) in TextWidth.wrapped(text, columns: 14).prefix(2).enumerated() {
      let row = min(1 + index, rect.height - 1)
      if index == 0 || row == 2 { draw(line, in: rect.line(row).splitLeft(14).0, role: .dim) }
    }
  }
}

extension Chart {
  /// Rollups as bars from the mean to the worst values: up to the 95th of a hundred, or down to the least if low is bad.
  package init(_ columns: [Rollup?], _ levels: Limits.Levels?) {
    let bars = columns.map { rollup in
      rollup.map { rollup in
        let worst = Double(levels?.isBadWhenLow == true ? rollup.min : rollup.p95)
        return Bar(
          low: rollup.mean, high: worst, role: levels?.severity(of: worst) == nil ? .sparkline : .sparklineBad)
      }
    }
    let values = bars.compactMap(\.self)
    let level = levels?.medium
    let scale = ValueScale(low: values.map(\.low).min() ?? 0, high: values.map(\.high).max() ?? 0, level: level)
    self.init(bars: bars, bottom: scale.bottom, top: scale.top, level: scale.showsLevel ? level : nil)
  }
}

/// The times below the last hours' charts, and marks where the agent was changed.
struct HistoryAxis {
  var changes: [Instant]
  var now: Instant
  var mark: SpanMark?

  static let height = 2

  func draw(into grid: inout Grid, in rect: Rect) {
    let plot = rect.dropping(left: HistoryChart.gutter)
    let scale = TimeScale(from: now - HistoryChart.span, to: now, columns: plot.width)
    if !changes.isEmpty { grid.draw("changed", in: rect.line(0).splitLeft(14).0, role: .dim) }
    for column in changes.compactMap({ scale.column(of: $0) }) {
      grid.putGlyph(grid.glyphs.up, row: plot.row, column: plot.column + column, role: .warning)
    }
    scale.draw(into: &grid, in: plot.line(1))
    if let mark { scale.paint(mark, into: &grid, in: plot.line(0)) }
  }
}

extension Model {
  /// The last hours of the open agent; no line if nothing is stored of it.
  func historyLines(of id: AgentID, _ position: Int, _ shown: Fleet) -> [DetailPane.Line] {
    guard let history, history.agent == id, !history.series.isEmpty else { return [] }
    let changes = (shown.insights[position]?.changes ?? []).map(\.at)
    return [.heading("The last 6 hours: the mean, and how far the worst values lay from it")]
      + history.series.map {
        .history(HistoryChart($0, shown.limits(ofAgentAt: position), shown.metrics, at: displayedNow, mark: mark))
      }
      + [.axis(HistoryAxis(changes: changes, now: displayedNow, mark: mark)), .blank]
  }
}
