import FleetModel
import Screen

/// One forecast drawn: what the metric did in the last hour, where it is expected to go, and how far from that it may lie.
struct ForecastFan {
  private let title: String
  private let coming: AgentInsight.Coming
  /// The last hour by the minute, the latest last.
  private let history: [Bucket]
  private let now: Instant
  /// What is marked of the last hour.
  private let mark: SpanMark?

  private static let past = TimeSpan.hours(1)
  private static let gutter = 9

  init(_ coming: AgentInsight.Coming, of id: AgentID, in fleet: Fleet, at now: Instant, mark: SpanMark? = nil) {
    (self.coming, self.now, self.mark) = (coming, now, mark)
    title = InsightWords.text(coming, at: now)
    let metric = Metric.allCases.first { $0.field.isExactly(coming.metric) && $0.isCharted }
    history =
      if let metric, let position = fleet.position(of: id) {
        fleet.history(metric, ofAgentAt: position, .coarse, count: 60, until: now)
      } else { [] }
  }

  func draw(into grid: inout Grid, in rect: Rect) {
    let (head, rest) = rect.splitTop(1)
    grid.draw(title, in: head.dropping(left: 1), role: .title)
    let (area, axis) = rest.splitBottom(1)
    let plot = area.dropping(left: Self.gutter)
    let scale = TimeScale(from: now - Self.past, to: end, columns: plot.width)
    let chart = chart(columns: Chart.room(columns: plot.width, grid.glyphs))
    drawLabels(chart, into: &grid, in: area)
    chart.draw(into: &grid, in: plot)
    if let mark { scale.paint(mark, into: &grid, in: plot) }
    drawTimes(scale, into: &grid, in: axis.dropping(left: Self.gutter))
  }

  /// A little beyond the crossing, and no further than a forecast looks.
  private var end: Instant {
    let wait = max(0, (coming.crossesAt - now).milliseconds)
    return now + min(max(TimeSpan(milliseconds: wait / 4 * 5), .minutes(15)), .hours(6))
  }

  // MARK: The chart

  private func chart(columns: Int) -> Chart {
    let span = (end - now + Self.past).milliseconds
    let bars = (0..<max(0, columns)).map { column in
      bar(at: now - Self.past + TimeSpan(milliseconds: span * Int64(column) / Int64(columns)))
    }
    let values = bars.compactMap(\.self)
    let scale = ValueScale(
      low: values.map(\.low).min() ?? 0, high: values.map(\.high).max() ?? 0, level: coming.level)
    return Chart(bars: bars, bottom: scale.bottom, top: scale.top, level: scale.showsLevel ? coming.level : nil)
  }

  private func bar(at instant: Instant) -> Chart.Bar? {
    guard instant > now else {
      let age = Int((now - instant).milliseconds / SeriesStore.Resolution.coarse.span.milliseconds)
      let index = history.count - 1 - age
      guard history.indices.contains(index), let value = history[index].value.map({ Double($0) }) else { return nil }
      return Chart.Bar(low: value, high: value, role: isBad(value) ? .sparklineBad : .sparkline)
    }
    let middle = coming.expected(at: instant)
    let radius = coming.radius(after: instant - coming.madeAt) ?? 0
    return Chart.Bar(low: middle - radius, high: middle + radius, middle: middle, role: .warning)
  }

  private func isBad(_ value: Double) -> Bool {
    coming.value <= coming.level ? value >= coming.level : value <= coming.level
  }

  private func drawLabels(_ chart: Chart, into grid: inout Grid, in rect: Rect) {
    for row in 0..<rect.height {
      grid.putGlyph(grid.glyphs.vertical, row: rect.row + row, column: rect.column + Self.gutter - 1, role: .dim)
    }
    func label(_ value: Double, _ row: Int, _ role: Role) {
      let text = InsightWords.value(value, of: coming.metric)
      grid.draw(text, in: rect.line(row).splitLeft(Self.gutter - 2).0, role: role, align: .trailing)
    }
    label(chart.top, 0, .dim)
    label(chart.bottom, rect.height - 1, .dim)
    if let level = chart.level, let row = chart.row(of: level, height: rect.height) { label(level, row, .warning) }
  }

  private func drawTimes(_ scale: TimeScale, into grid: inout Grid, in rect: Rect) {
    var free = 0
    for instant in [now - Self.past, now, max(now, coming.crossesAt)] {
      let text = instant == now ? "now" : Format.clock(instant).prefix(5) + "Z"
      guard let place = scale.column(of: instant) else { continue }
      let column = min(place, rect.width - text.count)
      guard column >= free else { continue }
      grid.draw(text, in: rect.dropping(left: column), role: .dim)
      free = column + text.count + 1
    }
  }
}
