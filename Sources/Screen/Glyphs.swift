/// The signs that the console draws besides text. Each state and severity has its own, so that colour is never alone.
///
/// The rich set holds no emoji and nothing whose width terminals disagree on; each sign is one column wide.
package struct Glyphs: Equatable, Sendable {
  package var ellipsis: Unicode.Scalar
  package var horizontal: Unicode.Scalar
  package var vertical: Unicode.Scalar
  package var topLeft: Unicode.Scalar
  package var topRight: Unicode.Scalar
  package var bottomLeft: Unicode.Scalar
  package var bottomRight: Unicode.Scalar
  /// Where a line meets the border from inside: on the left, right, top and bottom edge.
  package var teeLeft: Unicode.Scalar
  package var teeRight: Unicode.Scalar
  package var teeTop: Unicode.Scalar
  package var teeBottom: Unicode.Scalar
  /// Heights of a sparkline, lowest first; eight of them.
  package var levels: [Unicode.Scalar]
  /// A bucket of a series with no data.
  package var gap: Unicode.Scalar
  /// Before the selected row.
  package var selection: Unicode.Scalar
  /// Before a marked row.
  package var mark: Unicode.Scalar
  package var up: Unicode.Scalar
  package var down: Unicode.Scalar
  package var steady: Unicode.Scalar
  package var left: Unicode.Scalar
  package var right: Unicode.Scalar
  package var bullet: Unicode.Scalar
  package var separator: Unicode.Scalar
  package var success: Unicode.Scalar
  package var failure: Unicode.Scalar
  package var pending: Unicode.Scalar
  package var unknown: Unicode.Scalar
  package var running: Unicode.Scalar
  package var paused: Unicode.Scalar
  package var restarting: Unicode.Scalar
  package var draining: Unicode.Scalar
  package var stopped: Unicode.Scalar
  package var severityLow: Unicode.Scalar
  package var severityMedium: Unicode.Scalar
  package var severityHigh: Unicode.Scalar
  package var severityCritical: Unicode.Scalar
  /// The cursor of an input line.
  package var caret: Unicode.Scalar
  /// Whether charts are drawn with braille patterns.
  package var hasBraille: Bool
}

extension Glyphs {
  package static let unicode = Glyphs(
    ellipsis: "…", horizontal: "─", vertical: "│", topLeft: "┌", topRight: "┐", bottomLeft: "└", bottomRight: "┘",
    teeLeft: "├", teeRight: "┤", teeTop: "┬", teeBottom: "┴",
    levels: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"], gap: "╌",
    selection: "▸", mark: "✓", up: "↑", down: "↓", steady: "→", left: "‹", right: "›", bullet: "•", separator: "│",
    success: "✓", failure: "✗", pending: "◌", unknown: "?",
    running: "●", paused: "‖", restarting: "↻", draining: "▽", stopped: "■",
    severityLow: "◦", severityMedium: "▵", severityHigh: "▲", severityCritical: "◆", caret: "▏",
    hasBraille: true)

  package static let ascii = Glyphs(
    ellipsis: "~", horizontal: "-", vertical: "|", topLeft: "+", topRight: "+", bottomLeft: "+", bottomRight: "+",
    teeLeft: "+", teeRight: "+", teeTop: "+", teeBottom: "+",
    levels: [" ", ".", ":", "-", "=", "+", "*", "#"], gap: "/",
    selection: ">", mark: "*", up: "^", down: "v", steady: "-", left: "<", right: ">", bullet: "*", separator: "|",
    success: "+", failure: "x", pending: ".", unknown: "?",
    running: "+", paused: "=", restarting: "@", draining: "v", stopped: "x",
    severityLow: ".", severityMedium: "-", severityHigh: "*", severityCritical: "!", caret: "_",
    hasBraille: false)

  /// Every sign of the set, for checks.
  package var all: [Unicode.Scalar] {
    let frame = [
      ellipsis, horizontal, vertical, topLeft, topRight, bottomLeft, bottomRight, teeLeft, teeRight, teeTop, teeBottom,
    ]
    let pointers = [gap, selection, mark, up, down, steady, left, right, bullet, separator, caret]
    let outcomes = [success, failure, pending, unknown]
    return frame + levels + pointers + outcomes + states + severities
  }

  /// The signs of the agent states; no two are the same.
  package var states: [Unicode.Scalar] { [running, paused, restarting, draining, stopped] }

  /// The signs of the severities, low to critical; no two are the same.
  package var severities: [Unicode.Scalar] { [severityLow, severityMedium, severityHigh, severityCritical] }
}
