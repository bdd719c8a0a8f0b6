import Glibc
import Loop
import TestSupport
import TestThreads
import Testing

/// Which terminals the console is shown on, and how.
@Suite(.threaded) struct TerminalKindTests {
  /// A run that is refused before anything is drawn.
  private func refusal(_ environment: [String: String]) throws -> (code: Int32?, text: String, isUntouched: Bool) {
    let program = try PtyProgram(environment: environment)
    let before = program.modesBefore
    let ended = try program.finish()
    return (ended.exitCode, program.text, program.pty.modes == before)
  }

  @Test func dumbTerminalIsToldOfTheTools() throws {
    let (code, text, isUntouched) = try refusal(["TERM": "dumb"])
    #expect(code == 1 && isUntouched)
    #expect(
      text
        == "vigia: a terminal of type 'dumb' cannot show the console; use 'vigia status' or 'vigia tail', which print lines\r\n"
    )
  }

  @Test func noTerminalIsToldOfTheTools() throws {
    #expect(
      try Program.run("--redis", "redis://127.0.0.1:1", environment: ["TERM": "xterm"])
        == .init(
          1,
          errors: """
            vigia: no terminal to draw the console on: standard output is not a terminal; use 'vigia status' or \
            'vigia tail', which print lines

            """))
  }

  @Test func unknownTypeIsDrawnAsAUsualOneWithAWarning() throws {
    let program = try PtyProgram(columns: 120, environment: ["TERM": "xterm-unheard-of"])
    try program.wait(
      for: "TERM=xterm-unheard-of is not in this machine's terminfo database: drawing as for xterm-256color")
    program.type("q")
    #expect(try program.finish().exitCode == 0)
    try OutputGrammar(terminal: "xterm-256color").parse(program.output)
  }

  /// What a console sends from its first frame to its end.
  private func output(_ environment: [String: String]) throws -> String {
    let server = try TestServer()
    let program = try PtyProgram(on: server.endpoint, columns: 130, environment: environment)
    try program.wait(for: "NO HANDLER")
    try server.publish("agent.metrics", #"{"entity_id":"日本","data":{"error_rate":0.3}}"#)
    try program.wait(for: "30%")
    try program.redraw()
    program.type("q")
    #expect(try program.finish().exitCode == 0)
    let isDirect = environment["COLORTERM"] != nil
    let grammar = try OutputGrammar(
      terminal: environment["TERM"] ?? "xterm-256color", hasDirectColors: isDirect, database: environment["TERMINFO"])
    try grammar.parse(program.output)
    return program.text
  }

  @Test(arguments: [["LC_ALL": "C"], ["LC_ALL": "", "LC_CTYPE": "POSIX"], ["TERM": "linux"]])
  func terminalWithoutGlyphsGetsLetters(_ environment: [String: String]) throws {
    let text = try output(environment)
    #expect(
      text.unicodeScalars.allSatisfy {
        $0.isASCII || environment["TERM"] == "linux" && "日本".unicodeScalars.contains($0)
      })
  }

  @Test(arguments: [["LANG": ""], ["LANG": "xx_YY.UTF-8"], ["LC_ALL": "C.UTF-8"]])
  func terminalWithUTF8GetsGlyphs(_ environment: [String: String]) throws {
    let text = try output(environment)
    #expect(text.contains("日本") && text.contains("▸"))
  }

  @Test(arguments: [
    (["TERM": "xterm-256color"], "38;5;", ["38;2;"]),
    (["TERM": "xterm-256color", "COLORTERM": "truecolor"], "38;2;", ["38;5;", "48;5;"]),
    (["TERM": "screen-256color", "COLORTERM": "24bit"], "48;2;", ["38;5;", "48;5;"]),
    (["TERM": "xterm", "COLORTERM": "truecolor"], "3", ["38;", "48;"]),
    (["TERM": "vt100"], "0;1", ["3", "4"]),
    (["TERM": "xterm-256color", "NO_COLOR": "1"], "0;1", ["3", "4"]),
  ])
  func coloursAreThoseOfTheTerminal(_ environment: [String: String], _ present: String, _ absent: [String]) throws {
    try expectColours(environment, present, absent)
  }

  /// Not every machine's database has a terminal of 16 colours: this one is compiled for the test.
  private static let sixteenColours = #"""
    vigia-16color|a terminal of 16 colours,
      colors#16, pairs#256, setaf=\E[%?%p1%{8}%<%t3%p1%d%e9%p1%{8}%-%d%;m,
      setab=\E[%?%p1%{8}%<%t4%p1%d%e10%p1%{8}%-%d%;m, use=xterm,

    """#

  @Test func sixteenColoursAreUsedWhereThereAreNoMore() throws {
    var template = Array("/tmp/vigia-terminfo-XXXXXX".utf8CString)
    let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
    defer { _ = try? Child("/bin/rm", ["-r", folder], environment: [:]).wait() }
    let compiler = try #require(popen("tic -x -o \(folder) -", "w"))
    fputs(Self.sixteenColours, compiler)
    try #require(pclose(compiler) == 0)
    let environment = ["TERM": "vigia-16color", "TERMINFO": folder]
    // Bright ones too, which eight colours do not have.
    try expectColours(environment, "9", ["38;", "48;"])
    try expectColours(environment, "3", ["38;", "48;"])
  }

  private func expectColours(_ environment: [String: String], _ present: String, _ absent: [String]) throws {
    let attributes = TerminalState(after: Array(try output(environment).utf8)).attributes
    // 39 and 49 are the terminal's own colours.
    let colours = attributes.filter { !["39", "49", "39;49"].contains($0) }
    #expect(colours.contains { $0.hasPrefix(present) })
    for prefix in absent { #expect(!colours.contains { $0.hasPrefix(prefix) }, "\(prefix)") }
  }
}
