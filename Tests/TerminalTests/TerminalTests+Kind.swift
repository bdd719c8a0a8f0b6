import Screen
import Terminal
import TestSupport
import Testing

extension TerminalTests {
  @Test func unknownTypeFallsBackWithAWarning() throws {
    let terminal = try Pty().terminal(["TERM": "xterm-unheard-of", "LANG": "C.UTF-8"])
    #expect(
      terminal.warning
        == "TERM=xterm-unheard-of is not in this machine's terminfo database: drawing as for xterm-256color")
  }

  @Test func knownTypeWarnsOfNothing() throws {
    for type in ["xterm-256color", "screen-256color", "tmux-256color", "linux", "vt100"] {
      #expect(try Pty().terminal(["TERM": type]).warning == nil, "\(type)")
    }
  }

  @Test func missingTypeFallsBackWithAWarning() throws {
    #expect(try Pty().terminal(["LANG": "C.UTF-8"]).warning == "TERM is not set: drawing as for xterm")
  }

  @Test func dumbTerminalIsRefusedWithAWayOut() throws {
    let pty = Pty()
    let before = pty.modes
    let error = #expect(throws: TerminalError.self) { try pty.terminal(["TERM": "dumb"]) }
    #expect(error == .incapable(type: "dumb"))
    #expect(error?.description.contains("'vigia status' or 'vigia tail'") == true)
    #expect(pty.modes == before)
    #expect(pty.take() == [])
  }

  @Test func localeDecidesTheGlyphs() throws {
    #expect(try Pty().terminal(["TERM": "xterm", "LANG": "C.UTF-8"]).glyphs == .unicode)
    #expect(try Pty().terminal(["TERM": "xterm"]).glyphs == .unicode)
    #expect(try Pty().terminal(["TERM": "xterm", "LANG": "xx_YY.UTF-8"]).isUTF8)
    #expect(try Pty().terminal(["TERM": "xterm", "LC_ALL": "C"]).glyphs == .ascii)
    #expect(try Pty().terminal(["TERM": "xterm", "LC_ALL": "xx_YY.ISO-8859-1"]).glyphs == .ascii)
    #expect(try Pty().terminal(options: Terminal.Options(ascii: true)).glyphs == .ascii)
    #expect(try Pty().terminal(["TERM": "linux", "LANG": "C.UTF-8"]).glyphs == .ascii)
  }

  @Test func plainLocaleWritesAsciiInTheSameColumns() throws {
    let pty = Pty()
    let terminal = try pty.terminal(["TERM": "xterm", "LC_ALL": "C"])
    terminal.present(grid(["日本é|"]))
    let bytes = pty.take()
    #expect(bytes.allSatisfy { $0 < 0x80 })
    #expect(String(decoding: bytes, as: UTF8.self).contains("? ? ?|"))
  }

  @Test func glyphUnknownToTheLibraryKeepsItsColumns() throws {
    let pty = Pty()
    let terminal = try pty.terminal()
    terminal.present(grid(["\u{1FADF}|"]))
    #expect(pty.takeText().contains("\u{FFFD} |"))
  }

  @Test func noColourMeansAttributesOnly() throws {
    let red = Theme(name: "red", styles: [.bad: Style(foreground: Color(hex: "#ff0000"))])
    let environment = ["TERM": "xterm-256color", "LANG": "C.UTF-8", "NO_COLOR": "1"]
    let pty = Pty()
    try pty.terminal(environment, options: Terminal.Options(theme: red)).present(grid(["bad"], role: .bad))
    let text = pty.takeText()
    #expect(!text.contains("\u{1B}[38") && !text.contains("\u{1B}[31"))
    #expect(text.contains(";1;4mbad"))
  }

  @Test(arguments: [
    ("xterm-256color", "\u{1B}[38;5;208m"), ("xterm", "\u{1B}[33m"), ("screen-256color", "\u{1B}[38;5;208m"),
  ])
  func colourIsBroughtDownToTheTerminal(_ type: String, _ sequence: String) throws {
    let orange = Theme(name: "orange", styles: [.bad: Style(foreground: Color(hex: "#ff8700"))])
    let pty = Pty()
    let terminal = try pty.terminal(["TERM": type], options: Terminal.Options(theme: orange))
    terminal.present(grid(["bad"], role: .bad))
    #expect(pty.takeText().contains(sequence))
  }

  @Test(arguments: ["truecolor", "24bit"])
  func colourOf24BitsIsSentAsItIs(_ announced: String) throws {
    let orange = Style(foreground: Color(hex: "#ff8701"), background: Color(hex: "#010203"))
    let theme = Theme(name: "orange", styles: [.bad: orange, .good: Style(foreground: Color(hex: "#ff8702"))])
    let pty = Pty()
    let environment = ["TERM": "xterm-256color", "COLORTERM": announced]
    let terminal = try pty.terminal(environment, options: Terminal.Options(theme: theme))
    var grid = grid(["bad"], role: .bad)
    grid.draw("good 38;5;16m", in: grid.bounds.line(1), role: .good)
    terminal.present(grid)
    let text = pty.takeText()
    #expect(text.contains("\u{1B}[38;2;255;135;1m") && text.contains("\u{1B}[48;2;1;2;3m"))
    #expect(text.contains("\u{1B}[38;2;255;135;2m") && text.contains("good 38;5;16m"))
    #expect(!text.contains("\u{1B}[38;5;") && !text.contains("\u{1B}[48;5;"))
  }

  @Test func keysComeFromTheTerminalsOwnDescription() throws {
    let terminal = try Pty().terminal()
    #expect(terminal.keyTable.key(for: Array("\u{1B}OA".utf8)) == .up)
    #expect(terminal.keyTable.key(for: Array("\u{1B}[A".utf8)) == .up)
    #expect(terminal.keyTable.key(for: Array("\u{1B}OP".utf8)) == .function(1))
    #expect(try Pty().terminal(["TERM": "linux"]).keyTable.key(for: Array("\u{1B}[[A".utf8)) == .function(1))
  }

  @Test func oldTerminalIsAskedNothing() throws {
    let pty = Pty()
    let terminal = try pty.terminal(["TERM": "linux"])
    terminal.present(grid(["agents"]))
    terminal.close()
    #expect(!pty.takeText().contains("2026"))
  }
}
