import Screen
import Testing

struct TextWidthTests {
  @Test func columnsFollowTheGlyphs() {
    #expect(TextWidth.columns("agent") == 5)
    #expect(TextWidth.columns("日本語") == 6)
    #expect(TextWidth.columns("e\u{301}") == 1)
    #expect(TextWidth.columns("한글") == 4)
    #expect(TextWidth.columns("🚀") == 2)
    #expect(TextWidth.columns("ｱ") == 1)
    #expect(TextWidth.columns("") == 0)
  }

  @Test func controlsHaveNoWidth() {
    #expect(TextWidth.width(of: "\u{1B}") == -1)
    #expect(TextWidth.width(of: "\u{7F}") == -1)
    #expect(TextWidth.width(of: "\u{9B}") == -1)
    #expect(TextWidth.columns("\u{1B}a") == 1)
  }

  @Test func prefixEndsBeforeAHalfGlyph() {
    #expect(TextWidth.prefix("日本語", columns: 5) == ("日本", 4))
    #expect(TextWidth.prefix("ae\u{301}b", columns: 2) == ("ae\u{301}", 2))
    #expect(TextWidth.prefix("abc", columns: 0) == ("", 0))
    #expect(TextWidth.prefix("abc", columns: 9) == ("abc", 3))
  }
}
