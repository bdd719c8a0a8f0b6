extension Grid {
  /// The rows as text, blanks at their ends left out: what tests compare.
  package func lines() -> [String] {
    (0..<size.rows).map { row in
      var text = ""
      var blanks = 0
      for cell in self.row(row) where !cell.isContinuation {
        if cell == .blank(cell.role) {
          blanks += 1
          continue
        }
        text += String(repeating: " ", count: blanks) + cell.text
        blanks = 0
      }
      return text
    }
  }

  /// The rows with a letter for each cell's role, dots at their ends left out. By default `Role.letter`.
  package func roleLines(legend: [Role: Character] = [:]) -> [String] {
    (0..<size.rows).map { row in
      var text = String(self.row(row).map { legend[$0.role] ?? $0.role.letter })
      while text.last == "." { text.removeLast() }
      return text
    }
  }
}
