import Screen
import Testing

@Suite struct ChartTests {
  private static func drawn(_ chart: Chart, rows: Int, columns: Int, _ glyphs: Glyphs = .unicode) -> Grid {
    var grid = Grid(size: Size(rows: rows, columns: columns), glyphs: glyphs)
    chart.draw(into: &grid, in: grid.bounds)
    return grid
  }

  private static func line(_ values: [Double?], level: Double? = nil, top: Double = 7) -> Chart {
    Chart(
      bars: values.map { value in value.map { Chart.Bar(low: $0, high: $0, role: .sparkline) } }, bottom: 0, top: top,
      level: level)
  }

  @Test func braillePatternsHoldTwoColumnsAndFourRows() {
    let grid = Self.drawn(Self.line([0, 1, 2, 3, 4, 5, 6, 7]), rows: 2, columns: 4)
    #expect(grid.lines() == ["  ⡠⠊", "⡠⠊"])
  }

  @Test func asciiHasTwoRowsACell() {
    let grid = Self.drawn(Self.line([0, 1, 2, 3], top: 3), rows: 2, columns: 4, .ascii)
    #expect(grid.lines() == ["  .'", ".'"])
  }

  @Test func barReachesFromItsLowEndToItsHighEnd() {
    let chart = Chart(bars: [Chart.Bar(low: 6, high: 2, role: .sparklineBad), nil], bottom: 0, top: 7)
    let grid = Self.drawn(chart, rows: 2, columns: 1)
    #expect(grid.lines() == ["⡆", "⠃"])
    #expect(grid.roleLines() == ["~", "~"].map { _ in String(Role.sparklineBad.letter) })
  }

  @Test func gapsStayEmptyAndNeighboursAreJoined() {
    #expect(Self.drawn(Self.line([0, 7]), rows: 2, columns: 1).lines() == ["⢸", "⡸"])
    #expect(Self.drawn(Self.line([0, nil, 7]), rows: 2, columns: 2).lines() == [" ⠁", "⡀"])
  }

  @Test func levelIsALineBehindTheBars() {
    let grid = Self.drawn(Self.line([7, 7], level: 7), rows: 2, columns: 3)
    #expect(grid.lines() == ["⠉──", ""])
    #expect(Self.drawn(Self.line([0], level: 8), rows: 2, columns: 1).lines() == ["", "⡀"])
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity, 1e308]) func noNumberMakesTrouble(_ value: Double) {
    let bars = [
      Chart.Bar(low: value, high: value, role: .sparkline), nil, Chart.Bar(low: 0, high: 1, role: .sparkline),
    ]
    for (bottom, top) in [(0.0, 1.0), (value, value), (-1e308, 1e308), (0, value)] {
      for (rows, columns) in [(0, 0), (1, 1), (6, 30)] {
        let chart = Chart(bars: bars, bottom: bottom, top: top, level: value)
        #expect(Self.drawn(chart, rows: rows, columns: columns).size.rows == rows)
      }
    }
  }
}
