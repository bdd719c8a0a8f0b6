import Glibc

/// Shows a text page by page on a terminal, and prints it plainly elsewhere.
enum Pager {
  /// - Parameter text: UTF-8 that a terminal may be given as it is.
  static func show(_ text: [UInt8]) {
    guard isatty(1) == 1, let command, isShown(text, by: command) else { return Output.raw(text) }
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
