/// Where text stands in a region wider than itself.
package enum Alignment: Sendable {
  case leading, center, trailing
}

/// What becomes of text longer than its region: an ellipsis for its end or its beginning, or just the cut.
package enum Truncation: Sendable {
  case tail, head, clip
}

extension Grid {
  /// Writes text into the first row of a region, cut to the region and the grid; returns the columns it took.
  ///
  /// A wide glyph is never split: a space stands where half of it would. Scalars that `Scrubber` would not keep are
  /// left out, controls shown as a blank.
  @discardableResult
  package mutating func draw(
    _ text: String, in rect: Rect, role: Role, align: Alignment = .leading, truncation: Truncation = .tail
  ) -> Int {
    guard !rect.isEmpty, rect.row >= 0, rect.row < size.rows else { return 0 }
    guard TextWidth.fits(text, columns: rect.width) else {
      return drawCut(text, in: rect, role: role, truncation: truncation)
    }
    var start = rect.column
    switch align {
    case .leading: break
    case .center: start += (rect.width - TextWidth.columns(text)) / 2
    case .trailing: start += rect.width - TextWidth.columns(text)
    }
    return write(text, row: rect.row, from: start, to: rect.endColumn, role: role) - start
  }

  /// Draws a border around a region of at least two rows and columns.
  package mutating func box(_ rect: Rect, role: Role, glyphs: Glyphs) {
    guard rect.height >= 2, rect.width >= 2 else { return }
    let bottom = rect.endRow - 1
    let right = rect.endColumn - 1
    for column in rect.column...right {
      putGlyph(glyphs.horizontal, row: rect.row, column: column, role: role)
      putGlyph(glyphs.horizontal, row: bottom, column: column, role: role)
    }
    for row in rect.row...bottom {
      putGlyph(glyphs.vertical, row: row, column: rect.column, role: role)
      putGlyph(glyphs.vertical, row: row, column: right, role: role)
    }
    putGlyph(glyphs.topLeft, row: rect.row, column: rect.column, role: role)
    putGlyph(glyphs.topRight, row: rect.row, column: right, role: role)
    putGlyph(glyphs.bottomLeft, row: bottom, column: rect.column, role: role)
    putGlyph(glyphs.bottomRight, row: bottom, column: right, role: role)
  }

  /// Writes one sign of one column.
  package mutating func putGlyph(_ glyph: Unicode.Scalar, row: Int, column: Int, role: Role) {
    put(Cell(base: glyph.value, role: role), row: row, column: column)
  }

  private mutating func drawCut(_ text: String, in rect: Rect, role: Role, truncation: Truncation) -> Int {
    let row = rect.row
    let end = rect.endColumn
    switch truncation {
    case .clip:
      let used = write(text, row: row, from: rect.column, to: end, role: role)
      pad(row: row, from: used, to: end, role: role)
    case .tail:
      let used = write(text, row: row, from: rect.column, to: end - 1, role: role)
      putGlyph(glyphs.ellipsis, row: row, column: used, role: role)
      pad(row: row, from: used + 1, to: end, role: role)
    case .head:
      putGlyph(glyphs.ellipsis, row: row, column: rect.column, role: role)
      let tail = Grid.tail(of: text, columns: rect.width - 1)
      let used = write(tail, row: row, from: rect.column + 1, to: end, role: role)
      pad(row: row, from: used, to: end, role: role)
    }
    return rect.width
  }

  /// Writes text until its next glyph would pass `end`; returns the column after the last.
  private mutating func write(_ text: String, row: Int, from start: Int, to end: Int, role: Role) -> Int {
    let room = max(0, end - start)
    // Nearly all of what is drawn: one byte is one column, and nothing has to be measured or left out.
    let plain = text.utf8.withContiguousStorageIfAvailable { bytes -> Int? in
      let shown = UnsafeBufferPointer(rebasing: bytes.prefix(room))
      guard shown.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else { return nil }
      if shown.count < bytes.count, bytes[shown.count] >= 0x7F { return nil }
      put(ascii: shown, row: row, column: start, role: role)
      return start + shown.count
    }
    if let column = plain ?? nil { return column }
    return write(text.unicodeScalars, row: row, from: start, to: end, role: role)
  }

  /// Writes scalars until the next would pass `end`; returns the column after the last.
  private mutating func write(
    _ scalars: some Sequence<Unicode.Scalar>, row: Int, from start: Int, to end: Int, role: Role
  ) -> Int {
    var column = start
    var last: Int?
    for scalar in scalars {
      let width = TextWidth.width(of: scalar)
      if width == 0 {
        guard let last, Scrubber.fate(of: scalar) == .keep else { continue }
        add(mark: scalar.value, row: row, column: last)
        continue
      }
      guard width > 0 else { continue }
      guard column + width <= end else { break }
      putClipped(scalar, width: width, row: row, column: column, role: role)
      last = column
      column += width
    }
    return column
  }

  /// Writes one glyph; one that the grid's edge would split becomes blank.
  private mutating func putClipped(_ scalar: Unicode.Scalar, width: Int, row: Int, column: Int, role: Role) {
    let isVisible = Scrubber.fate(of: scalar) == .keep
    let splitsAtLeft = column == -1 && width == 2
    if splitsAtLeft || !isVisible {
      for offset in 0..<width { put(.blank(role), row: row, column: column + offset) }
    } else {
      put(Cell(base: scalar.value, role: role, width: UInt8(width)), row: row, column: column)
    }
  }

  private mutating func pad(row: Int, from start: Int, to end: Int, role: Role) {
    guard start < end else { return }
    for column in start..<end { put(.blank(role), row: row, column: column) }
  }

  /// The longest end of a text that fits, never beginning with a mark.
  private static func tail(of text: String, columns: Int) -> Substring.UnicodeScalarView {
    let scalars = text.unicodeScalars
    var used = 0
    var start = scalars.endIndex
    var fit = start
    while start > scalars.startIndex {
      scalars.formIndex(before: &start)
      let width = max(0, TextWidth.width(of: scalars[start]))
      used += width
      if used > columns { break }
      if width > 0 { fit = start }
    }
    return scalars[fit...]
  }
}
