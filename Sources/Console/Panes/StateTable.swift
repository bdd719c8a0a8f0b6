import Screen

/// A table of things in some state, with room below for the selected one: the state, a name that takes what is left, and
/// columns at the right, of which a narrow screen does without the last ones.
struct StateTable {
  /// What stands in a row; each text with its role.
  struct Cells {
    var state: (text: String, role: Role)
    var name: (text: String, role: Role)
    /// Stands behind the name. If both do not fit the name gives way, down to ``StateTable/leastShortName``.
    var suffix = ""
    var values: [(text: String, role: Role)]
  }

  var stateWidth: Int
  /// Of the columns at the right, with the space before each.
  var widths: [Int]
  /// How many of these hold numbers, and end where their column ends.
  var numbers: Int
  /// A name has so many columns at least.
  var leastName: Int
  /// How many rows the selected one has, if there are enough.
  var detailRows: Int

  /// A name has so many columns in front of a long suffix.
  private static let leastShortName = 4

  /// How many rows the list shows: what is said of the selected one has always the same room, so that nothing moves.
  func listHeight(of rect: Rect, hasBorder: Bool) -> Int {
    let inside = max(0, rect.height - (hasBorder ? 3 : 1))
    return max(1, inside - detailHeight(inside))
  }

  /// How many rows there are for what is said of the selected one, below the rule.
  func wordRows(of rect: Rect, hasBorder: Bool) -> Int {
    max(0, detailHeight(max(0, rect.height - (hasBorder ? 3 : 1))) - 1)
  }

  /// Half of the rows at the most, and none if there are few.
  func detailHeight(_ inside: Int) -> Int { inside < 10 ? 0 : min(detailRows, max(6, inside / 2)) }

  func draw(_ cells: Cells, into grid: inout Grid, in rect: Rect) {
    var (first, rest) = rect.dropping(left: 2).splitLeft(stateWidth)
    grid.draw(cells.state.text, in: first, role: cells.state.role)
    rest = rest.dropping(left: 1)
    var shown = cells.values.count
    while shown > 0, rest.width - widths.prefix(shown).reduce(0, +) < leastName { shown -= 1 }
    for (place, width) in widths.prefix(shown).enumerated().reversed() {
      let cell: Rect
      (rest, cell) = rest.splitRight(width)
      let value = cells.values[place]
      if place < numbers {
        grid.draw(value.text, in: cell, role: value.role, align: .trailing)
      } else {
        grid.draw(value.text, in: cell.dropping(left: 2), role: value.role)
      }
    }
    first = rest.splitLeft(max(0, rest.width - 1)).0
    let room = first.width - TextWidth.columns(cells.suffix)
    let name = cells.suffix.isEmpty ? first : first.splitLeft(max(room, Self.leastShortName)).0
    let used = grid.draw(cells.name.text, in: name, role: cells.name.role)
    grid.draw(cells.suffix, in: first.dropping(left: used), role: cells.name.role)
  }

  /// What the columns hold.
  func drawHeading(_ name: String, _ headings: [String], into grid: inout Grid, in rect: Rect) {
    grid.fill(rect, role: .header)
    let cells = Cells(state: ("State", .header), name: (name, .header), values: headings.map { ($0, .header) })
    draw(cells, into: &grid, in: rect)
  }

  /// The line above what is said of the selected one.
  static func drawRule(into grid: inout Grid, in rect: Rect) {
    let line = String(repeating: Character(grid.glyphs.horizontal), count: max(0, rect.width - 2))
    grid.draw(line, in: rect.line(0).dropping(left: 1), role: .border, truncation: .clip)
  }
}

extension Grid {
  /// Draws lines of text, one in each line of a rectangle, as far as there is room.
  mutating func draw(_ lines: some Sequence<DetailPane.Line>, in rect: Rect) {
    for (index, line) in lines.enumerated() where index < rect.height {
      if case .text(let text, let role) = line { draw(text, in: rect.line(index).dropping(left: 1), role: role) }
    }
  }
}
