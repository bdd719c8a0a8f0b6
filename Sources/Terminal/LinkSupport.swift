import Screen

/// Whether a terminal makes text that leads somewhere (OSC 8) something to click. There is no question for that: it is
/// told by what a terminal calls itself, in the environment or by its answer to XTVERSION, which also comes through SSH.
///
/// Source: the list of terminals by the makers of the sequence, and the change logs of those that are named here.
enum LinkSupport {
  /// - Parameter environment: inside tmux and screen it says what is around them, which is not what is drawn to.
  static func isTold(by environment: [String: String]) -> Bool {
    let type = environment["TERM"] ?? ""
    guard environment["TMUX"] == nil, environment["STY"] == nil, !type.hasPrefix("tmux"), !type.hasPrefix("screen")
    else {
      return false
    }
    let types = ["xterm-kitty", "xterm-ghostty", "ghostty", "alacritty", "foot", "wezterm", "contour"]
    if types.contains(where: { type == $0 || type.hasPrefix("\($0)-") }) { return true }
    if ["iTerm.app", "WezTerm", "ghostty", "vscode"].contains(environment["TERM_PROGRAM"]) { return true }
    if environment["WT_SESSION"] != nil { return true }
    return number("VTE_VERSION", in: environment) >= firstVTE || number("KONSOLE_VERSION", in: environment) >= 20_12_00
  }

  /// - Parameter name: as the terminal answered, such as `tmux 3.4` or `VTE(7600)`.
  static func isTold(by name: TerminalName) -> Bool {
    switch name.program {
    case "iTerm2", "kitty", "WezTerm", "foot", "Konsole", "mintty", "contour", "ghostty", "xterm.js": true
    case "VTE": (name.version.first ?? 0) >= firstVTE
    case "tmux": !name.version.lexicographicallyPrecedes([3, 4])
    default: false
    }
  }

  /// 0.50, the first that no link brings down.
  private static let firstVTE = 50_00

  private static func number(_ name: String, in environment: [String: String]) -> Int {
    environment[name].flatMap { Int($0) } ?? 0
  }
}
