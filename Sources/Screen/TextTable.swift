/// Columns of text, aligned by the width that a terminal gives them.
package enum TextTable {
  /// A name may be kilobytes long; a cell shows this much of it.
  private static let widest = 40

  /// - Parameter rightAligned: columns of numbers.
  package static func lines(_ rows: [[String]], rightAligned: ClosedRange<Int>) -> [String] {
    let rows = rows.map { row in row.indices.map { Cell(row[$0], isLast: $0 == row.count - 1) } }
    let columns = rows.first?.count ?? 0
    let widths = (0..<columns).map { column in rows.map { $0[column].width }.max() ?? 0 }
    return rows.map { row in
      let cells = row.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - row[column].width)
        return rightAligned.contains(column) ? space + row[column].text : row[column].text + space
      }
      let line = cells.joined(separator: "  ")
      return String(line[..<(line.lastIndex { $0 != " " }.map { line.index(after: $0) } ?? line.startIndex)])
    }
  }

  private struct Cell {
    let text: String
    let width: Int

    init(_ text: String, isLast: Bool) {
      self.text = TextWidth.prefix(text, columns: isLast ? .max : widest).0
      width = TextWidth.columns(self.text)
    }
  }
}
