import CLinux
import Glibc

/// Shows a text page by page on a terminal.
enum Pager {
  /// How wide the terminal is that stdout is; nil if it is none.
  static var columns: Int? {
    guard isatty(1) == 1 else { return nil }
    var window = winsize()
    return vigia_window_size(1, &window) == 0 && window.ws_col > 0 ? Int(window.ws_col) : 80
  }

  /// Shows it, or prints it plainly if there is no pager.
  ///
  /// - Parameter text: UTF-8 that a terminal may be given as it is.
  static func show(_ text: [UInt8]) {
    guard let command, isShown(text, by: command) else { return Output.raw(text) }
  }

  /// What a shell runs to show it; nil if it is to be printed plainly.
  private static var command: String? {
    guard let terminal = Environment["TERM"], terminal != "dumb" else { return nil }
    switch Environment["PAGER"] {
    case ""?, "cat"?: return nil
    case let pager?: return pager
    case nil: return "command -v less >/dev/null || exit \(notFound); exec less"
    }
  }

  /// The status by which a shell says that there is no such program.
  private static let notFound: Int32 = 127

  /// - Returns: false if there is no such pager, so that nothing has been shown.
  private static func isShown(_ text: [UInt8], by command: String) -> Bool {
    // A text of one screen needs no key, and what was read stays on the terminal. Without R, less shows escapes as text.
    setenv("LESS", "FX", 0)
    setenv("LESSCHARSET", "utf-8", 0)
    guard let pipe = popen(command, "we") else { return false }
    // The pager is told by the terminal that it is to stop, or ends before it has read all: this program waits for it.
    signal(SIGINT, SIG_IGN)
    signal(SIGPIPE, SIG_IGN)
    fwrite(text, 1, text.count, pipe)
    return pclose(pipe) >> 8 & 0xFF != notFound
  }
}
