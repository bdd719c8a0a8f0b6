import Testing

@testable import FleetModel

/// Links and commands of the operator's own: what values can do in them, and what they cannot.
@Suite struct OwnToolsTests {
  private static func facts(_ agent: String, role: String? = "sales & more") -> LinkFacts {
    var facts = LinkFacts(at: Instant(milliseconds: 1_795_334_400_123))
    (facts.agent, facts.role) = (AgentID(agent), role)
    (facts.alert, facts.severity) = (.highTraffic, .high)
    return facts
  }

  private func address(_ url: String, _ facts: LinkFacts = facts("a-1")) throws -> String? {
    try OwnLink(name: "x", url: url).address(facts)
  }

  @Test func placesAreFilledAndEncoded() throws {
    #expect(
      try address("https://h/logs/{agent}?role={role}&alert={alert}&from={since_ms}&to={now_ms}#{severity}")
        == "https://h/logs/a-1?role=sales%20%26%20more&alert=agent.high_traffic&from=1795330800123&to=1795334400123#high"
    )
    #expect(
      try address("http://h:3000/d?from={since}&to={now}&x={{}}")
        == "http://h:3000/d?from=2026-11-22T07%3A00%3A00Z&to=2026-11-22T08%3A00%3A00Z&x={}")
    #expect(try address("https://h") == "https://h")
  }

  /// Whatever an agent is called, its link leads to the same host, and to the same path and parameter.
  @Test(arguments: [
    ("../../admin", "..%2F..%2Fadmin"), ("a?x=1#y", "a%3Fx%3D1%23y"), ("a&b=c;d", "a%26b%3Dc%3Bd"), ("é", "%C3%A9"),
    ("a\u{1B}]8;;", "a%1B%5D8%3B%3B"), ("%2e", "%252e"), ("@evil.example", "%40evil.example"),
    ("'\"<>|\\", "%27%22%3C%3E%7C%5C"),
  ])
  func noValueLeavesItsPlace(agent: String, written: String) throws {
    #expect(
      try address("https://h/a/{agent}/b?q={agent}", Self.facts(agent)) == "https://h/a/\(written)/b?q=\(written)")
  }

  @Test func whatIsUnknownOrAnotherFolderMakesNoLink() throws {
    #expect(try address("https://h/{model}") == nil)
    #expect(try address("https://h/{agent}/x", Self.facts("..")) == nil)
    #expect(try address("https://h/{agent}/x", Self.facts(".")) == nil)
    #expect(try address("https://h/{role}", Self.facts("a", role: "")) == nil)
    #expect(try address("https://h/{agent}", Self.facts(String(repeating: "é", count: 250))) != nil)
    let long = "https://h/" + String(repeating: "{agent}/", count: 20)
    #expect(try address(long, Self.facts(String(repeating: "é", count: 250))) == nil)
  }

  @Test(arguments: [
    "javascript:alert(1)", "HTTP://h/", "file:///etc/passwd", "https://", "https:///x", "https://{agent}/",
    "https://h{agent}",
    "https://h.{role}.x/", "https://user@h/", "https://user:pw@h/x", "{agent}", "https://h/a b", "https://h/<x>",
    "https://h/x|y",
    "https://h/é", "https://h/\u{1B}", "https://h/{", "https://h/}", "https://h/{nobody}", "//h/x", "",
    "https://h/" + String(repeating: "x", count: 2000),
  ])
  func whatIsNoAddressIsRefused(url: String) {
    #expect(throws: OwnLink.Malformed.self) { try OwnLink(name: "x", url: url) }
  }

  @Test(arguments: ["", "a\nb", "\u{1B}[31m", String(repeating: "x", count: 41)])
  func whatIsNoNameIsRefused(name: String) {
    #expect(throws: OwnLink.Malformed.self) { try OwnLink(name: name, url: "https://h/") }
  }

  // MARK: Commands

  private func filled(_ texts: [String], _ facts: LinkFacts = facts("a-1")) throws -> [String] {
    let command = try OwnCommand(
      name: "x", arguments: texts.map { (text: String) throws(LinkTemplate.Malformed) in try LinkTemplate(text) },
      isDangerous: false, limit: .seconds(1))
    return try command.filled(facts)
  }

  @Test func valuesFillArgumentsAsTheyAre() throws {
    let agent = "a b; rm -rf / $(x) `y` 'z' \"w\" *"
    #expect(
      try filled(["/bin/echo", "{agent}", "-l", "agent={agent}", "{{x}}"], Self.facts(agent))
        == ["/bin/echo", agent, "-l", "agent=\(agent)", "{x}"])
  }

  @Test func valueNeverBecomesAnOption() throws {
    #expect(throws: OwnCommand.Refusal.looksLikeAnOption("--all")) {
      try filled(["/bin/x", "{agent}"], Self.facts("--all"))
    }
    #expect(throws: OwnCommand.Refusal.looksLikeAnOption("-x/y")) {
      try filled(["/bin/x", "{agent}/y", "--"], Self.facts("-x"))
    }
    #expect(try filled(["/bin/x", "--", "{agent}"], Self.facts("--all")) == ["/bin/x", "--", "--all"])
    #expect(try filled(["/bin/x", "--agent={agent}"], Self.facts("--all")) == ["/bin/x", "--agent=--all"])
  }

  @Test func whatIsUnknownIsSaid() throws {
    #expect(throws: OwnCommand.Refusal.unknown(.model)) { try filled(["/bin/x", "{model}"]) }
  }

  @Test(arguments: [[], ["x"], ["bin/x"], ["{agent}"], ["/bin/{agent}"], ["/bin/x"] + Array(repeating: "a", count: 64)])
  func onlyAWholePathNamesAProgram(texts: [String]) {
    #expect(throws: LinkTemplate.Malformed.self) { try filled(texts) }
  }

  @Test(arguments: [
    (0, "1970-01-01T00:00:00Z"), (951_782_400_000, "2000-02-29T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"),
    (253_402_300_799_999, "9999-12-31T23:59:59Z"), (1_709_251_199_000, "2024-02-29T23:59:59Z"),
  ])
  func momentsAreWrittenInUTC(milliseconds: Int64, text: String) {
    #expect(Instant(milliseconds: milliseconds).linkText == text)
  }
}
