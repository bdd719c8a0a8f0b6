import Screen

/// The keys and what they do, made from the key table.
struct HelpPane: Equatable {
  /// The first line in view.
  let top: Int
  private let isWhole: Bool

  /// - Parameter height: rows, frame included.
  init(top: Int, height: Int) {
    let hidden = max(0, Self.lines.count - (height - 2))
    self.top = min(top, hidden)
    isWhole = hidden == 0
  }

  private enum Line {
    case title(String)
    case key(String, String)
    case blank
  }

  private static let lines: [Line] = Keymap.sections.flatMap { section in
    [Line.title(section.title)] + section.bindings.map { .key($0.label, $0.summary) } + [.blank]
  }

  static var lineCount: Int { lines.count }

  func draw(into grid: inout Grid, in rect: Rect) {
    let frame = PaneFrame(
      title: "Help", summary: isWhole ? "any key closes" : "up and down scroll, other keys close", isFocused: true,
      hasBorder: true)
    let inside = frame.draw(into: &grid, in: rect).inset(rows: 0, columns: 1)
    for (row, line) in Self.lines.dropFirst(top).prefix(inside.height).enumerated() {
      let rect = inside.line(row)
      switch line {
      case .title(let text): grid.draw(text, in: rect, role: .title)
      case .key(let label, let summary):
        grid.draw(label, in: rect.dropping(left: 2).splitLeft(10).0, role: .key)
        grid.draw(summary, in: rect.dropping(left: 13), role: .text)
      case .blank: break
      }
    }
  }
}
