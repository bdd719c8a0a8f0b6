import Screen
import Testing

struct KeyDecoderPasteTests {
  private static let marked = Array("\u{1B}[200~rm -rf\r\u{1B}[A\u{1B}[20 y\n\u{1B}[201~".utf8)
  private static let content = "rm -rf\r\u{1B}[A\u{1B}[20 y\n"

  @Test func markedPasteIsOneKey() {
    var decoder = KeyDecoder(table: .fallback)
    #expect(decoder.feed(Self.marked, at: 0) == [.paste(Self.content)])
    #expect(decoder.feed(Array("q".utf8), at: 1) == [.character("q")])
  }

  @Test func markedPasteSplitAnywhereIsOneKey() {
    for cut in 1..<Self.marked.count {
      var decoder = KeyDecoder(table: .fallback)
      let first = decoder.feed(Array(Self.marked[..<cut]), at: 0)
      #expect(first + decoder.feed(Array(Self.marked[cut...]), at: 20) == [.paste(Self.content)], "at \(cut)")
    }
  }

  @Test func markedPasteByteByByteIsOneKey() {
    var decoder = KeyDecoder(table: .fallback)
    var keys: [Key] = []
    for (index, byte) in Self.marked.enumerated() { keys += decoder.feed([byte], at: Int64(index) * 20) }
    #expect(keys == [.paste(Self.content)])
  }

  @Test func hugePasteIsCut() {
    var decoder = KeyDecoder(table: .fallback)
    let bytes = Array("\u{1B}[200~".utf8) + Array(repeating: 0x79, count: 200_000) + Array("\u{1B}[201~q".utf8)
    #expect(decoder.feed(bytes, at: 0) == [.paste(String(repeating: "y", count: 65_536)), .character("q")])
  }

  @Test func pasteWithoutItsEndComesAfterAPause() {
    var decoder = KeyDecoder(table: .fallback)
    #expect(decoder.feed(Array("\u{1B}[200~py".utf8), at: 0) == [])
    #expect(decoder.expire(at: 9_999) == [])
    #expect(decoder.expire(at: 10_000) == [.paste("py")])
  }

  @Test func burstOfLettersIsAPaste() {
    var decoder = KeyDecoder(table: .fallback)
    #expect(decoder.feed(Array("restart\tall\ry".utf8), at: 0) == [.paste("restart\tall\ny")])
  }

  @Test func restOfABurstIsAPasteToo() {
    var decoder = KeyDecoder(table: .fallback)
    #expect(decoder.feed(Array("restart all".utf8), at: 0) == [.paste("restart all")])
    #expect(decoder.feed(Array("\ry".utf8), at: 50) == [.paste("\ny")])
    #expect(decoder.feed(Array("p".utf8), at: 151) == [.character("p")])
  }

  @Test func fewLettersAtOnceAreABurst() {
    var decoder = KeyDecoder(table: .fallback)
    let keys: [Key] = [.character("j"), .character("p"), .enter]
    #expect(decoder.feed(Array("jp\r".utf8), at: 0) == [.burst(keys)])
    #expect(decoder.feed(Array("q".utf8), at: 10) == [.character("q")])
    #expect(decoder.feed(Array("q\n".utf8), at: 20) == [.burst([.character("q"), .enter])])
  }

  @Test func sequencesAmongLettersAreThemselves() {
    var decoder = KeyDecoder(table: .fallback)
    #expect(decoder.feed(Array("j\u{1B}[Ak".utf8), at: 0) == [.character("j"), .up, .character("k")])
    #expect(decoder.feed(Array("\u{1B}[A\u{1B}[B\u{1B}[A".utf8), at: 200) == [.up, .down, .up])
    #expect(decoder.feed(Array("\r\r".utf8), at: 400) == [.enter, .enter])
  }

  @Test func keyHeldDownIsNoPaste() {
    var decoder = KeyDecoder(table: .fallback)
    #expect(decoder.feed(Array("jjjjjjjjjjjj".utf8), at: 0) == Array(repeating: .character("j"), count: 12))
  }
}
