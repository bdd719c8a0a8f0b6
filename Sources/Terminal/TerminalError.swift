/// Why no console can be shown here, and what can be used instead.
package enum TerminalError: Error, Equatable, CustomStringConvertible {
  /// There is no terminal to draw on.
  case noTerminal(cause: String)
  /// The terminal cannot place text on the screen.
  case incapable(type: String)
  /// Neither the terminal's type nor any of the usual ones is in the terminfo database.
  case unknownType(type: String)
  /// A call of the operating system failed.
  case failed(operation: String, cause: String)

  package var description: String {
    switch self {
    case .noTerminal(let cause):
      "no terminal to draw the console on: \(cause); \(TerminalError.instead)"
    case .incapable(let type):
      "a terminal of type '\(type)' cannot show the console; \(TerminalError.instead)"
    case .unknownType(let type):
      "no terminfo entry for TERM='\(type)' nor for any usual type: install ncurses-base, or set TERMINFO; "
        + TerminalError.instead
    case .failed(let operation, let cause):
      "the terminal could not be opened: \(operation): \(cause)"
    }
  }

  private static let instead = "use 'vigia status' or 'vigia tail', which print lines"
}
