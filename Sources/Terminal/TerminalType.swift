import CNcurses

/// What `TERM` says, and what to try if the database does not know it.
struct TerminalType {
  let name: String
  let candidates: [String]

  init(environment: [String: String]) throws(TerminalError) {
    name = environment["TERM"] ?? ""
    if name == "dumb" { throw .incapable(type: name) }
    let family = name.hasPrefix("screen") || name.hasPrefix("tmux") ? ["screen-256color", "screen"] : []
    let usual = name.isEmpty ? ["xterm", "vt100", "ansi"] : ["xterm-256color", "xterm", "vt100", "ansi"]
    candidates = ([name] + family + usual).filter { !$0.isEmpty }
  }

  /// Whether the font has more than letters and frames: the Linux console's holds 256 or 512 signs.
  var hasGlyphs: Bool { name != "linux" }

  /// Whether an unknown question leaves no trace: old terminals print what they do not understand.
  var isQueryable: Bool {
    !["linux", "vt", "ansi", "cons", "sun", "wsvt", "pcansi"].contains { name.hasPrefix($0) }
  }

  /// What to tell the operator if another type than `TERM` was opened.
  func warning() -> String? {
    guard let opened = termname().map({ String(cString: $0) }), opened != name else { return nil }
    // termname gives at most 14 letters.
    if name.hasPrefix(opened), opened.utf8.count == 14 { return nil }
    let used = candidates.first { $0.hasPrefix(opened) } ?? opened
    return name.isEmpty
      ? "TERM is not set: drawing as for \(used)"
      : "TERM=\(name) is not in this machine's terminfo database: drawing as for \(used)"
  }
}
