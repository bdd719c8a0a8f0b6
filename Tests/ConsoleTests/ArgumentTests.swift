import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// Arguments edited on one line.
@Suite struct ArgumentTests {
  @Test func tabEditsBeforeTheYes() throws {
    var scene = try Scene.plain(agents: 1)
    scene.press(.character("p"), .tab)
    #expect(scene.promptText().hasPrefix(" pause a0: for=15m▏"))
    scene.press(.backspace, .backspace, .backspace)
    scene.type("2h")
    #expect(scene.press(.enter) == [])
    #expect(scene.promptText().hasPrefix(" pause a0 for=2h? y"))
    let draft = try sent(scene.type("y"))
    #expect(draft.arguments == ["for": "2h"])
  }

  @Test func tabEditsBeforeTheCodeAndAnotherIsAsked() throws {
    var scene = try Scene.plain(agents: 1)
    scene.press(.character("s"), .enter)
    let first = try #require(scene.code)
    scene.press(.tab, .enter)
    let second = try #require(scene.code)
    #expect(first != second)
    let draft = try sent(scene.type(second))
    #expect(draft.arguments == ["by": "+1"])
  }

  @Test(arguments: [
    ("for=soon", "for=soon is not a number and s, m, h or d, such as 15m"), ("soon", "soon: write name=value"),
    ("speed=3", "speed: not an argument of pause; it has for, reason"),
  ])
  func faultIsShownAndNothingIsSent(line: String, fault: String) throws {
    var scene = try Scene.plain(agents: 1)
    scene.press(.character("p"), .tab, .control("u"))
    scene.type(line)
    #expect(scene.press(.enter) == [])
    #expect(scene.promptText().contains(fault))
    guard case .arguments(_, let editor, let told)? = scene.model.prompt else {
      Issue.record("no prompt")
      return
    }
    #expect(editor.text == line)
    #expect(told == fault)
    scene.press(.left)
    #expect(!scene.promptText().contains(fault))
  }

