import Screen

/// Where one pane has the screen: which one, what the others are, and which rows of it are shown.
struct TabBar: Equatable {
  var focus: PaneID
  var panes: [PaneID]
  /// What is not as usual about the rows: a filter, an order, marks; empty if nothing is.
  var note = ""

  func draw(into grid: inout Grid, in rect: Rect) {
    grid.fill(rect, role: .border)
    var rest = rect.dropping(left: 1)
    if !note.isEmpty { rest = drawNote(into: &grid, in: rest) }
    let isWhole = panes.reduce(0) { $0 + $1.shortTitle.count + 4 } <= rest.width + 2
    for pane in panes {
      let isFocused = pane == focus
      let text = isWhole || isFocused ? "\(pane.rawValue + 1) \(pane.shortTitle)" : "\(pane.rawValue + 1)"
      let used = grid.draw(text, in: rest, role: isFocused ? .titleFocused : .title, truncation: .clip)
      rest = rest.dropping(left: used + 2)
    }
  }

  /// Draws the note at the right; the other panes' numbers go before it is cut to less than half of the line.
  ///
  /// - Returns: what is left for the panes.
  private func drawNote(into grid: inout Grid, in rect: Rect) -> Rect {
    let numbers = focus.shortTitle.count + 2 + 3 * (panes.count - 1)
    let room = max(rect.width - numbers - 2, rect.width / 2)
    let (left, right) = rect.splitRight(min(TextWidth.columns(note) + 1, room))
    grid.draw(note, in: right.splitLeft(right.width - 1).0, role: .warning)
    return left.splitLeft(left.width - 2).0
  }
}
