import FleetModel
import Screen

/// What a command of the operator's own has printed.
struct CommandOutputPane {
  var frame: PaneFrame
  var state: String
  var role: Role
  /// The lines in view.
  var lines: [String]

  func draw(into grid: inout Grid, in rect: Rect) {
    let inside = frame.draw(into: &grid, in: rect).inset(rows: 0, columns: 1)
    grid.draw(state, in: inside.line(0), role: role)
    for (place, line) in lines.prefix(max(0, inside.height - 2)).enumerated() {
      grid.draw(line, in: inside.line(place + 2), role: .text)
    }
  }
}

extension Model {
  func commandOutputPane(_ output: CommandOutput, in rect: Rect) -> CommandOutputPane {
    let (state, role): (String, Role) =
      switch output.state {
      case .running(let since): ("runs for \(Format.remaining(now - since))", .warning)
      case .ended(let words, let isGood): (words, isGood ? .good : .bad)
      }
    let lines = (output.isCut ? ["… what came before is left out"] : []) + output.lines
    return CommandOutputPane(
      frame: PaneFrame(
        title: output.title, summary: "up and down scroll, Esc closes", isFocused: true, hasBorder: true),
      state: state, role: role, lines: Array(lines.dropFirst(outputTop).prefix(max(0, rect.height - 4))))
  }

  /// The last line that can stand at the top.
  func lastOutputTop(in rect: Rect) -> Int {
    guard let output = commandOutput else { return 0 }
    return max(0, output.lines.count + (output.isCut ? 1 : 0) - max(1, rect.height - 4))
  }
}
