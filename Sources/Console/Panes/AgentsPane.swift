import FleetModel
import Screen

/// A row an agent: its state, what is wrong with it, and its numbers.
struct AgentsPane {
  enum InHand: Character {
    case acknowledged = "a"
    case silenced = "s"
  }

  struct Row {
    var label: String
    var id: String
    var state: AgentState
    /// The state's word, and what is to be said of it.
    var stateWords: String
    var why: String
    var severity: Severity?
    var alerts: Int
    /// How people have all of its alerts in hand; nil if one of them is nobody's.
    var inHand: InHand?
    var isQuiet = false
    /// Whether something speaks against that its pause is obeyed.
    var isUnconfirmed = false
    var isMarked: Bool
    /// By the metric's number; nil if there is none.
    var values: [(text: String, role: Role)?]
    /// Those of the columns that the configuration asks for.
    var openValues: [OpenColumns.Value] = []
    var errorLine: Sparkline
    var trafficLine: Sparkline
    var age: String
    var isStale: Bool
  }

  /// What stands on a line.
  enum Line {
    case agent(Row)
    /// What the agents below it have in common.
    case heading(HeadingRow)
  }

  var frame: PaneFrame
  /// The lines in view.
  var rows: [Line]
  var list: ListRows
  var order: AgentOrder
  var openColumns = OpenColumns.none
  /// What stands here if there is no row.
  var emptyText: String

  func draw(into grid: inout Grid, in rect: Rect) {
    let inside = frame.draw(into: &grid, in: rect)
    let (heading, body) = inside.splitTop(1)
    let widths = AgentColumn.widths(for: inside.width - openColumns.width)
    drawHeading(into: &grid, in: heading, widths)
    openColumns.drawHeadings(order, into: &grid, in: heading)
    if list.count == 0 { grid.draw(emptyText, in: body.line(0).dropping(left: 2), role: .dim) }
    list.draw(into: &grid, in: body) { grid, index, line in
      guard rows.indices.contains(index - list.top) else { return }
      draw(rows[index - list.top], into: &grid, in: line, widths, isSelected: index == list.selected)
    }
  }

  private func drawHeading(into grid: inout Grid, in rect: Rect, _ widths: [(column: AgentColumn, width: Int)]) {
    grid.fill(rect, role: .header)
    var rest = rect.dropping(left: 2)
    for (column, width) in widths {
      let (cell, after) = rest.splitLeft(width)
      let align: Alignment = column.isNumber ? .trailing : .leading
      let isOrdering = column == order.column
      grid.draw(
        column.heading, in: cell, role: isOrdering ? .titleFocused : .header, align: align, truncation: .clip)
      if isOrdering { drawArrow(of: column, into: &grid, in: cell) }
      rest = after.dropping(left: 1)
    }
  }

  /// Points down where great values stand first: before a number's heading, behind another one.
  private func drawArrow(of column: AgentColumn, into grid: inout Grid, in cell: Rect) {
    let length = min(TextWidth.columns(column.heading), cell.width)
    let place = column.isNumber ? cell.endColumn - length - 1 : cell.column + length
    grid.putGlyph(
      order.isDescending ? grid.glyphs.down : grid.glyphs.up, row: cell.row, column: place, role: .titleFocused)
  }

  private func draw(
    _ line: Line, into grid: inout Grid, in rect: Rect, _ widths: [(column: AgentColumn, width: Int)], isSelected: Bool
  ) {
    if isSelected { grid.draw(String(grid.glyphs.selection), in: rect, role: .text) }
    if line.isMarked { grid.draw(String(grid.glyphs.mark), in: rect.dropping(left: 1), role: .marked) }
    switch line {
    case .agent(let row): draw(row, into: &grid, in: rect, widths)
    case .heading(let heading): heading.draw(into: &grid, in: rect.dropping(left: 2))
    }
  }

  private func draw(
    _ row: Row, into grid: inout Grid, in rect: Rect, _ widths: [(column: AgentColumn, width: Int)]
  ) {
    var rest = rect.dropping(left: 2)
    for (column, width) in widths {
      let (cell, after) = rest.splitLeft(width)
      draw(column, of: row, into: &grid, in: cell)
      rest = after.dropping(left: 1)
    }
    openColumns.draw(row.openValues, into: &grid, in: rect)
  }

  private func draw(_ column: AgentColumn, of row: Row, into grid: inout Grid, in cell: Rect) {
    func number(_ metric: Metric) {
      let value = row.values[metric.rawValue] ?? ("-", .dim)
      grid.draw(value.text, in: cell, role: value.role, align: .trailing, truncation: .clip)
    }
    switch column {
    case .state: drawState(row, into: &grid, in: cell)
    case .label: grid.draw(row.label, in: cell, role: row.isMarked ? .marked : row.isStale ? .stale : .text)
    case .id: grid.draw(row.id, in: cell, role: .dim)
    case .why:
      grid.draw(row.why, in: cell, role: row.isUnconfirmed ? .warning : row.severity.map { Role($0) } ?? .dim)
    case .alerts: drawAlerts(row, into: &grid, in: cell)
    case .errorRate: number(.errorRate)
    case .errorLine: row.errorLine.draw(into: &grid, in: cell)
    case .responseTime: number(.responseTime)
    case .traffic: number(.messagesPerMinute)
    case .trafficLine: row.trafficLine.draw(into: &grid, in: cell)
    case .queue: number(.queueSize)
    case .rating: number(.averageRating)
    case .health: number(.healthScore)
    case .age:
      grid.draw(row.age, in: cell, role: row.isStale ? .stale : .dim, align: .trailing, truncation: .clip)
    }
  }

  private func drawState(_ row: Row, into grid: inout Grid, in cell: Rect) {
    let role: Role = row.isUnconfirmed ? .warning : Role(row.state)
    grid.draw("\(grid.glyphs.state(row.state)) \(row.stateWords)", in: cell, role: role, truncation: .clip)
  }

  private func drawAlerts(_ row: Row, into grid: inout Grid, in cell: Rect) {
    guard let severity = row.severity else { return }
    // A "q" says that nothing is heard of them.
    let sign = row.inHand.map { String($0.rawValue) } ?? (row.isQuiet ? "q" : "")
    let role = row.inHand != nil ? .dim : row.isQuiet ? .warning : Role(severity)
    grid.draw("\(grid.glyphs.severity(severity))\(row.alerts)\(sign)", in: cell, role: role)
  }
}

extension AgentsPane.Line {
  fileprivate var isMarked: Bool {
    switch self {
    case .agent(let row): row.isMarked
    case .heading(let heading): heading.isMarked
    }
  }
}
