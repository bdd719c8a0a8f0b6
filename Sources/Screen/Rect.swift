/// A region of the screen in cells. Slices never reach outside it and never have a negative size.
package struct Rect: Equatable, Sendable {
  package var row: Int
  package var column: Int
  package var height: Int
  package var width: Int

  /// Makes a region; a negative height or width counts as zero.
  package init(row: Int, column: Int, height: Int, width: Int) {
    self.row = row
    self.column = column
    self.height = max(0, height)
    self.width = max(0, width)
  }

  package var isEmpty: Bool { height == 0 || width == 0 }

  /// The first row below the region.
  package var endRow: Int { row + height }

  /// The first column right of the region.
  package var endColumn: Int { column + width }

  package func contains(row: Int, column: Int) -> Bool {
    row >= self.row && row < endRow && column >= self.column && column < endColumn
  }

  /// The one-row region `index` rows below the top, of no height if that lies outside.
  package func line(_ index: Int) -> Rect {
    let inside = index >= 0 && index < height
    return Rect(row: row + index, column: column, height: inside ? 1 : 0, width: width)
  }

  /// The upper `rows` rows, and what is left below them.
  package func splitTop(_ rows: Int) -> (Rect, Rect) {
    let cut = clamp(rows, height)
    return (
      Rect(row: row, column: column, height: cut, width: width),
      Rect(row: row + cut, column: column, height: height - cut, width: width)
    )
  }

  /// What is left above, and the lower `rows` rows.
  package func splitBottom(_ rows: Int) -> (Rect, Rect) {
    splitTop(height - clamp(rows, height))
  }

  /// The left `columns` columns, and what is left beside them.
  package func splitLeft(_ columns: Int) -> (Rect, Rect) {
    let cut = clamp(columns, width)
    return (
      Rect(row: row, column: column, height: height, width: cut),
      Rect(row: row, column: column + cut, height: height, width: width - cut)
    )
  }

  /// What is left beside them, and the right `columns` columns.
  package func splitRight(_ columns: Int) -> (Rect, Rect) {
    splitLeft(width - clamp(columns, width))
  }

  /// The region without `rows` at top and bottom and `columns` at left and right.
  package func inset(rows: Int, columns: Int) -> Rect {
    Rect(
      row: row + clamp(rows, height), column: column + clamp(columns, width),
      height: height - 2 * rows, width: width - 2 * columns)
  }

  /// The region without its first `left` columns.
  package func dropping(left: Int) -> Rect { splitLeft(left).1 }

  /// The part that lies in both regions.
  package func intersection(_ other: Rect) -> Rect {
    let top = max(row, other.row)
    let left = max(column, other.column)
    return Rect(
      row: top, column: left,
      height: min(endRow, other.endRow) - top, width: min(endColumn, other.endColumn) - left)
  }

  private func clamp(_ value: Int, _ limit: Int) -> Int { min(max(0, value), limit) }
}
