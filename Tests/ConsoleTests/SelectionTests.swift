import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// What is selected, and what moves.
@Suite struct SelectionTests {
  private func worsen(_ scene: inout Scene, _ agent: String, at second: Int64) throws {
    try scene.model.fleet.apply("metrics", agent, #"{"error_rate":0.9,"queue_size":2000}"#, at: .at(second))
  }

  @Test func worstAgentIsSelectedUntilTheFirstKey() throws {
    var scene = try Scene.plain(agents: 3)
    #expect(scene.model.selectedAgent == "a0")
    try worsen(&scene, "a2", at: 2)
    scene.tick(.at(4))
    #expect(scene.order == ["a2", "a0", "a1"])
    #expect(scene.model.selectedAgent == "a2")
  }

  @Test func selectionFollowsTheAgentWhenTheOrderChanges() throws {
    var scene = try Scene.plain(agents: 3)
    scene.press(.down)
    #expect(scene.model.selectedAgent == "a1")
    try worsen(&scene, "a2", at: 2)
    scene.tick(.at(10))
    #expect(scene.order == ["a2", "a0", "a1"])
    #expect(scene.model.selectedAgent == "a1")
    #expect(scene.draw().lines()[5].hasPrefix("│▸ ● running     a1"))
    scene.type("p")
    let draft = try sent(scene.type("y"))
    #expect(draft.targets == ["a1"])
  }

  @Test func nothingMovesWhileTheHandsAreOnTheKeys() throws {
    var scene = try Scene.plain(agents: 3)
    scene.press(.down)
    try worsen(&scene, "a2", at: 2)
    scene.tick(.at(4))
    #expect(scene.order == ["a0", "a1", "a2"])
    scene.press(.down)
    scene.tick(.at(7))
    #expect(scene.order == ["a0", "a1", "a2"])
    scene.tick(.at(8))
    #expect(scene.order == ["a2", "a0", "a1"])
  }

  @Test func nothingMovesWhileAQuestionIsOpen() throws {
    var scene = try Scene.plain(agents: 3)
    scene.type("p")
    try worsen(&scene, "a2", at: 2)
    scene.tick(.at(60))
    #expect(scene.order == ["a0", "a1", "a2"])
  }

  @Test func newAgentsComeAtTheEndMeanwhile() throws {
    var scene = try Scene.plain(agents: 3)
    scene.press(.down)
    try worsen(&scene, "new", at: 2)
    scene.tick(.at(3))
    #expect(scene.order == ["a0", "a1", "a2", "new"])
    scene.tick(.at(6))
    #expect(scene.order == ["new", "a0", "a1", "a2"])
    #expect(scene.model.selectedAgent == "a1")
  }

  @Test func agentThatLeavesHandsTheSelectionToTheOneInItsPlace() throws {
    var scene = try Scene.plain(agents: 3)
    scene.press(.down)
    try scene.model.fleet.apply("deleted", "a1", at: .at(2))
    scene.tick(.at(63))
    _ = scene.draw()
    #expect(scene.order == ["a0", "a2"])
    #expect(scene.model.selectedAgent == "a2")
  }

  @Test func reorderingKeepsTheRowOnItsLine() throws {
    var scene = try Scene.plain(agents: 100, columns: 80, rows: 24)
    _ = scene.draw()
    for _ in 0..<50 { scene.press(.down) }
    let before = scene.draw().lines().firstIndex { $0.hasPrefix("▸") }
    for number in 60..<70 { try worsen(&scene, "a\(number)", at: 2) }
    scene.tick(.at(20))
    #expect(scene.order.firstIndex(of: "a50") == 60)
    #expect(scene.draw().lines().firstIndex { $0.hasPrefix("▸") } == before)
    #expect(scene.model.selectedAgent == "a50")
  }

  @Test func paneThatIsNotInUseShowsItsHead() throws {
    var scene = try Scene.plain(agents: 60)
    #expect(scene.draw().lines()[22].hasPrefix("│ a0  "))
    for number in 1..<60 { try worsen(&scene, "a\(number)", at: 2) }
    scene.tick(.at(4))
    #expect(scene.draw().lines()[22].hasPrefix("│ a1  "))
  }

  @Test(arguments: [false, true])
  func newestCommandIsInView(wasVisited: Bool) throws {
    var scene = try Scene.plain(agents: 3)
    scene.hear("c0", .received, at: .at(1))
    scene.tick(.at(2))
    _ = scene.draw()
    if wasVisited { scene.press(.character("6"), .character("1")) }
    for number in 1..<30 { scene.hear("c\(number)", .received, by: "op\(number)", at: .at(2)) }
    scene.tick(.at(30))
    #expect(scene.draw().lines().contains { $0.contains("received  pause, op29 ") })
  }

  @Test func homeEndAndPagesStayWithinTheList() throws {
    var scene = try Scene.plain(agents: 100, columns: 80, rows: 24)
    scene.press(.up)
    #expect(scene.model.selectedAgent == "a0")
    scene.press(.pageDown)
    #expect(scene.model.selectedAgent == "a18")
    scene.press(.end, .down)
    #expect(scene.model.selectedAgent == "a99")
    scene.press(.pageUp)
    #expect(scene.model.selectedAgent == "a81")
    scene.press(.character("g"))
    #expect(scene.model.selectedAgent == "a0")
  }

  @Test func tabVisitsThePanesInATurn() throws {
    var scene = try Scene.plain(agents: 3)
    var visited: [PaneID] = []
    for _ in PaneID.allCases where visited.count < 6 {
      scene.press(.tab)
      visited.append(scene.model.focus)
    }
    #expect(visited == [.errorRate, .traffic, .satisfaction, .security, .commands, .agents])
    scene.press(.backTab)
    #expect(scene.model.focus == .commands)
  }

  @Test func commandsRowStandsForItsOnlyTarget() throws {
    var scene = try Scene.plain(agents: 3)
    scene.hear("c1", .received, at: .at(1))
    scene.hear("c1", .started, "pause", "a2", at: .at(1))
    scene.tick(.at(2))
    scene.press(.character("6"))
    #expect(scene.press(.enter) == [.readEvents("a2")])
  }

  @Test func marksDecideWhoIsActedOn() throws {
    var scene = try Scene.plain(agents: 4)
    scene.press(.character(" "), .down, .down, .character(" "), .down)
    #expect(scene.model.marked == ["a0", "a2"])
    scene.type("p")
    let draft = try sent(scene.type("y"))
    #expect(draft.targets == ["a0", "a2"])
    #expect(draft.observed.count == 2)
  }

  @Test func spaceTakesAMarkOffAndEscapeAll() throws {
    var scene = try Scene.plain(agents: 3)
    scene.press(.character(" "), .character(" "))
    #expect(scene.model.marked == [])
    scene.press(.character(" "), .down, .character(" "), .escape)
    #expect(scene.model.marked == [])
  }

  @Test func markGoesWithItsAgent() throws {
    var scene = try Scene.plain(agents: 3)
    scene.press(.character(" "), .down, .character(" "))
    try scene.model.fleet.apply("deleted", "a0", at: .at(2))
    scene.tick(.at(63))
    #expect(scene.model.marked == ["a1"])
  }

  @Test func openedAgentIsTheTargetWhateverIsMarked() throws {
    var scene = try Scene.plain(agents: 3)
    scene.press(.character(" "), .down, .enter)
    scene.type("p")
    let draft = try sent(scene.type("y"))
    #expect(draft.targets == ["a1"])
  }

  @Test func openedAgentScrollsToItsEndAndStraightBack() throws {
    var scene = try Scene.plain(agents: 1, columns: 80, rows: 12)
    scene.press(.enter)
    let head = scene.draw()
    scene.press(.end)
    #expect(scene.draw().lines()[8].hasPrefix("│   reading"))
    let end = scene.model.detailTop
    scene.press(.end)
    _ = scene.draw()
    scene.press(.up)
    #expect(scene.model.detailTop == end - 1)
    scene.press(.home)
    #expect(scene.draw() == head)
  }

  @Test func latestEventsOfAnotherAgentAreLeftOut() throws {
    var scene = try Scene.plain(agents: 3)
    scene.press(.enter)
    _ = scene.model.update(.latestEvents("a1", [EventDigest(at: .at(0), type: "stray", data: "")]))
    #expect(!scene.draw().lines().contains { $0.contains("stray") })
    _ = scene.model.update(.latestEvents("a0", []))
    #expect(scene.draw().lines().contains { $0.contains("the stream holds none of this agent") })
  }

  @Test(arguments: [.paste("q"), .paste("py"), .paste("\r"), Self.burst("qj"), Self.burst("/q"), Self.burst("f?2")])
  func pasteOutsideATextFieldDoesNothingAndIsToldOf(_ paste: Key) throws {
    var scene = try Scene.plain(agents: 3)
    let before = scene.draw()
    #expect(scene.press(paste) == [])
    #expect(scene.model.prompt == nil && scene.model.helpTop == nil)
    let told = scene.promptText()
    #expect(told.contains("pasted text was ignored"))
    scene.tick(.at(8))
    let after = scene.draw()
    #expect(after.lines().dropLast() == before.lines().dropLast())
  }

  @Test func pasteLeavesTheHelpOpen() throws {
    var scene = try Scene.plain(agents: 3)
    scene.press(.character("?"), Self.burst("qj"))
    #expect(scene.model.helpTop == 0)
  }

  /// Letters that came in one read.
  static func burst(_ text: String) -> Key { .burst(text.map { $0 == "\r" ? .enter : .character($0) }) }

  @Test func keysWithoutMeaningDoNothing() throws {
    var scene = try Scene.plain(agents: 3)
    let before = scene.draw()
    #expect(scene.press(.function(5), .insert, .character("ß"), .character("y"), .control("x")) == [])
    #expect(scene.draw() == before)
  }
}
