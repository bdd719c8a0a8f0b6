import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// Answering what rules propose.
@Suite struct ProposalTests {
  private func scene(columns: Int = 130, rows: Int = 40, isReadOnly: Bool = false) throws -> Scene {
    var scene = try Scene.plain(agents: 3, columns: columns, rows: rows, isReadOnly: isReadOnly)
    scene.propose("p1", "a1", made: 0, until: 900)
    scene.tick(.at(2))
    return scene
  }

  private func text(_ scene: inout Scene) -> String { scene.draw().lines().joined(separator: "\n") }

  @Test func bannerNamesTheEffectTheReasonAndTheKeys() throws {
    var scene = try scene()
    #expect(
      scene.promptText().hasPrefix(
        " PROPOSAL, 14m  A approve  D decline  offer a coupon for a1, and 2 more, because avg_rating is 1.9"))
    scene.tick(.at(850))
    #expect(scene.promptText().hasPrefix(" PROPOSAL, 50s  A approve"))
  }

  @Test func nothingMovesWhenAProposalComesOrGoes() throws {
    var scene = try Scene.plain(agents: 3, columns: 80, rows: 24)
    let before = scene.draw().lines().dropLast(2)
    scene.propose("p1", "a1", made: 1)
    scene.tick(.at(1))
    #expect(scene.draw().lines().dropLast(2) == before)
  }

  @Test func approvalTakesACodeAndNamesWhatWasShown() throws {
    var scene = try scene()
    #expect(scene.type("A") == [])
    let code = try #require(scene.code)
    #expect(scene.promptText().hasPrefix(" approve coupon for a1? type \(code) to do it"))
    let screen = text(&scene)
    for words in [
      "Proposal of coupon", "stands for 14m", "avg_rating is 1.9",
      "1. offer a coupon for a1 conversation_ids=c-1,c-2 campaign=sorry",
      "2. schedule a job for a1 job=retraining at=2h",
      "3. advice a1 text=\"look at the prices\"", "9f86d081884c7d65",
    ] { #expect(screen.contains(words), "\(words)") }
    let draft = try sent(scene.type(code))
    #expect(draft.action == .approve && draft.targets == [])
    #expect(draft.arguments == ["proposal": "p1", "sha256": "9f86d081884c7d65"])
    #expect(draft.reason == "")
  }

  @Test func rollbackIsShownAgentByAgent() throws {
    var scene = try Scene.plain(agents: 3, columns: 130, rows: 40)
    let steps = ["a0", "a1"].map {
      Proposal.Step(action: "rollback", target: $0, arguments: ["version": "1.4.1"])
    }
    scene.propose("p1", "a1", made: 0, until: 900, steps: steps)
    scene.tick(.at(2))
    #expect(scene.promptText().contains("A approve  D decline  roll back a0, and 1 more, because "))
    scene.type("A")
    let screen = text(&scene)
    for words in ["1. roll back a0 version=1.4.1", "2. roll back a1 version=1.4.1"] {
      #expect(screen.contains(words), "\(words)")
    }
  }

  @Test(arguments: ["A", "D"]) func reasonIsTyped(key: String) throws {
    var scene = try scene()
    scene.type(key + "+reason=not today")
    scene.press(.enter)
    #expect(scene.promptText().contains(" coupon for a1 reason=not today? "))
    let draft = try sent(scene.type(scene.code ?? "y"))
    #expect(draft.reason == "not today" && draft.proposal?.id.text == "p1")
    #expect(draft.arguments == ["proposal": "p1", "sha256": "9f86d081884c7d65"])
  }

  @Test func decliningTakesAYes() throws {
    var scene = try scene()
    scene.type("D")
    #expect(scene.promptText().hasPrefix(" decline coupon for a1? y yes"))
    let draft = try sent(scene.type("y"))
    #expect(draft.action == .reject)
    #expect(draft.arguments == ["proposal": "p1", "sha256": "9f86d081884c7d65"])
  }

  @Test func escapeSendsNothing() throws {
    var scene = try scene()
    #expect(scene.press(.character("A"), .escape) == [])
    #expect(scene.promptText().hasPrefix(" cancelled: approve a proposal; nothing was sent"))
  }

  @Test func whatHasExpiredMeanwhileIsNotSent() throws {
    var scene = try scene()
    scene.type("D")
    scene.tick(.at(900))
    #expect(text(&scene).contains("has expired"))
    #expect(scene.type("y") == [])
    #expect(scene.promptText().hasPrefix(" not sent: the proposal has expired"))
    scene.tick(.at(907))
    #expect(scene.promptText().hasPrefix(" ? help"))
    #expect(scene.type("A") == [])
    #expect(scene.promptText().hasPrefix(" no proposal waits for an answer"))
  }

  @Test func whatAnotherAnsweredIsNotSent() throws {
    var scene = try scene()
    scene.type("D")
    scene.propose("p1", "a1", made: 0, until: 900, state: .approved)
    #expect(text(&scene).contains("has been answered"))
    #expect(scene.type("y") == [])
    #expect(scene.promptText().hasPrefix(" not sent: the proposal has been answered"))
  }

  @Test func anotherProposalUnderTheSameIdIsNotAnswered() throws {
    var scene = try scene()
    scene.type("D")
    scene.propose("p1", "a1", made: 1, until: 900, digest: "another")
    #expect(text(&scene).contains("has become another"))
    #expect(scene.type("y") == [])
  }

  @Test func answerIsForTheSelectedRowThenTheSelectedAgentThenTheFirstToExpire() throws {
    var scene = try scene()
    scene.propose("p2", "a2", made: 1, until: 950)
    scene.propose("p0", "gone", made: 1, until: 980)
    scene.tick(.at(2))
    // a0 is selected and has none.
    #expect(scene.model.answerable?.id == ProposalID("p1"))
    #expect(scene.promptText().hasPrefix(" 3 PROPOSALS, 14m"))
    scene.press(.down, .down)
    #expect(scene.model.selectedAgent == "a2")
    #expect(scene.model.answerable?.id == ProposalID("p2"))
    scene.press(.character("6"))
    #expect(scene.model.answerable?.id == ProposalID("p0"))
  }

  @Test func tabGoesToTheNextWithACodeOfItsOwn() throws {
    var scene = try scene()
    scene.propose("p2", "a2", made: 1, until: 950)
    scene.type("A")
    let code = scene.code
    scene.press(.tab)
    #expect(scene.promptText().hasPrefix(" approve coupon for a2?"))
    #expect(scene.code != code)
    scene.press(.tab)
    #expect(scene.promptText().hasPrefix(" approve coupon for a1?"))
    scene.press(.escape)
    scene.type("D")
    scene.press(.tab)
    #expect(try sent(scene.type("y")).arguments["proposal"] == "p2")
  }

  @Test func longProposalScrollsWhileItIsAsked() throws {
    var scene = try Scene.plain(agents: 1, columns: 80, rows: 24)
    let steps = (0..<60).map { Proposal.Step(action: "pause", target: AgentID("n\($0)")) }
    scene.propose("p1", "a0", made: 0, until: 900, steps: steps)
    scene.type("A")
    #expect(!text(&scene).contains("60. pause n59"))
    for _ in 0..<12 { scene.press(.pageDown) }
    #expect(text(&scene).contains("60. pause n59"))
    #expect(try sent(scene.type(try #require(scene.code))).action == .approve)
  }

  @Test func readOnlyConsoleShowsItAndSaysWhyNot() throws {
    var scene = try scene(isReadOnly: true)
    #expect(scene.promptText().hasPrefix(" PROPOSAL, 14m  offer a coupon"))
    #expect(scene.type("A") == [])
    #expect(scene.promptText().hasPrefix(" read-only: approve a proposal is not available here"))
    scene.tick(.at(9))
    scene.type("D")
    #expect(scene.promptText().hasPrefix(" read-only: decline a proposal is not available here"))
  }

  @Test func rowOfTheRunSaysThatItWaits() throws {
    var scene = try scene()
    #expect(text(&scene).contains("proposed  rule coupon: a1  waits for a person, 14m"))
    scene.tick(.at(901))
    #expect(!text(&scene).contains("waits for a person"))
  }

  /// Nobody is to approve what has been cut off.
  @Test(arguments: [20, 40, 80])
  func effectsAreShownToTheirEnd(columns: Int) throws {
    var scene = try Scene.plain(agents: 1, columns: columns, rows: 24)
    let ids = (0..<20).map { "c-\($0)" }.joined(separator: ",")
    scene.propose(
      "p1", "a0", made: 0, until: 900,
      steps: [
        .init(action: "offer_coupon", target: "a0", arguments: ["conversation_ids": ids, "campaign": "end of it"])
      ])
    scene.type("A")
    let lines = scene.draw().lines().filter { $0.hasPrefix("│") }
    let words = lines.map { $0.dropFirst().dropLast().filter { $0 != " " } }.joined()
    #expect(words.contains("1.offeracouponfora0conversation_ids=\(ids)campaign=\"endofit\""))
  }

  /// Hundreds of conversations are thousands of characters: their end is reached by scrolling.
  @Test func longEffectIsReadToItsEndBeforeTheCodeIsTyped() throws {
    var scene = try Scene.plain(agents: 1, columns: 80, rows: 24)
    let ids = (1...300).map { "conversation-\($0)" }.joined(separator: ",")
    scene.propose(
      "p1", "a0", made: 0, until: 900,
      steps: [.init(action: "offer_coupon", target: "a0", arguments: ["conversation_ids": ids, "campaign": "the end"])])
    scene.type("A")
    func line(_ row: Int) -> String { scene.draw().lines()[row].dropFirst().dropLast().filter { $0 != " " } }
    var words = ""
    var (top, last) = (line(3), "")
    // The first line below the pane's frame, until the last one is in view.
    while top != last {
      words += top
      last = top
      scene.press(.down)
      top = line(3)
    }
    words += (4...20).map { line($0) }.joined()
    #expect(words.contains(ids + "campaign=\"theend\""))
    #expect(!text(&scene).contains("characters more"))
  }

  @Test(arguments: [(.set(.off), "off"), (.set(.dry), "dry"), (.unset, "dry")] as [(AutomationSetting, String)])
  func whileAutomationIsNotOnNothingCanBeApproved(setting: AutomationSetting, mode: String) throws {
    var scene = try scene()
    scene.model.fleet.setAutomation(setting, at: .at(5))
    #expect(scene.type("A") == [] && scene.model.prompt == nil)
    #expect(
      scene.promptText().hasPrefix(" automation is \(mode): nothing approved would be done; m switches it on"))
    scene.type("D")
    #expect(try sent(scene.type("y")).action == .reject)
  }

  @Test(arguments: [(80, false), (200, true)])
  func otherKeysStandWhereThereIsRoom(columns: Int, isWhole: Bool) throws {
    var scene = try scene(columns: columns, rows: 24)
    #expect(scene.promptText().contains("? help"))
    #expect(scene.promptText().contains("p pause") == isWhole)
  }
}
