import Glibc
import Screen
import Terminal

/// The lines on which a tool draws: how wide they are, which signs they may hold, and whether in colour.
struct TextCanvas {
  let columns: Int
  let glyphs: Glyphs
  let isColored: Bool

  /// Without a terminal lines are so wide.
  private static let usual = 80
  private static let narrowest = 40
  private static let widest = 400

  /// - Parameter ascii: whether ASCII is asked for, whatever the locale is.
  init(ascii: Bool) {
    let environment = Environment.values("LC_ALL", "LC_CTYPE", "LANG")
    let isUTF8 = LocaleChoice.apply(environment: environment)
    let width = Pager.columns ?? Environment["COLUMNS"].flatMap { Int($0) } ?? Self.usual
    let isPlain = (Environment["TERM"] ?? "dumb") == "dumb" || !(Environment["NO_COLOR"] ?? "").isEmpty
    self.init(columns: width, glyphs: isUTF8 && !ascii ? .unicode : .ascii, isColored: isatty(1) == 1 && !isPlain)
  }

  init(columns: Int, glyphs: Glyphs, isColored: Bool = false) {
    self.columns = min(max(columns, Self.narrowest), Self.widest)
    (self.glyphs, self.isColored) = (glyphs, isColored)
  }

  /// What is drawn on so many rows, as lines.
  func lines(rows: Int, _ draw: (inout Grid) -> Void) -> [String] {
    var grid = Grid(size: Size(rows: rows, columns: columns), glyphs: glyphs)
    draw(&grid)
    guard isColored else { return grid.lines() }
    return (0..<rows).map { colored(grid, row: $0) }
  }

  /// A row with the codes that colour it; blanks at its end are left out.
  private func colored(_ grid: Grid, row: Int) -> String {
    let cells = grid.row(row)
    guard let end = cells.lastIndex(where: { $0 != .blank($0.role) }) else { return "" }
    var text = ""
    var current: String?
    for cell in cells[...end] {
      let code = Self.codes[cell.role]
      if code != current {
        text += "\u{1B}[0\(code.map { ";\($0)" } ?? "")m"
        current = code
      }
      text += cell.text
    }
    return current == nil ? text : text + "\u{1B}[0m"
  }

  /// The attributes of the roles that tools draw with (ECMA-48, "Select graphic rendition"); others are plain.
  private static let codes: [Role: String] = [
    .title: "1", .dim: "2", .sparkline: "36", .sparklineBad: "31", .bad: "31", .warning: "33", .good: "32",
  ]
}
