import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// What the demo tells a newcomer to try, step by step.
@Suite struct GuideTests {
  private func scene() throws -> Scene {
    var scene = Scene(columns: 130, rows: 40, isDemo: true)
    for (agent, rate) in [("a0", 0.27), ("a1", 0.01)] {
      try scene.model.fleet.apply("metrics", agent, #"{"error_rate":\#(rate)}"#, at: .at(0))
    }
    scene.goLive(at: .at(5))
    return scene
  }

  @Test func troubleThatNoRuleIsAboutIsLeftToThePerson() throws {
    var scene = try scene()
    #expect(
      scene.promptText().hasPrefix(" TRY  p then  y pause a0  errors 27%, and no rule is about that: it is left to"))
    scene.press(.down)
    #expect(scene.promptText().hasPrefix(" TRY  Up to a0"))
  }

  @Test func troubleOnWhichARuleHasActedIsNot() throws {
    var scene = try scene()
    scene.hearRule(.started, "rule", "a0", "pause a0 for 15m", at: .at(4))
    scene.tick(.at(6))
    #expect(scene.promptText().hasPrefix(" ? help"))
  }

  @Test func everydayRuleLeavesItToThePersonStill() throws {
    var scene = try scene()
    scene.hearRule(.started, "handoff", "a0", "transfer k1", rule: "handoff", at: .at(4))
    scene.tick(.at(6))
    #expect(scene.model.guide() == .act("a0"))
  }

  @Test func outsideTheDemoTheLineIsTheKeys() throws {
    let scene = try Scene.plain(agents: 2)
    #expect(scene.model.guide() == nil)
  }

  @Test func obeyedCommandIsFollowedByWhatRulesDo() throws {
    var scene = try scene()
    let command = Command(
      id: CommandID("c1"), action: .pause, targets: ["a0"], operator: "alice", issuedAt: .at(6), expiresAt: .at(66))
    _ = scene.model.update(.sent(command))
    #expect(scene.model.guide() == .sent)
    for phase in [AuditLine.Phase.succeeded, .obeyed] {
      scene.hear("c1", phase, "pause", "a0", at: .at(7))
      scene.hear("c1", phase, "pause", .none, at: .at(7))
    }
    scene.tick(.at(8))
    #expect(scene.model.guide() == .obeyed("a0", rule: nil))
    scene.hearRule(.proposed, "rule", "a1", "scale a1 by +1", rule: "high-traffic", at: .at(8))
    scene.tick(.at(9))
    #expect(scene.model.guide() == .obeyed("a0", rule: nil), "a proposal acts by nobody")
    scene.hearRule(.started, "rule", "a1", "scale a1 by +1", rule: "high-traffic", at: .at(9))
    scene.tick(.at(10))
    #expect(scene.promptText().contains("rule high-traffic acts on a1 by itself"))
    scene.tick(.at(120))
    #expect(scene.model.guide() == nil)
  }
}