  @Test(
    arguments: [
      ("for=5m reason=bad deploy, INC-42", "bad deploy, INC-42"), ("reason=for=now", "for=now"),
      (#"reason="bad deploy" for=5m"#, "bad deploy"), ("for=5m reason=", ""), ("for=5m", ""),
    ] as [(String, String)])
  func reasonIsWhatWasTyped(line: String, reason: String) throws {
    var scene = try Scene.plain(agents: 1)
    scene.press(.character("p"), .tab, .control("u"))
    scene.type(line)
    scene.press(.enter)
    #expect(scene.promptText().contains("reason=") == !reason.isEmpty)
    let draft = try sent(scene.type("y"))
    #expect(draft.reason == reason)
    #expect(draft.arguments == (line.contains("for=5m") ? ["for": "5m"] : [:]))
  }

  @Test func reasonCanBeGivenForWhatHasNoArguments() throws {
    var scene = try Scene.plain(agents: 1)
    scene.press(.character("r"), .tab)
    scene.type("reason=it is well")
    scene.press(.enter)
    #expect(try sent(scene.type("y")).reason == "it is well")
  }

  @Test func requiredArgumentIsAskedFor() throws {
    var scene = try Scene.plain(agents: 1)
    scene.press(.character("b"), .enter)
    #expect(scene.promptText().contains("ip= is needed"))
    scene.press(.home, .right, .right, .right)
    scene.type("203.0.113.9")
    scene.press(.enter)
    let draft = try sent(scene.type(try #require(scene.code)))
    #expect(draft.arguments == ["ip": "203.0.113.9", "for": "1h"])
  }

  @Test func rollbackAsksForTheVersionAndThenForACode() throws {
    var scene = try Scene.plain(agents: 1, columns: 200, rows: 40)
    try scene.model.fleet.apply("updated", "a0", #"{"version":"1.4.2"}"#, at: .at(1))
    scene.tick(.at(2))
    scene.press(.character("V"), .enter)
    #expect(scene.promptText().contains("version= is needed"))
    scene.type("1.4.2")
    scene.press(.enter)
    #expect(scene.promptText().hasPrefix(" roll back a0 version=1.4.2?"))
    #expect(scene.draw().lines().contains { $0.contains("already runs version 1.4.2") })
    scene.press(.tab, .backspace)
    scene.type("1")
    scene.press(.enter)
    #expect(!scene.draw().lines().contains { $0.contains("already runs") })
    let draft = try sent(scene.type(try #require(scene.code)))
    #expect(draft.action == .rollback && draft.arguments == ["version": "1.4.1"] && draft.targets == ["a0"])
  }

  @Test func latestAttackersAddressIsFilledIn() throws {
    var scene = try Scene.plain(agents: 2)
    try scene.model.fleet.apply("security_alert", "a0", #"{"suspicious_ips":["203.0.113.9","x"]}"#, at: .at(1))
    try scene.model.fleet.apply("security_alert", "a1", #"{"suspicious_ips":["203.0.113.10"]}"#, at: .at(1))
    scene.type("b")
    #expect(scene.promptText().contains("ip=203.0.113.9 for=1h▏"))
  }

  @Test func selectedAlertsOwnAddressIsFilledIn() throws {
    var scene = try Scene.plain(agents: 2)
    for number in 1...3 {
      try scene.model.fleet.apply("security_alert", "a0", #"{"suspicious_ips":["203.0.113.\#(number)"]}"#, at: .at(1))
    }
    try scene.model.fleet.apply("security_alert", "a0", #"{"alert_type":"token_reuse"}"#, at: .at(1))
    scene.tick(.at(2))
    scene.press(.character("5"), .home, .down, .down)
    scene.type("b")
    #expect(scene.promptText().contains("ip=203.0.113.2 for=1h▏"))
    scene.press(.escape, .home)
    scene.type("b")
    #expect(scene.promptText().contains("ip= ") && !scene.promptText().contains("203.0.113"))
  }

  @Test func addressThatIsNoneIsRefused() throws {
    var scene = try Scene.plain(agents: 1)
    try scene.model.fleet.apply("security_alert", "a0", #"{"suspicious_ips":["1.2.3.4; reboot"]}"#, at: .at(1))
    scene.press(.character("b"), .enter)
    #expect(scene.code == nil)
    #expect(scene.promptText().contains("is not an IPv4 or IPv6 address"))
  }

  @Test func knownBackupIsFilledIn() throws {
    var scene = try Scene.plain(agents: 1)
    try scene.model.fleet.apply("created", "spare", #"{"backup_for":"a0"}"#, at: .at(1))
    scene.type("B")
    #expect(scene.promptText().hasPrefix(" activate the backup of a0 backup=spare?"))
    let draft = try sent(scene.type("y"))
    #expect(draft.arguments == ["backup": "spare"])
  }

  @Test func emptyValueLeavesAnArgumentOut() throws {
    var scene = try Scene.plain(agents: 1)
    scene.press(.character("p"), .tab, .control("u"))
    scene.type("for=")
    scene.press(.enter)
    let draft = try sent(scene.type("y"))
    #expect(draft.arguments == [:])
  }

  @Test func quotesHoldBlanks() throws {
    var scene = try Scene.plain(agents: 1)
    scene.press(.character("e"), .tab, .control("u"))
    scene.type(#"to="night shift" severity=low"#)
    scene.press(.enter)
    #expect(scene.promptText().contains(#"to="night shift" severity=low"#))
    let draft = try sent(scene.type("y"))
    #expect(draft.arguments == ["to": "night shift", "severity": "low"])
  }

  @Test func pasteGoesIntoTheLineScrubbed() throws {
    var scene = try Scene.plain(agents: 1)
    scene.press(.character("e"), .tab, .control("u"), .paste("to=a\u{1B}[2J\nb"))
    #expect(scene.promptText().contains("to=a^[[2J b▏"))
    #expect(scene.press(.paste("\r"), .paste("y")) == [])
  }

  @Test func escapeCancels() throws {
    var scene = try Scene.plain(agents: 1)
    scene.press(.character("s"), .escape)
    #expect(scene.model.prompt == nil)
    #expect(scene.promptText() == " cancelled: scale; nothing was sent")
  }
}
