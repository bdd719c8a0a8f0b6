import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// Handing a conversation that waits for a person over to another agent, by key.
@Suite struct HandoffKeyTests {
  private static func scene(
    _ skill: String = "legal", proposed: AgentID? = nil, hand: String? = nil, isReadOnly: Bool = false
  ) throws -> Scene {
    var scene = Scene(columns: 200, rows: 60, isReadOnly: isReadOnly)
    func agent(_ id: String, open: Int, health: Double, skill: String = "legal") throws {
      let description = #"{"skills":["\#(skill)"],"languages":["pt"],"capacity":8}"#
      try scene.model.fleet.apply("created", id, description, at: .at(3590))
      try scene.model.fleet.apply("metrics", id, #"{"health_score":\#(health)}"#, at: .at(3595))
      try scene.model.fleet.apply("status", id, #"{"state":"running","conversations":\#(open)}"#, at: .at(3598))
    }
    try agent("sales-1", open: 1, health: 1)
    try agent("legal-1", open: 8, health: 1)
    try agent("legal-2", open: 3, health: 0.97)
    try agent("legal-3", open: 6, health: 0.97)
    try agent("tax-1", open: 0, health: 1, skill: "tax")
    var book = WaitingBook()
    let id = try #require(WaitingConversation.ID("c-1"))
    var waits = WaitingConversation(id: id, agent: "sales-1", since: .at(3500))
    (waits.skill, waits.language) = (skill, "pt")
    waits.proposed = proposed.map { .init(agent: $0, why: "legal, pt") }
    waits.hand = hand.map { .init(by: $0, at: .at(3550)) }
    book.set(waits)
    scene.model.fleet.setHandler(isAlive: true)
    scene.model.fleet.setWaiting(book)
    scene.goLive(at: .at(3600))
    scene.press(.character("8"))
    return scene
  }

  private func screen(_ scene: inout Scene) -> String { scene.draw().lines().joined(separator: "\n") }

  @Test func bestAreShownWithTheirReasonsAndTheFirstIsChosen() throws {
    var scene = try Self.scene()
    #expect(scene.promptText().contains("t hand over"))
    scene.press(.character("t"))
    let shown = screen(&scene)
    #expect(shown.contains("hand over conversation c-1 of sales-1 to=legal-2?"))
    #expect(shown.contains("1 legal-2: legal, pt, 3 of 8 open, health 0.97"))
    #expect(shown.contains("2 legal-3: legal, pt, 6 of 8 open, health 0.97"))
    #expect(!shown.contains("legal-1:"))
    let draft = try sent(scene.press(.character("y")))
    #expect(draft.action == .transfer && draft.targets == ["sales-1"] && draft.conversation?.text == "c-1")
    #expect(draft.arguments == ["to": "legal-2"] && draft.observed.isEmpty)
  }

  @Test func proposedOneComesFirstHoweverItRanksByNow() throws {
    var scene = try Self.scene(proposed: "legal-3")
    scene.press(.character("t"))
    let shown = screen(&scene)
    #expect(shown.contains("hand over conversation c-1 of sales-1 to=legal-3?"))
    #expect(shown.contains("1 legal-3: legal, pt, 6 of 8 open, health 0.97 (proposed)"))
    #expect(shown.contains("2 legal-2: legal, pt, 3 of 8 open, health 0.97"))
    #expect(try sent(scene.press(.character("y"))).arguments == ["to": "legal-3"])
  }

  @Test func proposedOneComesFirstAlsoBehindThreeBetterOnes() throws {
    var scene = try Self.scene(proposed: "legal-3")
    for number in 4...6 {
      let id = "legal-\(number)"
      let description = #"{"skills":["legal"],"languages":["pt"],"capacity":8}"#
      try scene.model.fleet.apply("created", id, description, at: .at(3590))
      try scene.model.fleet.apply("status", id, #"{"state":"running","conversations":0}"#, at: .at(3598))
    }
    scene.tick(.at(3601))
    scene.press(.character("t"))
    let shown = screen(&scene)
    #expect(shown.contains("1 legal-3: legal, pt, 6 of 8 open, health 0.97 (proposed)"))
    #expect(shown.contains("2 legal-4: ") && shown.contains("3 legal-5: ") && !shown.contains("legal-6: "))
  }

  /// It is full, has another skill, is unknown here, has no name that may be shown, or has the conversation itself.
  @Test(arguments: ["legal-1", "tax-1", "ghost\u{1B}[2J", "sales-1"] as [AgentID])
  func proposedOneThatCannotTakeItIsLeftOut(_ proposed: AgentID) throws {
    var scene = try Self.scene(proposed: proposed)
    scene.press(.character("t"))
    let shown = screen(&scene)
    #expect(shown.contains("1 legal-2: legal, pt, 3 of 8 open") && !shown.contains("(proposed)"))
    #expect(!shown.unicodeScalars.contains("\u{1B}"))
    #expect(try sent(scene.press(.character("y"))).arguments == ["to": "legal-2"])
  }

  @Test func digitChoosesAnotherOneAndTabEdits() throws {
    var scene = try Self.scene()
    scene.press(.character("t"), .character("2"))
    #expect(screen(&scene).contains("hand over conversation c-1 of sales-1 to=legal-3?"))
    #expect(try sent(scene.press(.character("y"))).arguments == ["to": "legal-3"])
    scene.press(.character("t"), .tab)
    scene.type(" reason=asked for")
    scene.press(.enter)
    let draft = try sent(scene.press(.character("y")))
    #expect(draft.arguments == ["to": "legal-2"] && draft.reason == "asked for")
    // Any other key sends nothing.
    #expect(scene.press(.character("t"), .character("3")) == [] && scene.model.prompt == nil)
  }

  @Test func whoCannotBeHandedOverIsSaid() throws {
    var scene = try Self.scene("law")
    #expect(scene.press(.character("t")) == [] && scene.model.prompt == nil)
    #expect(scene.promptText().contains("nobody healthy is there for law, pt"))
    scene = try Self.scene(hand: "ana@ops")
    #expect(scene.press(.character("t")) == [] && scene.model.prompt == nil)
    #expect(scene.promptText().contains("ana has taken it"))
    scene = try Self.scene(isReadOnly: true)
    #expect(scene.press(.character("t")) == [] && scene.model.prompt == nil)
  }

  @Test func openAgentSaysHowManyConversationsItHas() throws {
    var scene = try Self.scene()
    scene.press(.character("1"), .home, .enter)
    #expect(screen(&scene).contains(" of 8 conversations"))
    scene.tick(.at(3598 + 301))
    #expect(!screen(&scene).contains(" of 8 conversations"))
  }

  /// On an agent the conversation is typed.
  @Test func ofAnAgentItAsksWhichConversation() throws {
    var scene = try Self.scene()
    scene.press(.character("1"), .home, .character("t"))
    guard case .arguments(let draft, _, _)? = scene.model.prompt else {
      Issue.record("nothing is asked")
      return
    }
    #expect(draft.action == .transfer && draft.targets.count == 1 && draft.candidates.isEmpty)
  }
}
