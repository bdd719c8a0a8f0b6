import Screen
import Terminal
import TestSupport

extension Pty {
  /// A console's terminal on this pair.
  func terminal(
    _ environment: [String: String] = ["TERM": "xterm-256color", "LANG": "C.UTF-8"],
    options: Terminal.Options = Terminal.Options()
  ) throws -> Terminal {
    try Terminal(environment: environment, options: options, descriptor: open())
  }
}

/// A grid with a line of text in each of its first rows.
func grid(_ lines: [String], rows: Int = 24, columns: Int = 80, role: Role = .text) -> Grid {
  var grid = Grid(size: Size(rows: rows, columns: columns))
  for (row, line) in lines.enumerated() { grid.draw(line, in: grid.bounds.line(row), role: role) }
  return grid
}
