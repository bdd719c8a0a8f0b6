import Screen

/// The border and title around a pane.
struct PaneFrame {
  var title: String
  /// Set at the right of the title: a count, a mean.
  var summary: String
  var isFocused: Bool
  /// Without a border the pane is the only one, and its title stands in the tab bar.
  var hasBorder: Bool

  /// Draws the frame; the region left for the pane's own lines comes back.
  func draw(into grid: inout Grid, in rect: Rect) -> Rect {
    grid.fill(rect, role: .text)
    guard hasBorder, rect.height >= 3, rect.width >= 6 else { return rect }
    grid.box(rect, role: isFocused ? .borderFocused : .border, glyphs: grid.glyphs)
    let head = rect.line(0).inset(rows: 0, columns: 2)
    let used = grid.draw(" \(title) ", in: head, role: isFocused ? .titleFocused : .title)
    if !summary.isEmpty {
      grid.draw(" \(summary) ", in: head.dropping(left: used + 1), role: .dim, align: .trailing)
    }
    return rect.inset(rows: 1, columns: 1)
  }
}

/// A list's place: how many rows it has, which are in view, which is selected.
struct ListRows {
  var count: Int
  var top: Int
  var selected: Int?
  var isFocused: Bool

  /// Calls `drawRow` for each row in view with its region, then paints the selected one.
  func draw(into grid: inout Grid, in rect: Rect, _ drawRow: (inout Grid, Int, Rect) -> Void) {
    for line in 0..<rect.height where top + line < count && top + line >= 0 {
      let row = rect.line(line)
      drawRow(&grid, top + line, row)
      if top + line == selected { grid.paint(row, role: isFocused ? .selected : .selectedUnfocused) }
    }
  }
}
