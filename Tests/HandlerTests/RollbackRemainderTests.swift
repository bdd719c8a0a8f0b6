import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What is left of a rule of one's own that rolls back, if nobody may go back.
@Suite(.threaded) struct RollbackRemainderTests {
  private static let rule = """
    [[rules]]
    id = "mine"
    on = "agent.version_worse"
    do = [
      { action = "rollback", each = "data.agents", target = "{item}", version = "0.9", when = "data.mode == 'auto'" },
      { action = "pause", for = "15m" },
      { action = "notify", to = "operations", text = "{agent.id} goes back" },
    ]
    """

  @Test(arguments: [
    ("auto", ["guarded: roll agent-1 back to version 0.9: it has not said its role and version"]), ("other", []),
  ])
  func otherActionsAreDoneAndNobodyIsToldOfARollbackThatDoesNotHappen(_ mode: String, _ refused: [String]) throws {
    let rules = try RuleScene(Self.rule, rollback: .auto)
    try rules.event("agent.version_worse", "agent-1", ["mode": .string(mode), "agents": ["agent-1"]])
    let lines = try rules.run(of: "mine")
    let guarded = lines.isEmpty ? [] : try rules.lines().map(\.detail).filter { $0.hasPrefix("guarded: ") }
    #expect(guarded == refused + ["guarded: tell operations: nobody goes back"])
    #expect(try rules.scene.control().map(\.action) == [.pause])
    #expect(try rules.scene.record("agent-1").state == .paused)
  }
}
