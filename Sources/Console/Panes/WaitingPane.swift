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
/// │ proposed: Compras (refunds, pt, 3 of 8 open, health 0.97)           │
/// │   user: I want my money back                                        │
/// └─────────────────────────────────────────────────────────────────────┘
/// ```
struct WaitingPane {
  struct Row {
    var state: String
    var name: String
    /// Who is proposed, behind the name.
    var proposed = ""
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
  /// Below it a blank row, two lines of what it is about, and the lines that were said last.
  static let table = StateTable(
    stateWidth: 6, widths: [6, 22, 14, 6, 14], numbers: 1, leastName: 12,
    detailRows: 3 + WaitingConversation.mostLines)

  func draw(into grid: inout Grid, in rect: Rect) {
    let inside = frame.draw(into: &grid, in: rect)
    guard list.count > 0 else { return grid.draw(emptyLines, in: inside) }
    let (heading, below) = inside.splitTop(1)
    Self.table.drawHeading("Conversation", Self.headings, into: &grid, in: heading)
    let (body, rest) = below.splitBottom(Self.table.detailHeight(below.height))
    list.draw(into: &grid, in: body) { grid, index, line in
      guard rows.indices.contains(index - list.top) else { return }
      if index == list.selected { grid.draw(String(grid.glyphs.selection), in: line, role: .text) }
      Self.table.draw(cells(rows[index - list.top]), into: &grid, in: line)
    }
    guard rest.height > 1 else { return }
    StateTable.drawRule(into: &grid, in: rest)
    grid.draw(words, in: rest.splitTop(1).1)
  }

  private func cells(_ row: Row) -> StateTable.Cells {
    StateTable.Cells(
      state: (row.state, row.role), name: (row.name, .text), suffix: row.proposed,
      values: row.values.map { ($0, .text) })
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
      words: cursor.selected.flatMap { conversation(of: $0, book) }.map { words($0, book, columns, in: layout) } ?? [],
      emptyLines: emptyLines(columns))
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
      proposed: proposedName(conversation),
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
    return "\(waiting) \(waiting == 1 ? "waits" : "wait"), \(taken) taken; \(book.levels.words)\(more)\(keeperWords)"
  }

  /// Without a handler a wait goes on in the list though the customer may have left.
  var keeperWords: String { handler == .absent ? "; no handler keeps this list" : "" }

  private func words(
    _ conversation: WaitingConversation, _ book: WaitingBook, _ columns: Int, in layout: Layout
  ) -> [DetailPane.Line] {
    let level = book.hasSeveralLevels ? " (level \(book.level(of: conversation).rounded))" : ""
    let wait = conversation.wait(at: displayedNow).map { "has waited for \(Format.remaining($0))\(level)" }
    let hand = conversation.hand.map { "is with \(Format.person($0.by)) since \(Format.clock($0.at))Z" }
    let about = conversation.summary.isEmpty ? "nothing is said of what it is about" : conversation.summary
    let text = "\(conversation.id.text) of \(name(conversation.agent)) \(wait ?? hand ?? ""): \(about)"
    let lines = DetailPane.Line.wrapped(Scrubber.display(text), columns: columns, .text).prefix(2)
    let proposed = proposedWords(conversation).map { DetailPane.Line.wrapped($0, columns: columns, .text).prefix(2) }
    let head = Array(lines) + (proposed ?? [])
    // The latest lines have the rest of the room.
    let rest = max(0, WaitingPane.table.wordRows(of: layout[.waiting], hasBorder: layout.kind != .small) - head.count)
    return head + conversation.lines.suffix(rest).map { DetailPane.Line.text("  \(Scrubber.display($0))", .dim) }
  }

  private func emptyLines(_ columns: Int) -> [DetailPane.Line] {
    let state =
      switch handler {
      case .alive: "Nobody waits for a person."
      case .absent: "No handler is alive: it is the handler that keeps the list of who waits for a person."
      case .unknown: "Whether a handler is alive is not known. It keeps the list of who waits for a person."
      }
    let more: [DetailPane.Line] = [
      .blank, .text("Agents say so by agent.waiting.", .dim), .text("vigia manual waiting says more.", .dim),
    ]
    return DetailPane.Line.wrapped(state, columns: columns, .text) + more
  }
}
