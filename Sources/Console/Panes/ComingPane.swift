import FleetModel
import Screen

/// What is coming: forecasts by the time at which a metric will cross its level, and the fan of the selected one.
///
/// ```
/// ┌─ Coming ─────────────────────────────────┐
/// │  When    Agent         Metric   Now  Sure│
/// │▸ in 20m  Sales NY      queue     80  75% │
/// │  in 2h   Support JP    errors    2%  50% │
/// │   300 │───────────────────────⠤⠒─        │   the level
/// │       │        ⢀⣀⠤⠒⠊⠉   ⣀⠤⠒             │   what was, and how far it may lie from what is expected
/// │    20 │⠤⠤⠒⠒⠊⠉⠁                           │
/// │        07:20Z        now     07:40Z       │
/// └──────────────────────────────────────────┘
/// ```
struct ComingPane {
  struct Row {
    var when: String
    var agent: String
    var metric: String
    var values: String
    var sure: String
    var role: Role
  }

  var frame: PaneFrame
  /// The rows in view.
  var rows: [Row]
  var list: ListRows
  var fan: ForecastFan?
  /// What is said of the selected one, if it has no fan.
  var words: [DetailPane.Line] = []
  /// What is said if there is no row.
  var emptyLines: [DetailPane.Line]

  private static let leastFan = 6

  /// How many rows the list shows: a half at the most, so that the fan has room, unless that would be too small.
  static func listHeight(of rect: Rect, count: Int) -> Int {
    let inside = max(0, rect.height - 3)
    guard inside >= leastFan + 3 else { return max(1, inside) }
    return min(max(1, count), max(3, inside / 2))
  }

  func draw(into grid: inout Grid, in rect: Rect) {
    let inside = frame.draw(into: &grid, in: rect)
    guard list.count > 0 else { return grid.draw(emptyLines, in: inside) }
    let (heading, below) = inside.splitTop(1)
    let (body, rest) = below.splitTop(Self.listHeight(of: rect, count: list.count))
    let head = Row(when: "When", agent: "Agent", metric: "Metric", values: "Now and level", sure: "Sure", role: .header)
    grid.fill(heading, role: .header)
    draw(head, into: &grid, in: heading, isHeading: true)
    list.draw(into: &grid, in: body) { grid, index, line in
      guard rows.indices.contains(index - list.top) else { return }
      if index == list.selected { grid.draw(String(grid.glyphs.selection), in: line, role: .text) }
      draw(rows[index - list.top], into: &grid, in: line)
    }
    guard rest.height >= Self.leastFan else { return }
    let (_, room) = rest.splitTop(1)
    fan?.draw(into: &grid, in: room)
    grid.draw(words, in: room.dropping(left: 1))
  }

  /// A row's columns: a narrow screen does without values, then without how sure it is.
  private func draw(_ row: Row, into grid: inout Grid, in rect: Rect, isHeading: Bool = false) {
    let role: Role = isHeading ? .header : .text
    let (when, rest) = rect.dropping(left: 2).splitLeft(8)
    grid.draw(row.when, in: when, role: row.role)
    var words = rest.dropping(left: 1)
    if words.width >= 30 {
      let (left, sure) = words.splitRight(12)
      grid.draw(row.sure, in: sure.dropping(left: 1), role: isHeading ? .header : .dim)
      words = left
    }
    if words.width >= 44 {
      let (left, values) = words.splitRight(16)
      grid.draw(row.values, in: values.dropping(left: 1), role: role)
      words = left
    }
    let (agent, metric) = words.splitLeft(words.width / 2)
    grid.draw(row.agent, in: agent, role: role)
    grid.draw(row.metric, in: metric.dropping(left: 1), role: role)
  }
}

extension Model {
  func comingPane(in rect: Rect) -> ComingPane {
    let shown = displayed
    let all = shown.comingItems
    let rows = all.map(\.row)
    let selected = coming.cursor.selected.flatMap { rows.firstIndex(of: $0) }
    let height = ComingPane.listHeight(of: rect, count: all.count)
    var (fan, words): (ForecastFan?, [DetailPane.Line]) = (nil, [])
    switch selected.map({ all[$0] }) {
    case .forecast(let agent, let coming): fan = ForecastFan(coming, of: agent, in: shown, at: displayedNow, mark: mark)
    case .maintenance(let window): words = maintenanceLines(window, rect.width - 6)
    case nil: break
    }
    return ComingPane(
      frame: PaneFrame(
        title: "Coming", summary: "Enter opens, x says why, Esc closes", isFocused: true, hasBorder: true),
      rows: all.dropFirst(coming.cursor.top).prefix(height).map(comingRow),
      list: ListRows(count: all.count, top: coming.cursor.top, selected: selected, isFocused: true),
      fan: fan, words: words,
      emptyLines: emptyLines(rect.width - 4))
  }

  private func comingRow(_ item: ComingItem) -> ComingPane.Row {
    switch item {
    case .forecast(let agent, let coming): comingRow(agent, coming)
    case .maintenance(let window): comingRow(window)
    }
  }

  private func comingRow(_ window: MaintenanceWindow) -> ComingPane.Row {
    let wait = window.at - displayedNow
    let when = wait > .zero ? "in \(Format.remaining(wait))" : window.phase.isAhead ? "due" : "now"
    return ComingPane.Row(
      when: when, agent: labels[window.agent], metric: "maintenance", values: "by \(labels[window.backup])",
      sure: MaintenanceWords.phase(window), role: MaintenanceWords.role(window))
  }

  private func comingRow(_ id: AgentID, _ coming: AgentInsight.Coming) -> ComingPane.Row {
    let wait = coming.crossesAt - displayedNow
    let isLate = wait <= .zero
    let values = [coming.value, coming.level].map { InsightWords.value($0, of: coming.metric) }
    return ComingPane.Row(
      when: isLate ? "due" : "in \(Format.remaining(wait))", agent: labels[id], metric: Scrubber.display(coming.metric),
      values: values.joined(separator: " to "),
      sure: "\(Bounded.int(rounding: coming.confidence * 100))% of \(Format.count(Double(coming.known)))",
      role: isLate || wait < .minutes(10) ? .bad : .warning)
  }

  /// Why there is nothing, and what it waits for.
  private func emptyLines(_ columns: Int) -> [DetailPane.Line] {
    let why =
      switch handler {
      case .alive:
        "The handler announces that a metric will cross its level once it has moved towards it for an hour, and if it "
          + "will be there within an hour and a half."
      case .absent: "No handler is alive: it is the handler that makes forecasts. Start one with: vigia handler"
      case .unknown: "Whether a handler is alive is not known. It is the handler that makes forecasts."
      }
    return DetailPane.Line.wrapped("No forecast is open.", columns: columns, .text) + [.blank]
      + DetailPane.Line.wrapped(why, columns: columns, .dim)
  }
}
