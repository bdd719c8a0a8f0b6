import Screen
import Testing

struct ScrubberTests {
  @Test func everyByteAloneBecomesVisibleOrItself() {
    for byte in UInt8.min...UInt8.max {
      let expected =
        switch byte {
        case 0x00...0x1F: "^" + String(UnicodeScalar(byte + 0x40))
        case 0x7F: "^?"
        case 0x20..<0x7F: String(UnicodeScalar(byte))
        default: "\u{FFFD}"
        }
      #expect(Scrubber.display([byte]) == expected, "byte \(byte)")
    }
  }

  @Test func everyByteBetweenLettersLeavesThemAlone() {
    for byte in UInt8.min...UInt8.max {
      let shown = Scrubber.display([0x61, byte, 0x62])
      #expect(shown.hasPrefix("a") && shown.hasSuffix("b"), "byte \(byte)")
      #expect(shown.unicodeScalars.allSatisfy { TextWidth.width(of: $0) > 0 }, "byte \(byte)")
    }
  }

  @Test func c1AsUTF8IsReplaced() {
    for value in UInt8(0x80)...0x9F { #expect(Scrubber.display([0xC2, value]) == "\u{FFFD}") }
  }

  @Test(arguments: [
    0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069, 0x200E, 0x200F, 0x061C, 0x2028, 0x2029,
    0xE0001, 0xE0020, 0xE0061, 0xE007F,
  ])
  func controlOfTextFlowIsReplaced(_ value: Int) throws {
    let scalar = try #require(Unicode.Scalar(value))
    #expect(Scrubber.display("a" + String(Character(scalar)) + "b") == "a\u{FFFD}b")
  }

  @Test(arguments: [
    0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xFE0E, 0xFE0F, 0xE0100, 0x00AD, 0x034F, 0x3164, 0x115F, 0x180E, 0xFFF9,
    0x1F3FD,
  ])
  func invisibleScalarIsRemoved(_ value: Int) throws {
    let scalar = try #require(Unicode.Scalar(value))
    var text = String.UnicodeScalarView()
    text.append("a")
    text.append(scalar)
    text.append("b")
    #expect(Scrubber.display(String(text)) == "ab")
  }

  @Test func familyEmojiComesApart() {
    #expect(TextWidth.columns(Scrubber.display("👩\u{200D}👩\u{200D}👧")) == 6)
    #expect(Scrubber.display("⚠\u{FE0F}") == "⚠")
  }

  @Test func markWithoutLetterGetsACircle() {
    #expect(Scrubber.display("\u{301}a") == "\u{25CC}\u{301}a")
    #expect(Scrubber.display("\n\u{301}") == "^J\u{25CC}\u{301}")
  }

  @Test func ordinaryTextStays() {
    for text in ["", "agent-7", "Größe", "日本語", "e\u{301}", "🚀 ok", "שלום"] {
      #expect(Scrubber.display(text) == text)
    }
  }

  @Test func cutScalarIsReplacedOnce() {
    #expect(Scrubber.display([0x61, 0xE6, 0x97]) == "a\u{FFFD}")
  }

  @Test func whatIsDisplayableStaysSo() {
    let once = Scrubber.display((UInt8.min...UInt8.max).map(\.self))
    #expect(Scrubber.display(once) == once)
  }
}
