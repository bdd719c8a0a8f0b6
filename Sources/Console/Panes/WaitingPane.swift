import FleetModel
import Screen

/// Conversations that wait for a person, the longest wait first, and what the selected one is about.
///
/// ```
/// ┌─ Waiting for a person ────────────────── 2 wait, 1 taken; level 5m ─┐
/// │  State  Conversation     Wait  Agent          For       Lang Person │
/// │▸ over   c-17               7m  Vendas         refunds   pt   -      │
/// │  taken  c-12                -  Billing        law       en   ana    │
/// │ ─────────────────────────────────────────────────────────────────── │
/// │ c-17 of Vendas (sales-br-01) has waited for 7m: charged twice       │
/// │   user: I want my money back                                        │
/// └─────────────────────────────────────────────────────────────────────┘
/// ```
struct WaitingPane {
  struct Row {
    var state: String
    var name: String
    /// Wait, agent, what for, language, person.
    var values: [String]
    var role: Role
  }

  var frame: PaneFrame
  /// The rows in view.
  var rows: [Row]
  var list: ListRows
  /// What the selected one is about, and what was said last.
  var words: [DetailPane.Line]
  var emptyLines: [DetailPane.Line]

  private static let headings = ["Wait", "Agent", "For", "Lang", "Person"]
  private static let widths = [6, 22, 14, 6, 14]
  private static let stateWidth = 6
  /// Two lines of what it is about, and the lines that were said last.
  private static let wordRows = 2 + WaitingConversation.mostLines

  /// How many rows the list shows: what is said of the selected one has always the same room, so that nothing moves.
  static func listHeight(of rect: Rect, hasBorder: Bool) -> Int {
    let inside = max(0, rect.height - (hasBorder ? 3 : 1))
    return max(1, inside - detailHeight(inside))
  }

  private static func detailHeight(_ inside: Int) -> Int {
    inside < 10 ? 0 : min(1 + wordRows, max(6, inside / 2))
  }

  func draw(into grid: inout Grid, in rect: Rect) {
    let inside = frame.draw(into: &grid, in: rect)
    guard list.count > 0 else { return draw(emptyLines, into: &grid, in: inside) }
    let (heading, below) = inside.splitTop(1)
    grid.fill(heading, role: .header)
    drawCells("State", "Conversation", Self.headings, into: &grid, in: heading, stateRole: .header, role: .header)
    let (body, rest) = below.splitBottom(Self.detailHeight(below.height))
    list.draw(into: &grid, in: body) { grid, index, line in
      guard rows.indices.contains(index - list.top) else { return }
      let row = rows[index - list.top]
      if index == list.selected { grid.draw(String(grid.glyphs.selection), in: line, role: .text) }
      drawCells(row.state, row.name, row.values, into: &grid, in: line, stateRole: row.role, role: .text)
    }
    guard rest.height > 1 else { return }
    let line = String(repeating: Character(grid.glyphs.horizontal), count: max(0, rest.width - 2))
    grid.draw(line, in: rest.line(0).dropping(left: 1), role: .border, truncation: .clip)
    draw(words, into: &grid, in: rest.splitTop(1).1)
  }

  /// A narrow screen does without the columns at the right.
  private func drawCells(
    _ state: String, _ name: String, _ values: [String], into grid: inout Grid, in rect: Rect, stateRole: Role,
    role: Role
  ) {
    var (first, rest) = rect.dropping(left: 2).splitLeft(Self.stateWidth)
    grid.draw(state, in: first, role: stateRole)
    rest = rest.dropping(left: 1)
    var shown = values.count
    while shown > 0, rest.width - Self.widths.prefix(shown).reduce(0, +) < 12 { shown -= 1 }
    for (place, width) in Self.widths.prefix(shown).enumerated().reversed() {
      let cell: Rect
      (rest, cell) = rest.splitRight(width)
      if place == 0 {
        grid.draw(values[place], in: cell, role: role, align: .trailing)
      } else {
        grid.draw(values[place], in: cell.dropping(left: 2), role: role)
      }
    }
    first = rest.splitLeft(max(0, rest.width - 1)).0
    grid.draw(name, in: first, role: role)
  }

  private func draw(_ lines: [DetailPane.Line], into grid: inout Grid, in rect: Rect) {
    for (index, line) in lines.enumerated() where index < rect.height {
      if case .text(let text, let role) = line { grid.draw(text, in: rect.line(index).dropping(left: 1), role: role) }
    }
  }
}

extension Model {
  func waitingPane(in layout: Layout) -> WaitingPane {
    let book = displayed.waiting ?? WaitingBook()
    let cursor = cursors[PaneID.waiting.rawValue]
    let rows = lists[.waiting].dropFirst(cursor.top).prefix(layout.height(of: .waiting))
    let columns = layout[.waiting].width - (layout.kind == .small ? 3 : 5)
    return WaitingPane(
      frame: frame(.waiting, summary: book.isEmpty ? "" : summary(of: book), in: layout),
      rows: rows.map { row($0, book) }, list: list(.waiting),
      words: cursor.selected.flatMap { conversation(of: $0, book) }.map { words($0, book, columns) } ?? [],
      emptyLines: emptyLines)
  }

  private func conversation(of row: RowID, _ book: WaitingBook) -> WaitingConversation? {
    if case .conversation(let id) = row { book[id] } else { nil }
  }

  /// One that has just left is drawn as that until the list knows.
  private func row(_ row: RowID, _ book: WaitingBook) -> WaitingPane.Row {
    guard let conversation = conversation(of: row, book) else {
      return WaitingPane.Row(state: "gone", name: "", values: ["", "", "", "", ""], role: .dim)
    }
    func cell(_ text: String) -> String { text.isEmpty ? "-" : Scrubber.display(text) }
    let state = book.serviceLevel(of: conversation, at: displayedNow)
    return WaitingPane.Row(
      state: WaitingWords.state(state), name: Scrubber.display(conversation.id.text),
      values: [
        conversation.wait(at: displayedNow).map { Format.remaining($0) } ?? "-", labels[conversation.agent],
        cell(conversation.skill), cell(conversation.language),
        conversation.hand.map { Format.person($0.by) } ?? "-",
      ], role: WaitingWords.role(state))
  }

  private func summary(of book: WaitingBook) -> String {
    let waiting = book.waitingCount
    let more = book.leftOut > 0 ? "; \(book.leftOut) more found no room" : ""
    let taken = book.conversations.count - waiting
    return "\(waiting) \(waiting == 1 ? "waits" : "wait"), \(taken) taken; level \(book.level.rounded)\(more)"
  }

  private func words(_ conversation: WaitingConversation, _ book: WaitingBook, _ columns: Int) -> [DetailPane.Line] {
    let wait = conversation.wait(at: displayedNow).map { "has waited for \(Format.remaining($0))" }
    let hand = conversation.hand.map { "is with \(Format.person($0.by)) since \(Format.clock($0.at))Z" }
    let about = conversation.summary.isEmpty ? "nothing is said of what it is about" : conversation.summary
    let text = "\(conversation.id.text) of \(name(conversation.agent)) \(wait ?? hand ?? ""): \(about)"
    let said = conversation.lines.map { DetailPane.Line.text("  \(Scrubber.display($0))", .dim) }
    return Array(DetailPane.Line.wrapped(Scrubber.display(text), columns: columns, .text).prefix(2)) + said
  }

  private var emptyLines: [DetailPane.Line] {
    [
      .text("Nobody waits for a person.", .text), .blank, .text("Agents say so by agent.waiting.", .dim),
      .text("vigia manual waiting says more.", .dim),
    ]
  }
}
