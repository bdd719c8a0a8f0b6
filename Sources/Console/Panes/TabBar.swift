import Screen

/// Where one pane has the screen: which one, and what the others are.
struct TabBar: Equatable {
  var focus: PaneID

  func draw(into grid: inout Grid, in rect: Rect) {
    grid.fill(rect, role: .border)
    var rest = rect.dropping(left: 1)
    let full = PaneID.allCases.reduce(0) { $0 + $1.shortTitle.count + 4 }
    for pane in PaneID.allCases {
      let isFocused = pane == focus
      let text = full <= rect.width || isFocused ? "\(pane.rawValue + 1) \(pane.shortTitle)" : "\(pane.rawValue + 1)"
      let used = grid.draw(text, in: rest, role: isFocused ? .titleFocused : .title, truncation: .clip)
      rest = rest.dropping(left: used + 2)
    }
  }
}
