import Testing

@testable import Wire

struct JSONValueTests {
  private func text(_ value: JSONValue) -> String { String(decoding: value.encoded, as: UTF8.self) }

  @Test func documentsComeBackAsTheyWere() throws {
    let text = #"{"a":[1,-2,0.5,1e+22,true,false,null],"b":{"c":"x\"\\\n\u0001é🚀"},"":[],"d":{}}"#
    #expect(self.text(try JSONValue.parse(Array(text.utf8))) == text)
  }

  @Test func wholeNumbersKeepEveryDigit() throws {
    #expect(try JSONValue.parse(Array("9223372036854775807".utf8)) == .integer(.max))
    #expect(try JSONValue.parse(Array("-9223372036854775808".utf8)) == .integer(.min))
    #expect(try JSONValue.parse(Array("9223372036854775808".utf8)) == .number(9_223_372_036_854_775_808))
    #expect(try JSONValue.parse(Array("-0".utf8)).double?.sign == .minus)
    #expect(try JSONValue.parse(Array("1.0".utf8)) == .number(1))
  }

  @Test func whatJSONCannotWriteBecomesNull() {
    #expect(text([.number(.nan), .number(.infinity), .number(0.1)]) == "[null,null,0.1]")
  }

  @Test func loneSurrogatesGoBackToTheirEscape() throws {
    let value = try JSONValue.parse(Array(#"["\ud800","\uDFFF\ud83d\ude80"]"#.utf8))
    #expect(value.list?.first?.bytes == [0xED, 0xA0, 0x80])
    #expect(text(value) == #"["\ud800","\udfff🚀"]"#)
  }

  @Test func bytesThatAreNotUTF8Stay() throws {
    let bytes: [UInt8] = [0x22, 0xFF, 0xED, 0xA0, 0x22]
    #expect(try JSONValue.parse(bytes).encoded == bytes)
  }

  @Test func ofDuplicateKeysTheLastIsFound() throws {
    let value = try JSONValue.parse(Array(#"{"a":1,"a":2}"#.utf8))
    #expect(value["a"] == 2)
  }

  @Test func literalsLeaveOutNil() {
    let absent: JSONValue? = nil
    #expect(text(["a": 1, "b": absent, "c": [true, 0.5, "x"]]) == #"{"a":1,"c":[true,0.5,"x"]}"#)
  }
}
