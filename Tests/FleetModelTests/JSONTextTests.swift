import FleetModel
import Testing

@Suite struct JSONTextTests {
  private func unescape(_ text: String) -> [UInt8] {
    Array(text.utf8).withUnsafeBytes { JSONText.unescape($0) }
  }

  private func strings(_ text: String, limit: Int = 16) -> [String] {
    Array(text.utf8).withUnsafeBytes { JSONText.strings(inArray: $0, limit: limit) }
  }

  @Test(arguments: [
    (#"a\"b\\c\/d"#, #"a"b\c/d"#), (#"\n\t\r\b\f"#, "\n\t\r\u{8}\u{C}"), (#"\u00e9\u65e5"#, "é日"),
    (#"\ud83d\ude00!"#, "😀!"), ("plain", "plain"), ("", ""),
  ])
  func escapesBecomeWhatTheyStandFor(escaped: String, text: String) {
    #expect(unescape(escaped) == Array(text.utf8))
  }

  @Test func loneSurrogateKeepsAFormOfItsOwn() {
    #expect(unescape(#"\ud800x"#) == [0xED, 0xA0, 0x80, 0x78])
    #expect(unescape(#"\ud800\ud800"#) == [0xED, 0xA0, 0x80, 0xED, 0xA0, 0x80])
  }

  @Test(arguments: [#"a\u00e9\ud83d\ude00\n"#])
  func cutAnywhereItStaysWithinItsBytes(text: String) {
    let bytes = Array(text.utf8)
    for length in 0...bytes.count {
      let result = bytes[..<length].withUnsafeBytes { JSONText.unescape($0) }
      #expect(result.count <= length)
    }
  }

  @Test(arguments: [
    (#"["a","b"]"#, ["a", "b"]), (#"[1,"a",null,["n"],{"k":"v"},"b\"]"]"#, ["a", #"b"]"#]), ("[]", []),
    (#"["a"#, ["a"]),
  ])
  func stringsOfAnArrayAreTaken(text: String, strings: [String]) {
    #expect(self.strings(text) == strings)
  }

  @Test func noMoreThanTheLimitIsTaken() {
    #expect(strings(#"["a","b","c"]"#, limit: 2) == ["a", "b"])
  }
}
