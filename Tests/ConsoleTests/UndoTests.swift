import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

@Suite struct UndoTests {
  private func carryOut(
    _ scene: inout Scene, _ id: String, _ action: String, _ target: AgentID, by who: String = "alice@bastion",
    at second: Int64
  ) {
    scene.hear(id, .received, action, by: who, at: .at(second))
    scene.hear(id, .succeeded, action, target, by: who, at: .at(second))
    scene.hear(id, .succeeded, action, by: who, at: .at(second))
  }

  @Test func lastOfThisOperatorsCommandsIsTakenBack() throws {
    var scene = try Scene.plain(agents: 3)
    carryOut(&scene, "c1", "pause", "a0", at: 2)
    carryOut(&scene, "c2", "rate_limit", "a1", at: 3)
    carryOut(&scene, "c3", "pause", "a2", by: "bob@bastion", at: 4)
    scene.type("u")
    #expect(scene.promptText().hasPrefix(" undo limit the rate of a1? y yes  Tab adds a reason  other keys: no"))
    let draft = try sent(scene.type("y"))
    #expect(draft.action == .undo)
    #expect(draft.arguments == ["command_id": "c2"])
    #expect(draft.targets == ["a1"])
  }

  @Test func commandThatWasTakenBackIsPassedOver() throws {
    var scene = try Scene.plain(agents: 3)
    carryOut(&scene, "c1", "pause", "a0", at: 2)
    carryOut(&scene, "c2", "rate_limit", "a1", at: 3)
    carryOut(&scene, "c3", "undo", "a1", at: 4)
    scene.hear("c2", .undone, "rate_limit", at: .at(4))
    scene.type("u")
    let draft = try sent(scene.type("y"))
    #expect(draft.arguments == ["command_id": "c1"])
  }

  @Test(arguments: [AuditLine.Phase.rejected, .failed, .expired, .skipped, .received])
  func commandThatDidNothingIsPassedOver(phase: AuditLine.Phase) throws {
    var scene = try Scene.plain(agents: 3)
    scene.hear("c1", phase, at: .at(2))
    #expect(scene.type("uy") == [])
    #expect(scene.promptText() == " there is no command of yours to undo")
  }

  @Test func reasonIsTyped() throws {
    var scene = try Scene.plain(agents: 3)
    carryOut(&scene, "c1", "pause", "a0", at: 2)
    scene.press(.character("u"), .tab)
    scene.type("reason=it was the wrong one")
    scene.press(.enter)
    #expect(scene.promptText().hasPrefix(" undo pause a0 reason=it was the wrong one? y"))
    let draft = try sent(scene.type("y"))
    #expect(draft.arguments == ["command_id": "c1"] && draft.reason == "it was the wrong one")
  }

  @Test func otherKeysDoNotUndo() throws {
    var scene = try Scene.plain(agents: 3)
    carryOut(&scene, "c1", "pause", "a0", at: 2)
    scene.press(.character("u"), .enter)
    #expect(scene.model.prompt == nil)
    #expect(scene.type("y") == [])
  }
}
