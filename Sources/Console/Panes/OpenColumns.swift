import FleetModel
import Screen

/// The columns of the agents pane that the configuration asks for, at its right end, as far as there is room for them.
struct OpenColumns {
  /// A value with its role, or nil for none.
  typealias Value = (text: String, role: Role)?

  let places: [MetricPlace]
  private let metrics: [OpenMetric]

  private static let width = 8
  /// The other columns keep so much: on a narrow screen there are none of these.
  private static let restOfPane = 100

  static let none = OpenColumns(MetricTable.builtIn, in: 0)

  init(_ table: MetricTable, in total: Int) {
    let asked = table.places.filter { table[$0]?.shown == .column }
    places = Array(asked.prefix(max(0, total - Self.restOfPane) / (Self.width + 1)))
    metrics = places.compactMap { table[$0] }
  }

  /// What all of them take, each with a blank before it.
  var width: Int { places.count * (Self.width + 1) }

  /// The heading of the column that rows are ordered by has an arrow, as those of other numbers have.
  func drawHeadings(_ order: AgentOrder, into grid: inout Grid, in rect: Rect) {
    draw(into: &grid, in: rect) { grid, cell, index in
      let isOrdering = metrics[index].name == order.openMetric
      let heading = metrics[index].heading
      grid.draw(heading, in: cell, role: isOrdering ? .titleFocused : .header, align: .trailing)
      guard isOrdering else { return }
      let place = cell.endColumn - min(TextWidth.columns(heading), cell.width) - 1
      grid.putGlyph(
        order.isDescending ? grid.glyphs.down : grid.glyphs.up, row: cell.row, column: place, role: .titleFocused)
    }
  }

  func draw(_ values: [Value], into grid: inout Grid, in rect: Rect) {
    draw(into: &grid, in: rect) { grid, cell, index in
      let value = (values.indices.contains(index) ? values[index] : nil) ?? ("-", .dim)
      grid.draw(value.text, in: cell, role: value.role, align: .trailing, truncation: .clip)
    }
  }

  private func draw(into grid: inout Grid, in rect: Rect, _ body: (inout Grid, Rect, Int) -> Void) {
    var rest = rect.splitRight(width).1
    for index in metrics.indices {
      let (cell, after) = rest.splitLeft(Self.width + 1)
      body(&grid, cell.dropping(left: 1), index)
      rest = after
    }
  }
}
