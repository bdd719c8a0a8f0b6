import Console
import FleetModel
import Insight
import Screen
import Wire

/// An agent's history as lines for a terminal: a chart for each metric, and the changes below.
///
/// ```text
/// queue_size  last 812, mean 240, 3 to 900, gaps 12m, level 100
///    900 |              ⣠⣶
///        |             ⣼⣿⣿      dots: from the mean to the 95th of a hundred
///    300 |────────────⣰⣿⣿⣿      the level
///      0 |⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣿⣿⣿⣿
///         06:00Z        07:00Z
///                    a          a change
/// ```
struct HistoryPage {
  let lines: [String]

  private static let chartRows = 6
  /// Of the labels at the left, with the line beside them.
  private static let gutter = 9

  init(_ history: AgentHistory, _ canvas: TextCanvas) {
    let span = TimeScale(from: history.start, to: history.end, columns: canvas.columns - Self.gutter)
    let marks = ChangeLetters(history.changes)
    var lines = [Self.heading(history)]
    for series in history.series {
      lines.append("")
      lines += canvas.lines(rows: Self.chartRows + 3) { grid in
        Self.draw(series, history, span, marks, into: &grid)
      }
      while lines.last?.isEmpty == true { lines.removeLast() }
    }
    self.lines = lines + (history.changes.isEmpty ? [] : ["", "changes"]) + marks.lines
  }

  private static func heading(_ history: AgentHistory) -> String {
    "\(history.agent)  \(Format.minute(history.start)) to \(Format.minute(history.end))".shown
  }

  private static func draw(
    _ series: RollupSeries, _ history: AgentHistory, _ span: TimeScale, _ marks: ChangeLetters, into grid: inout Grid
  ) {
    let metric = history.metric(of: series)
    let (head, below) = grid.bounds.splitTop(1)
    let name = grid.draw(metric.name, in: head, role: .title)
    grid.draw(summary(series, metric, history), in: head.dropping(left: name + 2), role: .text)
    let (area, axes) = below.splitTop(chartRows)
    let plot = area.dropping(left: gutter)
    let count = Chart.room(columns: plot.width, grid.glyphs)
    let chart = Chart(series.columns(count, from: history.start, to: history.end), metric.levels)
    drawLabels(chart, metric, into: &grid, in: area)
    chart.draw(into: &grid, in: plot)
    span.draw(into: &grid, in: axes.line(0).dropping(left: gutter))
    marks.draw(on: span, into: &grid, in: axes.line(1).dropping(left: gutter))
  }

  // MARK: Numbers

  private static func summary(_ series: RollupSeries, _ metric: ShownMetric, _ history: AgentHistory) -> String {
    guard let total = series.total, let last = series.entries.last else { return "" }
    let level = metric.level.map { ", level \(metric.text($0))" } ?? ""
    let age = history.end - last.end
    let ago = age >= .minutes(2) ? " \(Format.age(age)) ago" : ""
    let silent = (history.end - history.start) + series.reported * -1
    let gap = silent >= .minutes(2) ? ", gaps \(Format.age(silent))" : ""
    let ends = "\(metric.text(Double(total.min))) to \(metric.text(Double(total.max)))"
    return "last \(metric.text(last.rollup.mean))\(ago), mean \(metric.text(total.mean)), \(ends)\(gap)\(level)"
  }

  // MARK: The chart

  private static func drawLabels(_ chart: Chart, _ metric: ShownMetric, into grid: inout Grid, in rect: Rect) {
    for row in 0..<rect.height {
      grid.putGlyph(grid.glyphs.vertical, row: rect.row + row, column: rect.column + gutter - 1, role: .dim)
    }
    func label(_ value: Double, _ row: Int, _ role: Role) {
      grid.draw(
        metric.text(value), in: rect.line(row).splitLeft(gutter - 2).0, role: role, align: .trailing)
    }
    label(chart.top, 0, .dim)
    label(chart.bottom, rect.height - 1, .dim)
    if let level = chart.level, let row = chart.row(of: level, height: rect.height) { label(level, row, .warning) }
  }
}

extension Format {
  /// `2026-11-22 08:00Z`
  static func minute(_ instant: Instant) -> String {
    ISO8601.format(instant).swapping("T", for: " ").prefix(16) + "Z"
  }
}
