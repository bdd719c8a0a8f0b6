import Screen
import Testing

struct GlyphsTests {
  @Test(arguments: [Glyphs.unicode, .ascii])
  func everySignIsOneColumn(_ glyphs: Glyphs) {
    for sign in glyphs.all {
      #expect(TextWidth.width(of: sign) == 1, "\(sign)")
    }
  }

  @Test(arguments: [Glyphs.unicode, .ascii])
  func statesSeveritiesAndLevelsDiffer(_ glyphs: Glyphs) {
    #expect(Set(glyphs.states).count == 5)
    #expect(Set(glyphs.severities).count == 4)
    #expect(Set(glyphs.levels + [glyphs.gap]).count == 9)
  }

  @Test func asciiSetIsAscii() { #expect(Glyphs.ascii.all.allSatisfy { $0.isASCII }) }

  @Test func richSetHoldsNoEmoji() {
    let scalars = Glyphs.unicode.all.filter { $0.value > 0x7F }
    #expect(scalars.allSatisfy { !$0.properties.isEmoji })
  }
}
