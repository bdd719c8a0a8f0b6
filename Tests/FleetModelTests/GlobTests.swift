import Testing

@testable import FleetModel

@Suite struct GlobTests {
  private func matches(_ pattern: String, _ text: String, _ grammar: Glob.Grammar = .redis) -> Bool? {
    Glob(pattern.utf8, grammar)?.matches(text)
  }

  @Test func onlyStarsMeanSomethingInRules() {
    for (pattern, text) in [
      ("", ""), ("*", ""), ("a*", "a"), ("a*c*e", "abcde"), ("*.high", "agent.high"), ("**", "x"),
      ("a?[b]\\", "a?[b]\\"),
      ("a*b*b", "abab"), ("*é", "café"),
    ] { #expect(matches(pattern, text, .stars) == true, "\(pattern) \(text)") }
    for (pattern, text) in [("", "a"), ("a", ""), ("a*c", "ab"), ("a*b*b", "ab"), ("a?", "ab"), ("*a", "ab")] {
      #expect(matches(pattern, text, .stars) == false, "\(pattern) \(text)")
    }
  }

  @Test func channelPatternsAreRedissOwn() {
    for (pattern, text) in [
      ("agent.*", "agent."), ("a?c", "abc"), ("[abc]x", "bx"), ("[^a-c]", "d"), ("[c-a]", "b"), ("\\*", "*"),
      ("[\\]]", "]"), ("[a-]", "-"), ("[a", "a"), ("\\", "\\"), ("*[0-9]*x", "a1bx"), ("[]a", ""),
    ] where text != "" { #expect(matches(pattern, text) == true, "\(pattern) \(text)") }
    for (pattern, text) in [
      ("a?", "a"), ("[abc]", "d"), ("[^a-c]", "b"), ("\\*", "x"), ("[]a", "a"), ("agent.*", "agents.x"), ("?", ""),
    ] { #expect(matches(pattern, text) == false, "\(pattern) \(text)") }
    let odd = Array("a*?[x]^-\\".utf8)
    #expect(Glob(Glob.escape(odd), .redis)?.matches(odd) == true)
  }

  @Test func hostilePatternTakesNoMoreWorkThanTheProductOfBothLengths() throws {
    let text = [UInt8](repeating: UInt8(ascii: "a"), count: 10_000)
    for part in ["*a", "*a?", "*[a-b]", "*\\aa", "**a", "*aaaaaaaaaaaaaaaa"] {
      let parts = String(repeating: part, count: (Glob.longest - 1) / part.utf8.count)
      let pattern = Array(parts.utf8) + [UInt8(ascii: "b")]
      var work = 0
      #expect(try text.withUnsafeBufferPointer { try #require(Glob(pattern, .redis)).matches($0, &work) } == false)
      #expect(work <= pattern.count * text.count, "\(part)")
    }
  }

  @Test func patternThatIsTooLongIsNone() {
    #expect(matches(String(repeating: "a", count: Glob.longest), "b") == false)
    #expect(matches(String(repeating: "*", count: Glob.longest + 1), "b") == nil)
  }
}
