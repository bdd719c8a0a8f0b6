import TestThreads
import Testing

/// What the judge of the console's output lets pass, and what not.
@Suite(.threaded) struct OutputGrammarTests {
  @Test(arguments: [
    "plain é 日本", "\u{1B}[12;40H\u{1B}[K", "\u{1B}[38;5;208m\u{1B}[48;5;16m", "\u{1B}[31m", "\u{1B}(B\u{1B}[0;1;7m",
    "\u{1B}[?1049h\u{1B}[22;0;0t", "\u{1B}[?2004h", "\u{1B}[?2026$p", "-\u{1B}[9b", "\r\n\u{8}",
    "\u{1B}]8;id=vigia-0;https://h/a?b;c\u{1B}\\", "\u{1B}]8;;\u{1B}\\",
  ])
  func whatTheTerminalIsDescribedByPasses(_ text: String) throws {
    try OutputGrammar(terminal: "xterm-256color").parse(Array(text.utf8))
  }

  @Test(arguments: [
    "\u{1B}[6n", "\u{1B}]0;x\u{7}", "\u{1B}]52;c;eQ==\u{7}", "\u{1B}c", "\u{1B}P$qm\u{1B}\\", "\u{1B}[?1000h", "\u{7}",
    "\u{7F}", "\u{1B}]8;;https://h/a\u{1B}\\", "\u{1B}]8;id=vigia-0;file:///etc\u{1B}\\",
    "\u{1B}]8;id=vigia-0;https://h/a b\u{1B}\\", "\u{1B}]8;id=vigia-0;https://h/é\u{1B}\\",
    "\u{1B}]8;id=vigia-0;https://h/",
    "\u{9B}2J", "\u{202E}", "\u{2028}", "\u{E0041}", "\u{FE0F}", "\u{200D}", "\u{1B}", "\u{1B}[38;2;1;2;3m",
    "\u{1B}[12;",
  ])
  func anythingElseFails(_ text: String) throws {
    let grammar = try OutputGrammar(terminal: "xterm-256color")
    #expect(throws: OutputGrammar.Stray.self) { try grammar.parse(Array("a\(text)".utf8)) }
    #expect(throws: OutputGrammar.Stray.self) { try OutputGrammar.plain.parse(Array("a\(text)".utf8)) }
  }

  @Test func bytesThatAreNoTextFail() throws {
    for byte in UInt8(0x80)...0xFF {
      #expect(throws: OutputGrammar.Stray.self) { try OutputGrammar.plain.parse([0x61, byte, 0x62]) }
    }
  }
}
