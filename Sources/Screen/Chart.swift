/// A series as dots, a column of them for each value.
///
/// ```text
///   braille: two columns and four rows of dots a cell     ASCII: one column and two rows of dots a cell
///      ⡇ 0 3                                                 '  the upper
///        1 4                                                 .  the lower
///        2 5                                                 :  both
///        6 7
/// ```
package struct Chart: Equatable, Sendable {
  /// What one column of dots shows: all heights from `low` to `high`; with a `middle` only these three.
  package struct Bar: Equatable, Sendable {
    package var low: Double
    package var high: Double
    package var middle: Double?
    package var role: Role

    package init(low: Double, high: Double, middle: Double? = nil, role: Role) {
      (self.low, self.high, self.middle, self.role) = (min(low, high), max(low, high), middle, role)
    }

    /// Its strokes, each from one height to another.
    fileprivate var strokes: [(low: Double, high: Double)] {
      guard let middle else { return [(low, high)] }
      return [(low, low), (middle, middle), (high, high)]
    }
  }

  /// From left to right; nil where there is nothing to show.
  package var bars: [Bar?]
  /// The values at the lower and the upper edge.
  package var bottom: Double
  package var top: Double
  /// Where a line goes across.
  package var level: Double?

  package init(bars: [Bar?], bottom: Double, top: Double, level: Double? = nil) {
    (self.bars, self.bottom, self.top, self.level) = (bars, bottom, top, level)
  }

  /// How many bars so many cells have room for.
  package static func room(columns: Int, _ glyphs: Glyphs) -> Int { max(0, columns) * Dots(glyphs).across }

  /// The row of a region of so many rows, from the top, that a value stands in; nil if it lies outside.
  package func row(of value: Double, height: Int) -> Int? {
    guard value >= bottom, value <= top, height > 0 else { return nil }
    return height - 1 - place(value, of: height)
  }

  /// Draws the bars from the left edge on, as far as there is room.
  package func draw(into grid: inout Grid, in rect: Rect) {
    guard !rect.isEmpty, top > bottom else { return }
    if let level, let row = row(of: level, height: rect.height) {
      for column in rect.column..<rect.endColumn {
        grid.putGlyph(grid.glyphs.horizontal, row: rect.row + row, column: column, role: .warning)
      }
    }
    let dots = Dots(grid.glyphs)
    let heights = heights(rect.height * dots.down)
    for column in 0..<rect.width {
      let first = column * dots.across
      guard first < bars.count else { return }
      let range = first..<min(first + dots.across, bars.count)
      let role = bars[range].compactMap(\.self).max { $0.role.isWeaker(than: $1.role) }?.role
      guard let role else { continue }
      for row in 0..<rect.height {
        let lowest = (rect.height - 1 - row) * dots.down
        let sign = dots.sign { across, down in
          range.contains(first + across) && heights[first + across].contains { $0.contains(lowest + down) }
        }
        if let sign { grid.putGlyph(sign, row: rect.row + row, column: rect.column + column, role: role) }
      }
    }
  }

  /// Which dots of each column are set, counted from below. A stroke is joined with that of its neighbour, so that a line
  /// stays one.
  private func heights(_ rows: Int) -> [[ClosedRange<Int>]] {
    var heights: [[ClosedRange<Int>]] = []
    for bar in bars {
      guard let bar, bar.low.isFinite, bar.high.isFinite, bar.middle?.isFinite != false else {
        heights.append([])
        continue
      }
      let strokes = bar.strokes
      let before = heights.last.flatMap { $0.count == strokes.count ? $0 : nil }
      heights.append(
        strokes.enumerated().map { index, stroke in
          var (low, high) = (place(stroke.low, of: rows), place(stroke.high, of: rows))
          if let before = before?[index] {
            if before.upperBound < low { low = before.upperBound + 1 }
            if before.lowerBound > high { high = before.lowerBound - 1 }
          }
          return low...max(low, high)
        })
    }
    return heights
  }

  /// The place of a value among so many, from below.
  private func place(_ value: Double, of count: Int) -> Int {
    let share = (min(max(value, bottom), top) - bottom) / (top - bottom)
    guard share.isFinite else { return 0 }
    return min(count - 1, max(0, Int(share * Double(count))))
  }
}

/// How dots become signs.
private struct Dots {
  let isBraille: Bool
  var across: Int { isBraille ? 2 : 1 }
  var down: Int { isBraille ? 4 : 2 }

  /// The bit of each dot in U+2800 to U+28FF: the left column from below, then the right one (Unicode, "Braille
  /// Patterns").
  private static let bits: [[UInt32]] = [[0x40, 0x04, 0x02, 0x01], [0x80, 0x20, 0x10, 0x08]]
  private static let ascii: [Unicode.Scalar] = [".", "'", ":"]

  init(_ glyphs: Glyphs) {
    isBraille = glyphs.hasBraille
  }

  /// The sign for the dots of one cell, rows counted from below; nil if none is set.
  func sign(_ isSet: (_ across: Int, _ down: Int) -> Bool) -> Unicode.Scalar? {
    guard isBraille else {
      let number = (isSet(0, 0) ? 1 : 0) + (isSet(0, 1) ? 2 : 0)
      return number == 0 ? nil : Self.ascii[number - 1]
    }
    var pattern: UInt32 = 0
    for column in 0..<2 {
      for row in 0..<4 where isSet(column, row) { pattern |= Self.bits[column][row] }
    }
    return pattern == 0 ? nil : Unicode.Scalar(0x2800 + pattern)
  }
}

extension Role {
  /// Of two bars in one cell the one that is trouble gives the colour.
  fileprivate func isWeaker(than other: Role) -> Bool { self != .sparklineBad && other == .sparklineBad }
}
