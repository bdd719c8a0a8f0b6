/// What a screen shows: cells in rows. Drawing clips at its edges and never leaves half a wide glyph.
package struct Grid: Equatable, Sendable {
  package let size: Size
  /// The signs that drawing itself needs, the ellipsis above all.
  package var glyphs: Glyphs
  /// Where cells lead to, in the order they were linked.
  package private(set) var links: [String] = []
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
    let bytes = size.columns * MemoryLayout<Cell>.stride
    return cells.withUnsafeBytes { mine in
      other.cells.withUnsafeBytes { others in
        var difference: UInt64 = 0
        for offset in stride(from: row * bytes, to: (row + 1) * bytes, by: MemoryLayout<UInt64>.size) {
          difference |=
            mine.load(fromByteOffset: offset, as: UInt64.self) ^ others.load(fromByteOffset: offset, as: UInt64.self)
        }
        return difference != 0
      }
    }
  }

  package mutating func clear() {
    cells.withUnsafeMutableBufferPointer { $0.update(repeating: .blank()) }
    links = []
  }

  /// Fills a region with spaces of a role.
  package mutating func fill(_ rect: Rect, role: Role) {
    let area = rect.intersection(bounds)
    guard !area.isEmpty else { return }
    for row in area.row..<area.endRow {
      open(row, area.column..<area.endColumn) { $0.update(repeating: .blank(role)) }
    }
  }

  /// Changes the role of a region and keeps its glyphs.
  package mutating func paint(_ rect: Rect, role: Role) {
    let area = rect.intersection(bounds)
    guard !area.isEmpty else { return }
    cells.withUnsafeMutableBufferPointer { cells in
      for row in area.row..<area.endRow {
        for column in area.column..<area.endColumn { cells[row * size.columns + column].role = role }
      }
    }
  }

  /// Has the cells of a region lead to an address, if the terminal makes something of it. What is drawn over them later
  /// leads nowhere.
  ///
  /// - Parameter address: printable ASCII of 2,000 bytes at the most, which is what terminals take; others lead nowhere.
  package mutating func link(_ rect: Rect, to address: String) {
    let area = rect.intersection(bounds)
    guard !area.isEmpty, !address.isEmpty, address.utf8.count <= 2000,
      address.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }), let number = number(of: address)
    else { return }
    cells.withUnsafeMutableBufferPointer { cells in
      for row in area.row..<area.endRow {
        for column in area.column..<area.endColumn { cells[row * size.columns + column].link = number }
      }
    }
  }

  private mutating func number(of address: String) -> UInt8? {
    if let place = links.firstIndex(of: address) { return UInt8(place + 1) }
    guard links.count < UInt8.max else { return nil }
    links.append(address)
    return UInt8(links.count)
  }

  /// Where one of its cells leads to; nil if nowhere.
  package func address(of cell: Cell) -> String? {
    cell.link == 0 ? nil : links[Int(cell.link) - 1]
  }

  /// Writes a glyph of one column or two. Where it covers half of a wide glyph, the other half turns blank.
  mutating func put(_ cell: Cell, row: Int, column: Int) {
    guard bounds.contains(row: row, column: column) else { return }
    let wide = cell.width == 2
    let position = index(row, column)
    if !wide, cells[position].width == 1 {
      cells[position] = cell
      return
    }
    guard !wide || column + 1 < size.columns else {
      return put(.blank(cell.role), row: row, column: column)
    }
    free(row, column)
    if wide { free(row, column + 1) }
    cells[position] = cell
    if wide { cells[position + 1] = .continuation(cell.role) }
  }

  /// Writes printable ASCII, a cell a byte, as far as it lies inside the grid.
  mutating func put(ascii bytes: UnsafeBufferPointer<UInt8>, row: Int, column: Int, role: Role) {
    let columns = max(0, column)..<min(size.columns, column + bytes.count)
    guard !columns.isEmpty, row >= 0, row < size.rows else { return }
    open(row, columns) { cells in
      for place in cells.indices {
        cells[place] = Cell(base: UInt32(bytes[columns.lowerBound - column + place]), role: role)
      }
    }
  }

  /// Hands over the cells of part of a row, to be given single glyphs; wide ones that reach into it are freed first.
  private mutating func open(
    _ row: Int, _ columns: Range<Int>, _ body: (inout UnsafeMutableBufferPointer<Cell>) -> Void
  ) {
    free(row, columns.lowerBound)
    free(row, columns.upperBound - 1)
    let range = index(row, columns.lowerBound)..<index(row, columns.upperBound)
    cells.withUnsafeMutableBufferPointer {
      var part = UnsafeMutableBufferPointer(rebasing: $0[range])
      body(&part)
    }
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
