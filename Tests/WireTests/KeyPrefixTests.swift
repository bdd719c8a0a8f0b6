import Testing
import Wire

@Suite struct KeyPrefixTests {
  @Test(arguments: ["agentos", "{agentos}", "{agentos:00}", "eu-west.1/a:b", "s{1}x", "a", "#1~@+$%&(),;<=>|!"])
  func prefixIsTakenAsItIs(_ text: String) throws {
    #expect(try KeyPrefix(text).text == text)
  }

  @Test(arguments: [
    "", "a b", "a\tb", "a\u{1B}[2J", "a\u{7F}", "agentös", "a*", "a?", "[ab]", "a\\", "it's", "\"", "`id`", "^", "{}",
    "{", "}", "a}b{c}", "{a}{b}", "{{a}}", "{a", "}a{", String(repeating: "a", count: 65),
  ])
  func anythingElseIsRefusedWithoutItsText(_ text: String) {
    let error = #expect(throws: KeyPrefix.Malformed.self) { try KeyPrefix(text) }
    #expect(error?.description.contains("such as agentos, or {agentos}") == true)
    if text.utf8.count > 12 { #expect(error?.description.contains(text) == false) }
  }

  @Test func longestPrefixIsTaken() throws {
    #expect(try KeyPrefix(String(repeating: "a", count: 64)).text.utf8.count == 64)
  }

  @Test func channelsGoWithoutTheHashTag() throws {
    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    let keys = Keys(try KeyPrefix("{agentos}"))
    #expect(text(keys.events) == "{agentos}:events" && text(keys.mark("x")) == "{agentos}:mark:x")
    #expect(text(keys.controlChannel(.action(.pause))) == "agentos.control.pause")
    #expect(text(keys.recorderChannel) == "agentos.recorder")
    #expect(text(keys.prefixPattern) == "{agentos}:*")
    #expect(keys.prefix.hashTag == "agentos" && KeyPrefix.default.hashTag == nil)
    #expect(try KeyPrefix("s{1}x").hashTag == "1" && KeyPrefix("s{1}x").channels == "s1x")
  }

  @Test func optionComesBeforeTheEnvironment() throws {
    #expect(try KeyPrefix(option: "a", environment: "b").text == "a")
    #expect(try KeyPrefix(option: nil, environment: "b").text == "b")
    #expect(try KeyPrefix(option: nil, environment: "") == .default)
    #expect(try KeyPrefix(option: nil, environment: nil) == .default)
  }

  @Test func errorNamesWhereThePrefixStands() {
    let option = #expect(throws: KeyPrefix.Malformed.self) { try KeyPrefix(option: "a b", environment: nil) }
    #expect(option?.reason == "--prefix: a prefix has visible ASCII characters only, and no space")
    let variable = #expect(throws: KeyPrefix.Malformed.self) { try KeyPrefix(option: nil, environment: "a*") }
    #expect(variable?.reason.hasPrefix("$VIGIA_PREFIX: a prefix has none of * ?") == true)
  }
}
