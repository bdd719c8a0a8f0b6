import Screen
import Testing

struct GridTests {
  private func line(_ text: String, width: Int, _ align: Alignment = .leading, _ cut: Truncation = .tail) -> String {
    var grid = Grid(size: Size(rows: 1, columns: 12))
    let rect = Rect(row: 0, column: 0, height: 1, width: width)
    grid.draw(text, in: rect, role: .text, align: align, truncation: cut)
    return grid.lines()[0]
  }

  @Test func textThatFitsIsWhole() { #expect(line("agent", width: 5) == "agent") }

  @Test func longTextEndsInAnEllipsis() { #expect(line("checkout", width: 5) == "chec…") }

  @Test func textCutAtTheHeadKeepsItsEnd() { #expect(line("checkout", width: 5, .leading, .head) == "…kout") }

  @Test func clippedTextHasNoEllipsis() { #expect(line("checkout", width: 5, .leading, .clip) == "check") }

  @Test func asciiGridUsesATilde() {
    var grid = Grid(size: Size(rows: 1, columns: 4), glyphs: .ascii)
    grid.draw("checkout", in: grid.bounds, role: .text)
    #expect(grid.lines() == ["che~"])
  }

  @Test func alignmentCountsColumns() {
    #expect(line("日本", width: 7, .trailing) == "   日本")
    #expect(line("日本", width: 8, .center) == "  日本")
  }

  @Test func wideGlyphIsNeverSplit() {
    #expect(line("日本語", width: 5) == "日本…")
    #expect(line("日本語", width: 4) == "日…")
    #expect(line("日本語", width: 3, .leading, .clip) == "日")
    #expect(line("日", width: 1) == "…")
  }

  @Test func combiningMarksStayWithTheirLetter() {
    #expect(line("e\u{301}e\u{301}", width: 2) == "e\u{301}e\u{301}")
    #expect(line("ae\u{301}bc", width: 3) == "ae\u{301}…")
    #expect(line("bce\u{301}", width: 2, .leading, .head) == "…e\u{301}")
  }

  @Test func thirdMarkIsLeftOut() {
    #expect(line("a\u{301}\u{302}\u{303}", width: 3).unicodeScalars.count == 3)
  }

  @Test func emptyTextAndEmptyRegionTakeNothing() {
    var grid = Grid(size: Size(rows: 1, columns: 3))
    #expect(grid.draw("", in: grid.bounds, role: .text) == 0)
    #expect(grid.draw("abc", in: Rect(row: 0, column: 0, height: 0, width: 3), role: .text) == 0)
    #expect(grid.draw("abc", in: Rect(row: 5, column: 0, height: 1, width: 3), role: .text) == 0)
    #expect(grid.lines() == [""])
  }

  @Test func drawingOutsideTheGridIsClipped() {
    var grid = Grid(size: Size(rows: 1, columns: 4))
    grid.draw("abcdef", in: Rect(row: 0, column: -2, height: 1, width: 6), role: .text)
    #expect(grid.lines() == ["cdef"])
    grid.draw("日本語", in: Rect(row: 0, column: -1, height: 1, width: 6), role: .text)
    #expect(grid.lines() == [" 本"])
  }

  @Test func overwrittenHalfOfAWideGlyphTurnsBlank() {
    var grid = Grid(size: Size(rows: 1, columns: 4))
    grid.draw("日本", in: grid.bounds, role: .text)
    grid.draw("x", in: Rect(row: 0, column: 1, height: 1, width: 1), role: .text)
    #expect(grid.lines() == [" x本"])
    grid.draw("y", in: Rect(row: 0, column: 2, height: 1, width: 1), role: .text)
    #expect(grid.lines() == [" xy"])
  }

  @Test func controlsNeverReachACell() {
    #expect(line("a\u{1B}b\u{9B}c\u{202E}d\ne", width: 12) == "abcde")
  }

  @Test func paintKeepsGlyphsAndFillReplacesThem() {
    var grid = Grid(size: Size(rows: 2, columns: 4))
    grid.draw("abcd", in: grid.bounds, role: .text)
    grid.paint(Rect(row: 0, column: 1, height: 1, width: 2), role: .selected)
    #expect(grid.lines() == ["abcd", ""])
    #expect(grid.roleLines() == [".SS", ""])
    grid.fill(Rect(row: 0, column: 0, height: 2, width: 2), role: .statusBar)
    #expect(grid.lines() == ["  cd", ""])
    #expect(grid.roleLines() == ["__S", "__"])
  }

  @Test func boxDrawsItsFourSides() {
    var grid = Grid(size: Size(rows: 3, columns: 4))
    grid.box(grid.bounds, role: .border, glyphs: .unicode)
    #expect(grid.lines() == ["┌──┐", "│  │", "└──┘"])
    grid.clear()
    grid.box(grid.bounds, role: .border, glyphs: .ascii)
    #expect(grid.lines() == ["+--+", "|  |", "+--+"])
    #expect(grid.roleLines()[1] == "b..b")
  }

  @Test func boxTooSmallForItsSidesIsLeftOut() {
    var grid = Grid(size: Size(rows: 1, columns: 1))
    grid.box(grid.bounds, role: .border, glyphs: .unicode)
    #expect(grid.lines() == [""])
  }

  @Test func changedRowDiffersFromTheOld() {
    let old = Grid(size: Size(rows: 2, columns: 4))
    var new = old
    new.draw("x", in: new.bounds.line(1), role: .text)
    #expect(!new.differs(from: old, row: 0))
    #expect(new.differs(from: old, row: 1))
  }
}
