import CLinux
import Glibc
import Loop
import Screen
import Terminal
import TestSupport
import Testing

/// ncurses keeps its state in globals: all tests that open a terminal are in this suite, one after another.
@Suite(.serialized)
struct TerminalTests {
  @Test func firstFrameTakesTheScreenAndShowsTheText() throws {
    let pty = Pty()
    let terminal = try pty.terminal()
    terminal.present(grid(["agents"]))
    let text = pty.takeText()
    #expect(text.contains("\u{1B}[?1049h"))
    #expect(text.contains("agents"))
    #expect(text.contains("\u{1B}[?25l"))
    #expect(text.hasSuffix("\u{1B}[?2004h\u{1B}[?2026$p\u{1B}[>q"))
    #expect(terminal.bytesWritten == text.utf8.count)
    #expect(terminal.size == Size(rows: 24, columns: 80))
  }

  @Test func unchangedGridWritesNothing() throws {
    let pty = Pty()
    let terminal = try pty.terminal()
    terminal.present(grid(["agents"]))
    _ = pty.take()
    terminal.present(grid(["agents"]))
    #expect(pty.take() == [])
  }

  @Test func changedLetterWritesFewBytes() throws {
    let pty = Pty()
    let terminal = try pty.terminal()
    terminal.present(grid(["agents 1", "errors"]))
    _ = pty.take()
    terminal.present(grid(["agents 2", "errors"]))
    #expect(pty.take().count < 16)
  }

  @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob~\u{FF}", "Zm9vYn7Dvw==")])
  func clipboardGetsBase64(text: String, encoded: String) throws {
    let pty = Pty()
    let terminal = try pty.terminal()
    terminal.present(grid(["agents"]))
    _ = pty.take()
    terminal.copy(Array(text.utf8))
    #expect(pty.takeText() == "\u{1B}]52;c;\(encoded)\u{07}")
  }

  @Test func closeLeavesTheTerminalAsFound() throws {
    let pty = Pty()
    let before = pty.modes
    let terminal = try pty.terminal()
    #expect(pty.modes != before)
    terminal.present(grid(["agents"]))
    _ = pty.take()
    terminal.close()
    #expect(pty.modes == before)
    let text = pty.takeText()
    for sequence in ["\u{1B}[?2004l", "\u{1B}[?1049l", "\u{1B}[?25h"] { #expect(text.contains(sequence)) }
    terminal.close()
    #expect(pty.take() == [])
  }

  @Test func colorsOfTheTerminalAreNeverReset() throws {
    let pty = Pty()
    let terminal = try pty.terminal()
    terminal.present(grid(["agents"]))
    terminal.close()
    #expect(!pty.takeText().contains("\u{1B}]"))
  }

  @Test func terminalThatIsForgottenIsRestored() throws {
    let pty = Pty()
    let before = pty.modes
    _ = try pty.terminal()
    #expect(pty.modes == before)
    #expect(pty.take() == [], "nothing was shown, so nothing is taken back")
  }

  @Test func suspendGivesBackAndResumeTakesAgain() throws {
    let pty = Pty()
    let before = pty.modes
    let terminal = try pty.terminal()
    let raw = pty.modes
    terminal.present(grid(["agents"]))
    _ = pty.take()
    terminal.suspend()
    #expect(pty.modes == before)
    #expect(pty.takeText().contains("\u{1B}[?1049l"))
    terminal.present(grid(["unseen"]))
    #expect(pty.take() == [])
    pty.resize(rows: 30, columns: 100)
    terminal.resume()
    #expect(pty.modes == raw)
    #expect(terminal.size == Size(rows: 30, columns: 100))
    terminal.present(grid(["agents"], rows: 30, columns: 100))
    let text = pty.takeText()
    #expect(text.contains("\u{1B}[?1049h") && text.contains("agents") && text.contains("\u{1B}[?2004h"))
  }

  @Test func terminalThatNobodyReadsNeverHoldsUp() throws {
    let pty = Pty(rows: 100, columns: 300)
    let terminal = try pty.terminal()
    for letter in "QXYZ" {
      let lines = Array(repeating: String(repeating: letter, count: 300), count: 100)
      terminal.present(grid(lines, rows: 100, columns: 300))
    }
    #expect(terminal.isCongested && terminal.wantsWrite)
    var text = ""
    while terminal.wantsWrite {
      text += pty.takeText()
      terminal.flush()
    }
    text += pty.takeText()
    let isFirstFrameOnly = text.contains("Q") && !text.contains("X")
    #expect(isFirstFrameOnly, "no frame was begun while the first was under way")
    terminal.present(grid(["present"], rows: 100, columns: 300))
    #expect(!terminal.isCongested)
    #expect(pty.takeText().contains("present"))
  }

  @Test func closeWithAFrameUnderWayStillRestoresTheModes() throws {
    let pty = Pty(rows: 100, columns: 300)
    let before = pty.modes
    let terminal = try pty.terminal()
    let lines = Array(repeating: String(repeating: "日", count: 150), count: 100)
    terminal.present(grid(lines, rows: 100, columns: 300))
    #expect(terminal.isCongested)
    terminal.close()
    #expect(pty.modes == before)
  }

  @Test func readGivesBytesNothingAndGone() throws {
    let pty = Pty()
    let terminal = try pty.terminal()
    #expect(terminal.read() == .nothing)
    pty.type("p\u{3}\u{1A}\r")
    #expect(terminal.read() == .bytes([0x70, 0x03, 0x1A, 0x0D]))
    #expect(terminal.read() == .nothing)
    pty.hangUp()
    // A program that another thread starts at this moment may hold the terminal's side a little longer.
    try Loop().wait { terminal.read() == .gone }
    terminal.present(grid(["unseen"]))
    #expect(!terminal.wantsWrite)
  }

  @Test func framesAreMarkedOnlyWhereTheTerminalKnowsTheMarks() throws {
    let pty = Pty()
    let terminal = try pty.terminal()
    terminal.present(grid(["one"]))
    terminal.note(ModeReport(mode: 2026, setting: 0))
    _ = pty.take()
    terminal.present(grid(["two"]))
    #expect(!pty.takeText().contains("2026"))
    terminal.note(ModeReport(mode: 2026, setting: 2))
    terminal.present(grid(["three"]))
    let text = pty.takeText()
    #expect(text.hasPrefix("\u{1B}[?2026h") && text.hasSuffix("\u{1B}[?2026l"))
  }

  @Test func sizesFromOneCellToHugeAreSurvived() throws {
    let pty = Pty()
    let terminal = try pty.terminal()
    for (rows, columns) in [(1, 1), (1, 200), (5, 20), (60, 200), (65_535, 65_535), (2, 2), (24, 80)] {
      pty.resize(rows: UInt16(rows), columns: UInt16(columns))
      terminal.resize()
      #expect(terminal.size == Size(rows: min(rows, 500), columns: min(columns, 1000)))
      terminal.present(grid(["agents", "日本"], rows: terminal.size.rows, columns: terminal.size.columns))
      while terminal.wantsWrite {
        _ = pty.take()
        terminal.flush()
      }
    }
    terminal.present(grid(["last"]))
    #expect(pty.takeText().contains("last"))
  }

  @Test func terminalWithoutASizeIsTakenFromTheEnvironment() throws {
    let pty = Pty(rows: 0, columns: 0)
    let terminal = try pty.terminal(["TERM": "xterm", "LINES": "40", "COLUMNS": "100"])
    #expect(terminal.size == Size(rows: 40, columns: 100))
  }
}
