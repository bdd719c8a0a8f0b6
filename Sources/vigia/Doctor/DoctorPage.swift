import FleetModel
import Screen
import Wire

/// What `vigia doctor` found, for a terminal: a row or more for each thing, and what to do below it.
///
/// ```
/// server       OK       Redis 7.0.15, standalone, Linux
/// eviction     wrong    allkeys-lru: when memory is short, Redis deletes any key …
///                       → CONFIG SET maxmemory-policy noeviction
/// ```
struct DoctorPage {
  let installation: Installation
  let checks: [Check]
  let canvas: TextCanvas

  private static let verdictColumn = 13
  private static let textColumn = 22

  /// How bad the worst is.
  static func worst(_ checks: [Check]) -> Check.Verdict { checks.map(\.verdict).max() ?? .ok }

  var lines: [String] {
    [installation.description.shown, ""] + checks.flatMap(lines) + ["", summary]
  }

  private func lines(_ check: Check) -> [String] {
    let width = max(10, canvas.columns - Self.textColumn)
    let arrow = canvas.glyphs == .ascii ? "-> " : "→ "
    var rows = TextWidth.wrapped(check.detail.shown, columns: width).map { (text: $0, isAdvice: false) }
    for advice in check.advice {
      for (index, line) in TextWidth.wrapped(advice.shown, columns: width - 3).enumerated() {
        rows.append(((index == 0 ? arrow : String(repeating: " ", count: arrow.count)) + line, true))
      }
    }
    return canvas.lines(rows: rows.count) { grid in
      func put(_ text: String, _ row: Int, from column: Int, to end: Int, _ role: Role) {
        grid.draw(text, in: Rect(row: row, column: column, height: 1, width: end - column), role: role)
      }
      put(check.topic, 0, from: 0, to: Self.verdictColumn - 1, .title)
      put(check.verdict.rawValue, 0, from: Self.verdictColumn, to: Self.textColumn - 1, Self.role(of: check.verdict))
      for (row, line) in rows.enumerated() {
        put(line.text, row, from: Self.textColumn, to: canvas.columns, line.isAdvice ? .title : .text)
      }
    }
  }

  private static func role(of verdict: Check.Verdict) -> Role {
    switch verdict {
    case .ok: .good
    case .unknown: .dim
    case .look: .warning
    case .wrong: .bad
    }
  }

  /// How many of each, the worst first.
  private var summary: String {
    let words: [(Check.Verdict, String)] = [
      (.wrong, "wrong"), (.look, "to look at"), (.unknown, "not known"), (.ok, "OK"),
    ]
    return words.compactMap { verdict, word in
      let count = checks.filter { $0.verdict == verdict }.count
      return count > 0 ? "\(count) \(word)" : nil
    }.joined(separator: ", ")
  }

  static func json(_ installation: Installation, _ checks: [Check]) -> JSONValue {
    [
      "server": .string("\(installation.endpoint)"), "prefix": .string(installation.prefix.text),
      "worst": .string(worst(checks).rawValue.lowercased()), "checks": .array(checks.map(\.json)),
    ]
  }
}
