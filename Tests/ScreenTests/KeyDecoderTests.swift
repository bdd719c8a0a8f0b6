import Screen
import Testing

struct KeyDecoderTests {
  private func keys(_ text: String) -> [Key] {
    var decoder = KeyDecoder(table: .fallback)
    return decoder.feed(Array(text.utf8), at: 0) + decoder.expire(at: 60_000)
  }

  /// What comes of the bytes in two reads, so many milliseconds apart.
  private func split(_ bytes: [UInt8], at cut: Int, apart: Int64) -> [Key] {
    var decoder = KeyDecoder(table: .fallback)
    let first = decoder.feed(Array(bytes[..<cut]), at: 0)
    let second = decoder.feed(Array(bytes[cut...]), at: apart)
    return first + second + decoder.expire(at: 60_000)
  }

  @Test func lettersAreThemselves() {
    for letter in "pY?é日" { #expect(keys(String(letter)) == [.character(letter)]) }
  }

  @Test func controlsAreNamed() {
    #expect(keys("\r\n\t\u{7F}\u{8}") == [.enter, .enter, .tab, .backspace, .backspace])
    #expect(keys("\u{3}\u{1A}\u{1C}\0") == [.control("c"), .control("z"), .control("\\"), .control("@")])
  }

  @Test func everySequenceOfTheTableIsItsKey() {
    for (bytes, key) in KeySequenceTable.fallback.sequences {
      var decoder = KeyDecoder(table: .fallback)
      #expect(decoder.feed(bytes, at: 0) == [key], "\(bytes)")
      #expect(decoder.deadline == nil)
    }
  }

  @Test func everySequenceSplitAnywhereIsItsKey() {
    for (bytes, key) in KeySequenceTable.fallback.sequences {
      for cut in 1..<bytes.count { #expect(split(bytes, at: cut, apart: 20) == [key], "\(bytes) at \(cut)") }
    }
  }

  @Test func everySequenceSplitLateNeverActs() {
    for (bytes, key) in KeySequenceTable.fallback.sequences {
      #expect(split(bytes, at: 1, apart: 250) == [.escape], "\(bytes)")
      for cut in 2..<bytes.count { #expect(split(bytes, at: cut, apart: 400) == [key], "\(bytes) at \(cut)") }
    }
  }

  @Test func everySequenceByteByByteOnASlowLinkNeverActs() {
    for (bytes, _) in KeySequenceTable.fallback.sequences {
      var decoder = KeyDecoder(table: .fallback)
      var all: [Key] = []
      for (index, byte) in bytes.enumerated() { all += decoder.feed([byte], at: Int64(index) * 290) }
      #expect(all == [.escape], "\(bytes)")
    }
  }

  @Test func loneEscapeAnswersAfter25Milliseconds() {
    var decoder = KeyDecoder(table: .fallback)
    #expect(decoder.feed([0x1B], at: 1_000) == [])
    #expect(decoder.deadline == 1_025)
    #expect(decoder.expire(at: 1_024) == [])
    #expect(decoder.expire(at: 1_025) == [.escape])
    #expect(decoder.deadline == nil)
  }

  @Test func lateBracketBelongsToItsEscape() {
    var decoder = KeyDecoder(table: .fallback)
    _ = decoder.feed([0x1B], at: 0)
    #expect(decoder.expire(at: 25) == [.escape])
    #expect(decoder.feed(Array("[3;5".utf8), at: 290) == [])
    #expect(decoder.feed(Array("~p".utf8), at: 900) == [.character("p")])
  }

  @Test func bracketAfter300MillisecondsIsAKey() {
    var decoder = KeyDecoder(table: .fallback)
    _ = decoder.feed([0x1B], at: 0)
    #expect(decoder.expire(at: 25) == [.escape])
    #expect(decoder.feed(Array("[".utf8), at: 301) == [.character("[")])
  }

  @Test func escapeTwiceIsTwoEscapes() {
    var decoder = KeyDecoder(table: .fallback)
    #expect(decoder.feed([0x1B, 0x1B], at: 0) == [])
    #expect(decoder.expire(at: 25) == [.escape, .escape])
  }

  @Test(arguments: [
    "\u{1B}[1;5A", "\u{1B}[27;5;9~", "\u{1B}[?1;2c", "\u{1B}[12;40R", "\u{1B}[0n", "\u{1B}[>41;354;0c",
    "\u{1B}[<0;12;3M", "\u{1B}[M #y", "\u{1B}O5P", "\u{1B}Oy", "\u{1B}[[Z", "\u{1B}[?2026;2$y", "\u{1B}[I", "\u{1B}[O",
    "\u{1B}]11;rgb:ffff/ffff/ffff\u{7}", "\u{1B}]52;c;eXA=\u{1B}\\", "\u{1B}P1$r0m\u{1B}\\", "\u{1B}_Gi=1;OK\u{1B}\\",
    "\u{1B}^py\u{1B}\\", "\u{1B}Xpy\u{1B}\\", "\u{1B}x", "\u{1B}é", "\u{1B}\r", "\u{1B}\u{1B}[A", "\u{9B}1;5y",
    "\u{9D}2;y\u{7}", "\u{1B}[201~",
  ])
  func unknownSequenceNeverActs(_ text: String) {
    let bytes = Array(text.utf8)
    var decoder = KeyDecoder(table: .fallback)
    #expect(decoder.feed(bytes + Array("q".utf8), at: 0) == [.character("q")])
    for cut in 1..<bytes.count where bytes[cut - 1] != 0x1B {
      #expect(split(bytes, at: cut, apart: 400) == [], "at \(cut)")
    }
    for cut in 1..<bytes.count { #expect(split(bytes, at: cut, apart: 20) == [], "at \(cut)") }
  }

  @Test func answerAboutAModeIsAReport() {
    var decoder = KeyDecoder(table: .fallback)
    #expect(decoder.feed(Array("\u{1B}[?2026;2$y".utf8), at: 0) == [])
    #expect(decoder.takeReports() == [ModeReport(mode: 2026, setting: 2)])
    #expect(decoder.takeReports() == [])
  }

  @Test(
    arguments: [
      ("kitty(0.35.2)", TerminalName(program: "kitty", version: [0, 35, 2])),
      ("tmux 3.3a", TerminalName(program: "tmux", version: [3, 3])),
      ("VTE(7600)", TerminalName(program: "VTE", version: [7600])),
      ("foot", TerminalName(program: "foot", version: [])),
      ("tmux next-3.5", TerminalName(program: "tmux", version: [])), ("", nil), ("(1)", nil), ("é 1", nil),
      ("x 99999999999999999999.2", TerminalName(program: "x", version: [2])),
    ] as [(String, TerminalName?)])
  func answerWhatTheTerminalIsIsAName(_ text: String, _ name: TerminalName?) {
    let bytes = Array("\u{1B}P>|\(text)\u{1B}\\".utf8)
    for cut in 1..<bytes.count {
      var decoder = KeyDecoder(table: .fallback)
      #expect(decoder.feed(Array(bytes[..<cut]), at: 0) + decoder.feed(Array(bytes[cut...]), at: 20) == [])
      #expect(decoder.takeName() == name, "at \(cut)")
      #expect(decoder.takeName() == nil)
    }
  }

  @Test(arguments: [
    "\u{1B}]>|kitty(1)\u{1B}\\", "\u{1B}P>|kitty(1)\u{7}", "\u{1B}P>|kitty(1)\u{18}", "\u{1B}P1$r>|kitty\u{1B}\\",
    "\u{1B}P>|kitty(1)\u{1B}x",
  ])
  func otherStringsAreNoName(_ text: String) {
    var decoder = KeyDecoder(table: .fallback)
    _ = decoder.feed(Array(text.utf8), at: 0)
    #expect(decoder.takeName() == nil)
  }

  @Test func endlessNameIsCut() throws {
    var decoder = KeyDecoder(table: .fallback)
    _ = decoder.feed(Array("\u{1B}P>|\(String(repeating: "x", count: 100_000))\u{1B}\\".utf8), at: 0)
    let name = decoder.takeName()
    #expect(try #require(name).program.utf8.count < 64)
  }

  @Test func unendedStringGivesTheKeysBack() {
    var decoder = KeyDecoder(table: .fallback)
    #expect(decoder.feed(Array("\u{1B}]0;py".utf8), at: 0) == [])
    #expect(decoder.deadline == 1_000)
    #expect(decoder.feed(Array("q".utf8), at: 1_500) == [.character("q")])
  }

  @Test func interruptEndsWhateverIsOpen() {
    for opening in ["\u{1B}]0;py", "\u{1B}[1;", "\u{1B}", "\u{1B}P"] {
      var decoder = KeyDecoder(table: .fallback)
      _ = decoder.feed(Array(opening.utf8), at: 0)
      #expect(decoder.feed([0x03], at: 1) == [.control("c")])
    }
    var decoder = KeyDecoder(table: .fallback)
    _ = decoder.feed(Array("\u{1B}[200~py".utf8), at: 0)
    #expect(decoder.feed([0x03], at: 1) == [.paste("py"), .control("c")])
  }

  @Test func sequenceOfAnyLengthIsSwallowed() {
    #expect(keys("\u{1B}[" + String(repeating: "1;", count: 5_000) + "yq") == [.character("q")])
  }

  @Test func scalarSplitAnywhereIsOneKey() {
    for text in ["é", "日", "🚀"] {
      let bytes = Array(text.utf8)
      for cut in 1..<bytes.count { #expect(split(bytes, at: cut, apart: 400) == [.character(Character(text))]) }
    }
  }

  @Test func invalidUTF8IsDropped() {
    let parts: [[UInt8]] = [[0xFF], [0xC0, 0x80], [0xE6, 0x97], [0xED, 0xA0, 0x80], [0xF5], [0xA9]]
    for part in parts {
      var decoder = KeyDecoder(table: .fallback)
      #expect(decoder.feed(part + Array("q".utf8), at: 0) == [.character("q")], "\(part)")
    }
  }
}
