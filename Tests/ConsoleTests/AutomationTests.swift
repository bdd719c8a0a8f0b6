import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// The switch of the rules on the screen, and why they did or did not act.
@Suite struct AutomationTests {
  @Test(
    arguments: [
      (.set(.on), "automation on"), (.set(.dry), "automation dry"), (.set(.off), "automation off"),
      (.unset, "automation dry"), (.unknown, "automation unknown"),
    ] as [(AutomationSetting, String)],
    [80, 130, 200])
  func switchIsAlwaysOnTheStatusLine(_ expected: (AutomationSetting, String), columns: Int) throws {
    var scene = try Scene.plain(agents: 3, columns: columns, rows: 24)
    scene.model.fleet.setAutomation(expected.0, at: .at(5))
    #expect(scene.statusText().contains(expected.1))
  }

  @Test func narrowLineShortensItBeforeItGoes() throws {
    var scene = try Scene.plain(agents: 3, columns: 40, rows: 10, isReadOnly: true)
    #expect(scene.statusText() == " live  auto on  READ-ONLY     08:00:01Z")
  }

  @Test func whereNobodySwitchedItTheKeyIsNamed() throws {
    var scene = try Scene.plain(agents: 3, columns: 80, rows: 24)
    scene.model.fleet.setAutomation(.unset, at: .at(5))
    #expect(scene.promptText().hasPrefix(" ? help  m automation dry: rules only say what they would do  p pause"))
    scene.model.fleet.setAutomation(.set(.dry), at: .at(6))
    #expect(scene.promptText().hasPrefix(" ? help  p pause"))
  }

  @Test(
    arguments: [(.set(.on), "off"), (.set(.dry), "on"), (.set(.off), "on"), (.unset, "on")]
      as [(AutomationSetting, String)])
  func keyOffersAModeAndTakesACode(setting: AutomationSetting, mode: String) throws {
    var scene = try Scene.plain(agents: 3)
    scene.model.fleet.setAutomation(setting, at: .at(5))
    scene.type("m")
    #expect(scene.promptText().hasPrefix(" set the automation: mode=\(mode)"))
    scene.press(.enter)
    let code = try #require(scene.code)
    #expect(scene.promptText().hasPrefix(" set the automation mode=\(mode)? type \(code) to do it"))
    let draft = try sent(scene.type(code))
    #expect(draft.action == .automation && draft.targets == [] && draft.arguments == ["mode": mode])
  }

  @Test func anotherModeIsTypedAndAWrongOneRefused() throws {
    var scene = try Scene.plain(agents: 3)
    scene.type("m")
    scene.press(.control("u"))
    scene.type("mode=maybe")
    scene.press(.enter)
    #expect(scene.promptText().contains("mode=maybe is not on, dry or off"))
    scene.press(.control("u"))
    scene.type("mode=dry")
    scene.press(.enter)
    #expect(try sent(scene.type(try #require(scene.code))).arguments == ["mode": "dry"])
  }

  /// Taking a turn of the switch back may switch automation on.
  @Test(arguments: [("automation on → dry", "on"), ("", "what it was before your command")])
  func undoOfASwitchNamesTheModeAndTakesTheCodeToo(detail: String, mode: String) throws {
    var scene = try Scene.plain(agents: 3)
    scene.hear("c1", .received, "automation", at: .at(1))
    scene.hear("c1", .succeeded, "automation", .none, detail, at: .at(1))
    scene.type("u")
    let code = try #require(scene.code)
    #expect(scene.promptText().hasPrefix(" undo set the automation: back to \(mode)? type \(code) to do it"))
  }

  // MARK: Why

  @Test func stepsStandNewestFirstInWords() throws {
    var scene = try Scene.plain(agents: 3)
    scene.hearRule(.succeeded, "pause", "a0", "paused for 15m", at: .at(10))
    scene.hearRule(.skipped, "pause", "a0", "throttled: once in 15m", run: "r2", at: .at(20))
    scene.hearRule(.skipped, "restart", "a1", "guarded: x", run: "r3", at: .at(20))
    scene.type("x")
    let lines = scene.draw().lines().filter { $0.contains("degraded") || $0.contains("because") }
    #expect(lines.count == 4)
    #expect(lines[0].contains("08:00:20Z  degraded did nothing, since it acted a short while ago: pause a0"))
    #expect(lines[1].contains("once in 15m; because error_rate is 0.38"))
    #expect(lines[2].contains("08:00:10Z  degraded did: pause a0"))
    scene.press(.escape)
    #expect(scene.model.explained == nil)
  }

  @Test(arguments: AuditLine.Phase.allCases)
  func everyPhaseHasWords(phase: AuditLine.Phase) throws {
    var scene = try Scene.plain(agents: 1)
    scene.hearRule(phase, "pause", "a0", at: .at(1))
    let entry = try #require(scene.model.fleet.rules.entries.first)
    let what = entry.what(naming: \.description)
    #expect(what.hasSuffix(": pause a0") && what.count > 11)
    #expect(entry.why == "because error_rate is 0.38")
    scene.hearRule(phase, "rule", "a0", at: .at(2))
    #expect(scene.model.fleet.rules.entries.last?.what(naming: \.description).contains("rule") == false)
  }

  @Test(arguments: RuleLog.Suppression.allCases)
  func everyRestraintHasWordsOfItsOwn(suppression: RuleLog.Suppression) throws {
    var scene = try Scene.plain(agents: 1)
    scene.hearRule(.skipped, "rule", "a0", "\(suppression.rawValue): so it is", at: .at(1))
    let entry = try #require(scene.model.fleet.rules.entries.first)
    #expect(entry.what(naming: \.description) != "did not act")
    #expect(entry.why == "so it is; because error_rate is 0.38")
  }

  @Test func reasonIsNotSaidTwice() throws {
    var scene = try Scene.plain(agents: 1)
    scene.hearRule(.skipped, "rule", "a0", "stale: 3m old", reason: "3m old", at: .at(1))
    #expect(scene.model.fleet.rules.entries.first?.why == "3m old")
  }

  @Test func nothingRecordedIsSaid() throws {
    var scene = try Scene.plain(agents: 1)
    scene.type("x")
    let text = scene.draw().lines().joined()
    #expect(text.contains("Nothing is recorded: no rule matched it, or it was before this console's memory."))
    #expect(text.contains("vigia runbook explain EVENT-ID"))
  }

  @Test func nothingSelectedIsTold() {
    var scene = Scene()
    scene.goLive(at: .at(0))
    scene.type("x")
    #expect(scene.promptText().hasPrefix(" select an agent"))
  }

  /// What is shown and what keys act on are one.
  @Test func keysActOnTheExplainedAgent() throws {
    var scene = try Scene.plain(agents: 3)
    scene.press(.character(" "), .down, .character("x"), .down, .character("p"))
    #expect(scene.promptText().hasPrefix(" pause a1"))
    scene.press(.escape, .enter)
    #expect(scene.model.opened == "a1" && scene.model.explained == nil)
    scene.press(.character("x"), .escape)
    #expect(scene.model.opened == "a1")
  }
}
