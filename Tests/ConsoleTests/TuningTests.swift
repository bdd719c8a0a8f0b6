import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// What is tried with the parameters of an agent's role, on the screen of an open agent.
@Suite struct TuningTests {
  private static let report = TuningReport(
    words: "tries timeout_s 25 instead of 20, round 2: error_rate 0.021 instead of 0.034, evidence 7.2", at: .at(570))

  /// An open agent that lets its timeout be set.
  private func scene(columns: Int = 130, rows: Int = 40, declares: Bool = true) throws -> (scene: Scene, agent: AgentID)
  {
    var scene = try Scene.full(columns: columns, rows: rows)
    scene.press(.enter)
    let agent = try #require(scene.model.opened)
    if declares {
      let bounds = #"{"min":5,"max":60,"step":5,"value":20}"#
      try scene.model.fleet.apply(
        "updated", "\(agent)", #"{"parameters":{"timeout_s":\#(bounds)}}"#, at: .at(599))
    }
    return (scene, agent)
  }

  @Test(arguments: [(80, 24), (130, 40), (200, 50)])
  func evidenceIsShown(columns: Int, rows: Int) throws {
    var (scene, agent) = try scene(columns: columns, rows: rows)
    _ = scene.model.update(.tuning(agent, Self.report))
    for _ in 0..<40 where !scene.draw().lines().joined().contains("evidence 7.2") { scene.press(.down) }
    let text = scene.draw().lines().joined(separator: "\n")
    #expect(text.contains("Tuning of its role") && text.contains("  tries timeout_s 25 instead of 20"))
    #expect(text.contains("evidence 7.2") && text.contains("ago"))
  }

  @Test func questionAndHostileWordsAreShownHarmlessly() throws {
    var (scene, agent) = try scene()
    var report = Self.report
    report.words = "tries a\u{1B}[2J"
    report.question = TuningReport.Question(proposal: ProposalID("p"), agent: agent)
    _ = scene.model.update(.tuning(agent, report))
    let lines = scene.draw().lines()
    #expect(lines.contains { $0.contains("a proposal waits for an answer") })
    #expect(!lines.joined().contains("\u{1B}"))
  }

  @Test func nothingIsSaidWhereNothingIsTried() throws {
    var (scene, agent) = try scene()
    #expect(scene.model.tunedAgent == agent)
    _ = scene.model.update(.tuning(agent, nil))
    #expect(!scene.draw().lines().joined().contains("Tuning"))
    var idle = TuningReport(words: "nothing is tried", at: .at(570))
    idle.isIdle = true
    _ = scene.model.update(.tuning(agent, idle))
    #expect(!scene.draw().lines().joined().contains("Tuning"))
    _ = scene.model.update(.tuning("somebody-else", Self.report))
    #expect(!scene.draw().lines().joined().contains("Tuning"))
    scene.press(.character("f"))
    #expect(scene.model.tunedAgent == nil)
  }

  @Test func agentThatDeclaresNothingIsNotAskedFor() throws {
    let (scene, _) = try scene(declares: false)
    #expect(scene.model.tunedAgent == nil)
  }
}
