import Redis
import Screen

/// An operator at a console on a terminal, with a link that can be cut.
final class ProgramSeat {
  let proxy: FaultProxy
  var desk = Desk()
  private let terminal: TmuxConsole
  private let size = Size(rows: 34, columns: 150)

  /// - Parameter isCut: whether it begins without a link.
  init(_ number: Int, server: TestServer, isCut: Bool) throws {
    proxy = try FaultProxy(loop: server.loop, to: server.server)
    let endpoint = proxy.endpoint
    if isCut {
      proxy.refuse()
      desk.lostTruth = Truth()
    }
    terminal = try TmuxConsole(
      "", on: endpoint, columns: size.columns, rows: size.rows, environment: "USER=operator\(number)")
  }

  func look() throws -> ScreenReading {
    ScreenReading(lines: Array(try terminal.screen().prefix(size.rows)), size: size)
  }

  func press(_ key: Key) throws {
    switch key {
    case .character(" "): try terminal.press("Space")
    case .character(let character): try terminal.press(String(character))
    case .enter: try terminal.press("Enter")
    case .escape: try terminal.press("Escape")
    case .backspace: try terminal.press("BSpace")
    case .up: try terminal.press("Up")
    case .down: try terminal.press("Down")
    case .tab, .backTab, .delete, .insert, .left, .right, .pageUp, .pageDown, .home, .end, .function, .control, .paste,
      .burst:
      break
    }
  }
}
