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

  private func members(_ text: String, _ most: Int = 9) -> [String] {
    var found: [String] = []
    Array(text.utf8).withUnsafeBytes {
      JSONText.visitMembers(ofObject: $0) { name, value in
        found.append(String(decoding: name, as: UTF8.self) + "=" + String(decoding: value, as: UTF8.self))
        return found.count < most
      }
    }
    return found
  }

  @Test func membersOfAnObjectAreVisited() {
    #expect(members("{}") == [] && members("[1]") == [] && members("") == [])
    #expect(members(#"{"a":1}"#) == ["a=1"])
    #expect(members(#"{ "a" : 1 , "b" : "x:,}" }"#) == ["a= 1 ", #"b= "x:,}" "#])
    #expect(members(#"{"a":{"b":[1,{"c":2}]},"d\"":null}x"#) == [#"a={"b":[1,{"c":2}]}"#, #"d\"=null"#])
    #expect(members(#"{"a":1,"b":2,"c":3}"#, 2) == ["a=1", "b=2"])
  }

  @Test func membersThatAreCutAnywhereStayWithinTheirBytes() {
    let bytes = Array(#"{"a":{"b":[1,{"c\"":2}]},"d":"\\","e":-1.5e3}"#.utf8)
    for length in 0...bytes.count {
      bytes[..<length].withUnsafeBytes { JSONText.visitMembers(ofObject: $0) { _, _ in true } }
    }
  }

  @Test func numbersAreFinite() {
    func number(_ text: String) -> Double? { Array(text.utf8).withUnsafeBytes { JSONText.number($0) } }
    #expect(number(" 1.5e1\n") == 15 && number("-0.25") == -0.25)
    for text in ["", " ", "NaN", "Infinity", "1e999", #""1""#, "null", "[1]", String(repeating: "1", count: 65)] {
      #expect(number(text) == nil, "\(text)")
    }
  }
}
