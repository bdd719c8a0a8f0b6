import Configuration
import Console
import FleetModel
import Loop
import Screen
import Terminal
import TestSupport
import Wire

/// The part of a console that draws, with the time and the events of a benchmark's own, on a terminal that takes
/// everything.
///
/// A class, since it owns a terminal. One at a time: ncurses keeps its state in globals.
final class Stage {
  private(set) var model: Model
  private(set) var now: Instant
  private let pty: Pty
  private let terminal: Terminal
  private let decoder = EventDecoder()
  private var last: Grid?
  /// How many rows of the last frame differed from the one before.
  private(set) var changedRows = 0

  init(rows: Int, columns: Int) throws {
    pty = Pty(rows: UInt16(rows), columns: UInt16(columns))
    terminal = try Terminal(
      environment: ["TERM": "xterm-256color", "LANG": "C.UTF-8"], options: .init(theme: ThemeFile.builtIn("dark")),
      descriptor: pty.open())
    now = Instant.wallClock
    var settings = Model.Settings()
    settings.place = "127.0.0.1:6379"
    model = Model(settings: settings, size: terminal.size)
    _ = model.update(.link(.up))
    _ = model.update(.caughtUp)
    _ = model.update(.handler(.alive(id: "h1", isRecording: true)))
  }

  deinit { terminal.close() }

  func pass(_ span: TimeSpan) { now = now + span }

  /// Takes in an event, as the feed hands it over.
  func apply(_ body: JSONValue) throws {
    try body.encoded.withUnsafeBytes {
      _ = model.fleet.apply(try decoder.decode($0, channel: nil, receivedAt: now))
    }
  }

  func apply(_ line: AuditLine) { model.fleet.apply(line) }

  /// Has the next frame paint everything.
  func forget() {
    terminal.resize()
    _ = model.update(.resized(terminal.size))
  }

  /// Bytes that the terminal has been sent so far.
  var bytes: Int { terminal.bytesWritten }

  /// Draws and shows a frame as `ConsoleProgram` does, and lets the terminal take it.
  ///
  /// - Returns: the seconds of CPU that the console had, without the terminal's part.
  func frame() throws -> Double {
    var frame: Grid?
    var cpu = Cost {
      _ = model.update(.tick(now))
      frame = model.frame(terminal.size, glyphs: terminal.glyphs)
      if let frame { terminal.present(frame) }
    }.cpuSeconds
    _ = pty.take()
    for _ in 0..<1000 where terminal.wantsWrite {
      cpu += Cost { terminal.flush() }.cpuSeconds
      _ = pty.take()
    }
    guard !terminal.wantsWrite else { throw Mismatch("a terminal that is read takes nothing") }
    guard let grid = frame else {
      changedRows = 0
      return cpu
    }
    changedRows = last.map { last in (0..<grid.size.rows).count { grid.differs(from: last, row: $0) } } ?? 0
    last = grid
    return cpu
  }
}
