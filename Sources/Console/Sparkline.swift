import FleetModel
import Screen

/// A series as a row of bars; holes in the data are holes in the line.
struct Sparkline: Equatable {
  var values: [Float?]
  /// The value of a full bar; the greatest of the values where nil.
  var top: Float?
  /// From here on a bar is bad; for a metric that is bad when low, up to here.
  var levels: Limits.Levels?

  func draw(into grid: inout Grid, in rect: Rect) {
    guard !rect.isEmpty else { return }
    let shown = values.suffix(rect.width)
    let full = max(top ?? 0, shown.compactMap { $0 }.max() ?? 0)
    let offset = rect.width - shown.count
    for (index, value) in shown.enumerated() {
      let column = rect.column + offset + index
      guard let value else {
        grid.putGlyph(grid.glyphs.gap, row: rect.row, column: column, role: .sparklineGap)
        continue
      }
      let isBad = levels?.severity(of: Double(value)).map { $0 >= .high } ?? false
      let level = full > 0 ? Int((value / full * 7).rounded()) : 0
      let glyph = grid.glyphs.levels[min(max(level, 0), 7)]
      grid.putGlyph(glyph, row: rect.row, column: column, role: isBad ? .sparklineBad : .sparkline)
    }
  }
}

/// A series as columns of several rows, for the detail view.
struct Chart: Equatable {
  var values: [Float?]
  var levels: Limits.Levels?
  var top: Float?

  func draw(into grid: inout Grid, in rect: Rect) {
    guard !rect.isEmpty else { return }
    let shown = values.suffix(rect.width)
    let full = max(top ?? 0, shown.compactMap { $0 }.max() ?? 0)
    let offset = rect.width - shown.count
    for (index, value) in shown.enumerated() {
      let column = rect.column + offset + index
      guard let value else {
        grid.putGlyph(grid.glyphs.gap, row: rect.endRow - 1, column: column, role: .sparklineGap)
        continue
      }
      let isBad = levels?.severity(of: Double(value)).map { $0 >= .high } ?? false
      let eighths = full > 0 ? max(1, Int((value / full * Float(rect.height * 8)).rounded())) : 1
      bar(eighths, column: column, role: isBad ? .sparklineBad : .sparkline, into: &grid, in: rect)
    }
  }

  private func bar(_ eighths: Int, column: Int, role: Role, into grid: inout Grid, in rect: Rect) {
    for row in 0..<rect.height {
      let filled = min(8, eighths - row * 8)
      guard filled > 0 else { return }
      grid.putGlyph(grid.glyphs.levels[filled - 1], row: rect.endRow - 1 - row, column: column, role: role)
    }
  }
}
