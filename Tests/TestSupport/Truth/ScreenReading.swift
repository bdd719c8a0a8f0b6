import Console
import Screen

/// What a person reads off a screen: from its lines of text alone, so that a drawn grid and a terminal are read the same.
package struct ScreenReading: Sendable {
  package struct Row: Sendable {
    package var name = ""
    package var state = ""
    package var isSelected = false
    package var isMarked = false
    /// The sign of the worst alert; nil if there is none.
    package var severity: Character?
    package var alerts = 0
    package var isInHand = false
    /// By the heading of their columns.
    package var cells: [String: String] = [:]
  }

  package struct CommandRow: Sendable {
    package var phase: String
    package var text: String
  }

  package let headline: String
  package let status: String
  package private(set) var rows: [Row] = []
  /// Names with their values as shown, of the panes of one metric.
  package private(set) var values: [PaneID: [(name: String, value: String)]] = [:]
  package private(set) var commands: [CommandRow] = []
  /// A scalar a column: of strings and characters the reading of a screen would take longer than the drawing.
  private let cells: [[Unicode.Scalar]]

  package init(lines: [String], size: Size) {
    self.init(cells: lines.map { Array($0.unicodeScalars) }, size: size)
  }

  /// - Parameter cells: what stands in the columns of each line; lines may be short.
  init(cells: [[Unicode.Scalar]], size: Size) {
    self.cells = cells.map { $0 + Array(repeating: " ", count: max(0, size.columns - $0.count)) }
    headline = cells.first.map { Self.string($0) } ?? ""
    status = cells.last.map { Self.string($0) } ?? ""
    let layout = Layout(size: size)
    rows = readAgents(layout[.agents])
    for pane in [PaneID.errorRate, .traffic, .satisfaction] { values[pane] = readValues(layout[pane]) }
    commands = readCommands(layout[.commands])
  }

  package var lines: [String] { cells.map { Self.string($0) } }

  /// The number before a word of the status line.
  package func count(of word: String) -> Int? {
    let words = status.split { " (),".contains($0) }
    guard let index = words.firstIndex(where: { $0 == word || $0 == word + "s" }), index > 0 else { return nil }
    return Int(words[index - 1])
  }

  /// How many agents there are as the title of their pane says, where the status line has no room for it: `4, 1 marked`,
  /// or `2 of 4 with "Be"`.
  package var agentsInTitle: Int? {
    guard let title = lines.first(where: { $0.contains(" Agents ") }) else { return nil }
    let words = title.split { " ─┐,".contains($0) }.drop { Int($0) == nil }.prefix(3).map(String.init)
    return words.count == 3 && words[1] == "of" ? Int(words[2]) : words.first.flatMap { Int($0) }
  }

  /// The lines inside a pane's border, cut into its columns.
  private func inside(_ rect: Rect) -> [ArraySlice<Unicode.Scalar>] {
    guard rect.height > 2, rect.width > 2, cells.count >= rect.row + rect.height else { return [] }
    return (rect.row + 1..<rect.row + rect.height - 1).map { cells[$0][rect.column + 1..<rect.column + rect.width - 1] }
  }

  private func readAgents(_ rect: Rect) -> [Row] {
    let lines = inside(rect).map(Array.init)
    guard let heading = lines.first else { return [] }
    let spans = Self.spans(heading)
    return lines.dropFirst().compactMap { line in
      guard line.contains(where: { $0 != " " }) else { return nil }
      var row = Row()
      (row.isSelected, row.isMarked) = (line[0] == "▸", line[1] == "✓")
      for (name, span) in spans { row.cells[name] = Self.trimmed(line[span]) }
      row.name = row.cells["Agent"] ?? ""
      row.state = row.cells["State"] ?? ""
      let alert = row.cells["Alrt"] ?? ""
      row.severity = alert.first
      row.alerts = Int(alert.dropFirst().prefix { $0.isNumber }) ?? (alert.isEmpty ? 0 : 1)
      row.isInHand = alert.hasSuffix("a") || alert.hasSuffix("s")
      return row
    }
  }

  /// Where each column of the agents stands: words begin below their heading, numbers end there.
  private static func spans(_ characters: [Unicode.Scalar]) -> [(String, Range<Int>)] {
    var words: [(String, Range<Int>)] = []
    var index = 0
    while index < characters.count {
      guard characters[index] != " " else {
        index += 1
        continue
      }
      let end = characters[index...].firstIndex(of: " ") ?? characters.count
      words.append((string(characters[index..<end]), index..<end))
      index = end
    }
    let leading = ["State", "Agent", "Id", "Why", "Alrt"]
    return words.indices.map { number in
      let (name, place) = words[number]
      guard !leading.contains(name) else {
        let next = words.indices.contains(number + 1) ? words[number + 1] : ("", characters.count..<characters.count)
        return (name, place.lowerBound..<(name == "Alrt" ? place.lowerBound + 5 : next.1.lowerBound))
      }
      return (name, max(0, place.upperBound - 5)..<place.upperBound)
    }
  }

  private func readValues(_ rect: Rect) -> [(name: String, value: String)] {
    let width = rect.width - 2
    let line = min(30, max(6, (width - 1) / 4))
    return inside(rect).dropFirst().compactMap { cells in
      let words = cells.prefix(max(0, width - line)).split(separator: " ")
      guard words.count > 1, let name = words.first, let value = words.last else { return nil }
      return (Self.string(name), Self.string(value))
    }
  }

  private func readCommands(_ rect: Rect) -> [CommandRow] {
    inside(rect).dropFirst().compactMap { cells in
      let text = Array(cells)
      guard text.split(separator: " ").count > 3, text.count > 20 else { return nil }
      return CommandRow(phase: Self.trimmed(text[7..<17]), text: Self.trimmed(text[17...]))
    }
  }

  /// Words with a blank between them.
  private static func trimmed(_ part: ArraySlice<Unicode.Scalar>) -> String {
    string(Array(part.split(separator: " ").joined(separator: [" "])))
  }

  private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }
}
