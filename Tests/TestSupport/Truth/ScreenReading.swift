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

  package let lines: [String]
  package let columns: Int
  package private(set) var rows: [Row] = []
  /// Names with their values as shown, of the panes of one metric.
  package private(set) var values: [PaneID: [(name: String, value: String)]] = [:]
  package private(set) var commands: [CommandRow] = []
  private let cells: [[Character]]

  package init(lines: [String], size: Size) {
    self.lines = lines
    columns = size.columns
    cells = lines.map { Array($0) + Array(repeating: " ", count: max(0, size.columns - $0.count)) }
    let layout = Layout(size: size)
    rows = readAgents(layout[.agents])
    for pane in [PaneID.errorRate, .traffic, .satisfaction] { values[pane] = readValues(layout[pane]) }
    commands = readCommands(layout[.commands])
  }

  package var headline: String { lines.first ?? "" }
  package var prompt: String { lines.dropLast().last ?? "" }
  package var status: String { lines.last ?? "" }

  /// The number before a word of the status line.
  package func count(of word: String) -> Int? {
    let words = status.split(separator: " ")
    guard let index = words.firstIndex(where: { $0 == word || $0 == word + "s" }), index > 0 else { return nil }
    return Int(words[index - 1])
  }

  /// The lines inside a pane's border, cut into its columns.
  private func inside(_ rect: Rect) -> [ArraySlice<Character>] {
    guard rect.height > 2, rect.width > 2, cells.count >= rect.row + rect.height else { return [] }
    return (rect.row + 1..<rect.row + rect.height - 1).map { cells[$0][rect.column + 1..<rect.column + rect.width - 1] }
  }

  private func readAgents(_ rect: Rect) -> [Row] {
    let lines = inside(rect).map(Array.init)
    guard let heading = lines.first.map({ String($0) }) else { return [] }
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
  private static func spans(_ heading: String) -> [(String, Range<Int>)] {
    let characters = Array(heading)
    var words: [(String, Range<Int>)] = []
    var index = 0
    while index < characters.count {
      guard characters[index] != " " else {
        index += 1
        continue
      }
      let end = characters[index...].firstIndex(of: " ") ?? characters.count
      words.append((String(characters[index..<end]), index..<end))
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
      let text = Array(cells)
      let words = text.prefix(max(0, width - line))
      guard let value = String(words).split(separator: " ").last, let name = String(words).split(separator: " ").first,
        name != value
      else { return nil }
      return (String(name), String(value))
    }
  }

  private func readCommands(_ rect: Rect) -> [CommandRow] {
    inside(rect).dropFirst().compactMap { cells in
      let text = String(cells)
      let words = text.split(separator: " ")
      guard words.count > 3, text.count > 20 else { return nil }
      let phase = Self.trimmed(Array(text)[7..<min(text.count, 17)])
      return CommandRow(phase: phase, text: Self.trimmed(Array(text)[17...]))
    }
  }

  private static func trimmed(_ part: ArraySlice<Character>) -> String {
    String(part).split(separator: " ").joined(separator: " ")
  }
}
