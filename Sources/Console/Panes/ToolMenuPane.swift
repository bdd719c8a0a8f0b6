import FleetModel
import Screen

/// The operator's own links and commands for an agent, one of them selected.
///
/// ```
/// ┌─ Links and commands for Vendas ──────────────────────── Enter, Esc closes ─┐
/// │  Links                                                                      │
/// │▸ Logs           https://logs.internal/search?agent=sales-1                  │
/// │  Commands                                                                   │
/// │  Pods           /usr/bin/kubectl get pods -l agent=sales-1                  │
/// │  Delete pods    ▲ dangerous  /usr/bin/kubectl delete …                      │
/// └─────────────────────────────────────────────────────────────────────────────┘
/// ```
struct ToolMenuPane {
  enum Row: Equatable {
    case heading(String)
    case item(name: String, detail: String, isDangerous: Bool, isSelected: Bool, address: String? = nil)
  }

  var frame: PaneFrame
  var rows: [Row]
  /// What is asked of a dangerous command; empty if nothing is.
  var question: [DetailPane.Line]

  func draw(into grid: inout Grid, in rect: Rect) {
    let inside = frame.draw(into: &grid, in: rect)
    let (body, foot) = inside.splitBottom(question.isEmpty ? 0 : min(question.count, inside.height / 2))
    let selected = rows.firstIndex { if case .item(_, _, _, true, _) = $0 { true } else { false } } ?? 0
    let top = max(0, selected - body.height + 1)
    for (place, row) in rows.dropFirst(top).prefix(body.height).enumerated() {
      draw(row, into: &grid, in: body.line(place))
    }
    grid.draw(question, in: foot)
  }

  private func draw(_ row: Row, into grid: inout Grid, in rect: Rect) {
    switch row {
    case .heading(let text): grid.draw(text, in: rect.dropping(left: 2), role: .title)
    case .item(let name, let detail, let isDangerous, let isSelected, let address):
      if isSelected { grid.draw(String(grid.glyphs.selection), in: rect, role: .text) }
      var (first, rest) = rect.dropping(left: 2).splitLeft(min(24, max(8, rect.width / 4)))
      let shown = grid.draw(name, in: first, role: .text)
      if let address { grid.link(first.splitLeft(shown).0, to: address) }
      rest = rest.dropping(left: 1)
      if isDangerous {
        (first, rest) = rest.splitLeft(12)
        grid.draw("\(grid.glyphs.severity(.high)) dangerous", in: first, role: .warning)
      }
      let columns = grid.draw(detail, in: rest, role: .dim)
      if let address { grid.link(rest.splitLeft(columns).0, to: address) }
      if isSelected { grid.paint(rect, role: .selected) }
    }
  }
}

extension Model {
  func toolMenuPane(_ menu: ToolMenu, in rect: Rect) -> ToolMenuPane {
    var rows: [ToolMenuPane.Row] = []
    var (hasLinks, hasCommands) = (false, false)
    for (place, item) in menu.items.enumerated() {
      let isSelected = place == menu.selected
      switch item {
      case .link(let name, let address):
        if !hasLinks { rows.append(.heading("Links")) }
        hasLinks = true
        rows.append(
          .item(
            name: Scrubber.display(name), detail: address, isDangerous: false, isSelected: isSelected,
            address: address))
      case .command(let command):
        if !hasCommands { rows += (hasLinks ? [.heading("")] : []) + [.heading("Commands")] }
        hasCommands = true
        rows.append(
          .item(
            name: Scrubber.display(command.name), detail: Self.words(command, menu.facts),
            isDangerous: command.isDangerous, isSelected: isSelected))
      }
    }
    return ToolMenuPane(
      frame: PaneFrame(
        title: "Links and commands for \(labels[menu.agent])", summary: "Enter, Esc closes",
        isFocused: true, hasBorder: true),
      rows: rows, question: menu.question.map { question($0, columns: rect.width - 4) } ?? [])
  }

  /// The command line, or why it cannot be run.
  private static func words(_ command: OwnCommand, _ facts: LinkFacts) -> String {
    do throws(OwnCommand.Refusal) {
      return Scrubber.display(try command.filled(facts).map(quoted).joined(separator: " "))
    } catch {
      return Scrubber.display("\(error)")
    }
  }

  /// An argument as one would write it: with quotes if it would fall apart without.
  private static func quoted(_ argument: String) -> String {
    argument.isEmpty || argument.contains { $0 == " " || $0 == "'" } ? "'\(argument)'" : argument
  }

  private func question(_ question: ToolMenu.Question, columns: Int) -> [DetailPane.Line] {
    let line = question.arguments.map(Self.quoted).joined(separator: " ")
    let left = String(repeating: "_", count: question.code.count - question.typed.count)
    return [.blank] + DetailPane.Line.wrapped(Scrubber.display("run \(line)?"), columns: columns, .promptDanger)
      + [.text("type \(question.code): \(question.typed)\(left)   other keys: no", .code)]
  }
}
