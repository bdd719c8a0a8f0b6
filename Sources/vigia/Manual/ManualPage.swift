import Screen

/// A chapter of the manual laid out for a terminal: no line is wider than it is, and words stay whole.
///
/// It reads the Markdown that the chapters are written in: headings, paragraphs, lists, tables and blocks of code.
struct ManualPage {
  private(set) var lines: [String] = []
  private let columns: Int
  /// Lines of a paragraph or an item of a list that are still to be joined, and what the first begins with.
  private var words: [Substring] = []
  private var mark = ""
  private var table: [[String]] = []

  /// A longer line is hard to read.
  private static let widest = 100
  /// A narrower one is not laid out any better.
  private static let narrowest = 20

  init(_ markdown: String, columns: Int) {
    self.columns = min(max(columns, Self.narrowest), Self.widest)
    var isCode = false
    for line in markdown.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      if line.hasPrefix("```") {
        finish()
        isCode.toggle()
      } else if isCode {
        addCode(line)
      } else {
        take(line)
      }
    }
    finish()
  }

  private mutating func take(_ line: Substring) {
    if line.isEmpty || line.hasPrefix("#") {
      finish()
      lines.append(String(line))
    } else if line.hasPrefix("|") {
      table.append(Self.cells(of: line))
    } else if let mark = Self.mark(of: line) {
      finish()
      self.mark = mark
      words = [line.dropFirst(mark.count)]
    } else {
      words.append(line.drop { $0 == " " })
    }
  }

  /// `- ` or `1. `.
  private static func mark(of line: Substring) -> String? {
    if line.hasPrefix("- ") { return "- " }
    let digits = line.prefix { $0.isNumber }
    return !digits.isEmpty && line.dropFirst(digits.count).hasPrefix(". ") ? "\(digits). " : nil
  }

  private mutating func finish() {
    if !words.isEmpty { add(words.joined(separator: " "), first: mark, indent: mark.count) }
    (words, mark) = ([], "")
    addTable()
    table = []
  }

  /// Adds a text on as many lines as it takes.
  private mutating func add(_ text: String, first: String = "", indent: Int) {
    let pad = String(repeating: " ", count: indent)
    for (index, line) in TextWidth.wrapped(text, columns: columns - indent).enumerated() {
      lines.append((index == 0 ? first + pad.dropFirst(first.count) : pad) + line)
    }
  }

  /// Adds a line of code as it is. If it is too wide and ends with a comment, that stands above it.
  private mutating func addCode(_ line: Substring) {
    let whole = line.isEmpty ? "" : "    \(line)"
    guard !TextWidth.fits(whole, columns: columns), let comment = line.ranges(of: "  # ").last else {
      lines.append(whole)
      return
    }
    let pad = "    " + line.prefix { $0 == " " }
    let words = TextWidth.wrapped(String(line[comment.upperBound...]), columns: columns - pad.count - 2)
    lines += words.map { "\(pad)# \($0)" }
    lines.append("    " + String(line[..<comment.lowerBound].reversed().drop { $0 == " " }.reversed()))
  }

  // MARK: Tables

  /// The cells of a row, `\|` in them being a bar.
  private static func cells(of line: Substring) -> [String] {
    line.replacing("\\|", with: "\u{0}").split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
      .map { cell in
        String(cell.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()).replacing("\u{0}", with: "|")
      }
  }

  /// A row a paragraph: its first cell, and below it each other one behind the name of its column, which two columns do
  /// not need.
  private mutating func addTable() {
    guard table.count > 2, let head = table.first else { return }
    for row in table.dropFirst(2) {
      add(row.first ?? "", indent: 2)
      for (name, cell) in zip(head, row).dropFirst() where !cell.isEmpty {
        add(head.count > 2 && !name.isEmpty ? "\(name): \(cell)" : cell, indent: 6)
      }
    }
  }
}
