/// What a screen shows: cells in rows. Drawing clips at its edges and never leaves half a wide glyph.
package struct Grid: Equatable, Sendable {
  package let size: Size
  /// The signs that drawing itself needs, the ellipsis above all.
  package var glyphs: Glyphs
  private var cells: [Cell]

  package init(size: Size, glyphs: Glyphs = .unicode) {
    self.size = Size(rows: max(0, size.rows), columns: max(0, size.columns))
    self.glyphs = glyphs
    cells = Array(repeating: .blank(), count: self.size.rows * self.size.columns)
  }

  package var bounds: Rect { Rect(row: 0, column: 0, height: size.rows, width: size.columns) }

  /// The cell there, blank outside the grid.
  package subscript(row: Int, column: Int) -> Cell {
    bounds.contains(row: row, column: column) ? cells[index(row, column)] : .blank()
  }

  /// The cells of one row.
  package func row(_ row: Int) -> ArraySlice<Cell> {
    cells[row * size.columns..<(row + 1) * size.columns]
  }

  /// Whether a row differs from the same row of another grid of this size.
  package func differs(from other: Grid, row: Int) -> Bool {
    guard size == other.size else { return true }
    for position in row * size.columns..<(row + 1) * size.columns where cells[position] != other.cells[position] {
      return true
    }
    return false
  }

  package mutating func clear() {
    for position in cells.indices { cells[position] = .blank() }
  }

  /// Fills a region with spaces of a role.
  package mutating func fill(_ rect: Rect, role: Role) {
    let area = rect.intersection(bounds)
    for row in area.row..<area.endRow {
      for column in area.column..<area.endColumn { put(.blank(role), row: row, column: column) }
    }
  }

  /// Changes the role of a region and keeps its glyphs.
  package mutating func paint(_ rect: Rect, role: Role) {
    let area = rect.intersection(bounds)
    for row in area.row..<area.endRow {
      for column in area.column..<area.endColumn { cells[index(row, column)].role = role }
    }
  }

  /// Writes a glyph of one column or two. Where it covers half of a wide glyph, the other half turns blank.
  mutating func put(_ cell: Cell, row: Int, column: Int) {
    guard bounds.contains(row: row, column: column) else { return }
    let wide = cell.width == 2
    guard !wide || column + 1 < size.columns else {
      return put(.blank(cell.role), row: row, column: column)
    }
    free(row, column)
    if wide { free(row, column + 1) }
    cells[index(row, column)] = cell
    if wide { cells[index(row, column + 1)] = .continuation(cell.role) }
  }

  /// Puts a combining mark over the glyph at a place.
  mutating func add(mark: UInt32, row: Int, column: Int) {
    guard bounds.contains(row: row, column: column) else { return }
    cells[index(row, column)].add(mark: mark)
  }

  /// Blanks the half of a wide glyph that would lose its other half at this place.
  private mutating func free(_ row: Int, _ column: Int) {
    let position = index(row, column)
    if cells[position].isContinuation, column > 0 {
      cells[position - 1] = .blank(cells[position - 1].role)
    } else if cells[position].width == 2, column + 1 < size.columns {
      cells[position + 1] = .blank(cells[position + 1].role)
    }
  }

  private func index(_ row: Int, _ column: Int) -> Int { row * size.columns + column }
}
