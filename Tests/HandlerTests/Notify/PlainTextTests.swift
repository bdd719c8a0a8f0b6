import TestThreads
import Testing

@testable import Handler

@Suite(.threaded) struct PlainTextTests {
  private static let family = "👨‍👩‍👧‍👦"

  @Test(arguments: [
    ("short", 5, "short"), ("longer", 5, "long…"), ("", 3, ""), ("ab", 1, "…"), ("ab", 0, ""),
    ("ab\(family)", 13, "ab\(family)"), ("ab\(family)", 12, "ab…"), ("\(family)x", 4, "…"),
    ("e\u{301}e\u{301}e\u{301}", 5, "e\u{301}e\u{301}…"), ("e\u{301}e\u{301}e\u{301}", 4, "e\u{301}…"),
    ("🇧🇷🇧🇷", 8, "🇧🇷🇧🇷"), ("🇧🇷🇧🇷", 7, "🇧🇷…"), ("東京都", 2, "東…"),
  ])
  func textIsCutBetweenWhatIsReadAsCharacters(_ text: String, _ limit: Int, _ expected: String) {
    let clipped = PlainText.clipped(text, to: limit)
    #expect(Array(clipped.unicodeScalars) == Array(expected.unicodeScalars))
    #expect(clipped.utf16.count <= limit)
  }

  @Test func markThatCombinesAThousandTimesIsOneCharacter() {
    let text = "a" + String(repeating: "\u{301}", count: 5000)
    #expect(PlainText.clipped("x" + text, to: 3000) == "x…")
  }

  @Test func entityIsNeverCut() {
    let escape = PlainText.slackEscaped
    #expect(PlainText.clipped("a&b", to: 7, escape: escape) == "a&amp;b")
    #expect(PlainText.clipped("a&b", to: 6, escape: escape) == "a…")
    #expect(PlainText.clipped("<!channel>", to: 99, escape: escape) == "&lt;!channel&gt;")
    #expect(PlainText.clipped("<\u{338}@U1>", to: 99, escape: escape) == "&lt;\u{338}@U1&gt;")
  }

  @Test func controlsAndMarksOfDirectionAreTakenOut() {
    #expect(PlainText.scrubbed("a\u{1B}[2Jb\u{202E}c\u{9B}d\te\r\nf\u{7F}\u{E0041}") == "a[2Jbcd e \nf")
    #expect(PlainText.scrubbed(Self.family) == Self.family)
    #expect(PlainText.line("a\nb\u{2028}c") == "a b c")
  }
}
