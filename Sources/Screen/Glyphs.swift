/// The signs that the console draws besides text. Each state and severity has its own, so that colour is never alone.
///
/// The rich set holds no emoji and nothing whose width terminals disagree on; each sign is one column wide.
package struct Glyphs: Equatable, Sendable {
  package var ellipsis: Character
  package var horizontal: Character
  package var vertical: Character
  package var topLeft: Character
  package var topRight: Character
  package var bottomLeft: Character
  package var bottomRight: Character
  /// Where a line meets the border from inside: on the left, right, top and bottom edge.
  package var teeLeft: Character
  package var teeRight: Character
  package var teeTop: Character
  package var teeBottom: Character
  /// Heights of a sparkline, lowest first; eight of them.
  package var levels: [Character]
  /// A bucket of a series with no data.
  package var gap: Character
  /// Before the selected row.
  package var selection: Character
  /// Before a marked row.
  package var mark: Character
  package var up: Character
  package var down: Character
  package var steady: Character
  package var left: Character
  package var right: Character
  package var bullet: Character
  package var separator: Character
  package var success: Character
  package var failure: Character
  package var pending: Character
  package var unknown: Character
  package var running: Character
  package var paused: Character
  package var restarting: Character
  package var draining: Character
  package var stopped: Character
  package var severityLow: Character
  package var severityMedium: Character
  package var severityHigh: Character
  package var severityCritical: Character
  /// The cursor of an input line.
  package var caret: Character
}

extension Glyphs {
  package static let unicode = Glyphs(
    ellipsis: "…", horizontal: "─", vertical: "│", topLeft: "┌", topRight: "┐", bottomLeft: "└", bottomRight: "┘",
    teeLeft: "├", teeRight: "┤", teeTop: "┬", teeBottom: "┴",
    levels: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"], gap: "╌",
    selection: "▸", mark: "✓", up: "↑", down: "↓", steady: "→", left: "‹", right: "›", bullet: "•", separator: "│",
    success: "✓", failure: "✗", pending: "◌", unknown: "?",
    running: "●", paused: "‖", restarting: "↻", draining: "▽", stopped: "■",
    severityLow: "◦", severityMedium: "▵", severityHigh: "▲", severityCritical: "◆", caret: "▏")

  package static let ascii = Glyphs(
    ellipsis: "~", horizontal: "-", vertical: "|", topLeft: "+", topRight: "+", bottomLeft: "+", bottomRight: "+",
    teeLeft: "+", teeRight: "+", teeTop: "+", teeBottom: "+",
    levels: [" ", ".", ":", "-", "=", "+", "*", "#"], gap: "/",
    selection: ">", mark: "*", up: "^", down: "v", steady: "-", left: "<", right: ">", bullet: "*", separator: "|",
    success: "+", failure: "x", pending: ".", unknown: "?",
    running: "+", paused: "=", restarting: "@", draining: "v", stopped: "x",
    severityLow: ".", severityMedium: "-", severityHigh: "*", severityCritical: "!", caret: "_")

  /// Every sign of the set, for checks.
  package var all: [Character] {
    let frame = [
      ellipsis, horizontal, vertical, topLeft, topRight, bottomLeft, bottomRight, teeLeft, teeRight, teeTop, teeBottom,
    ]
    let pointers = [gap, selection, mark, up, down, steady, left, right, bullet, separator, caret]
    let outcomes = [success, failure, pending, unknown]
    return frame + levels + pointers + outcomes + states + severities
  }

  /// The signs of the agent states; no two are the same.
  package var states: [Character] { [running, paused, restarting, draining, stopped] }

  /// The signs of the severities, low to critical; no two are the same.
  package var severities: [Character] { [severityLow, severityMedium, severityHigh, severityCritical] }
}
