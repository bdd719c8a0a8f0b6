import Automation
import Execution
import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What a person has set stays, whatever the handler has decided before.
@Suite(.threaded) struct HandCheckTests {
  private let scene: HandlerScene
  private let agents: [AgentID] = ["a1", "a2", "a3"]

  init() throws { scene = try HandlerScene(start: false) }

  private func set(_ agent: AgentID, _ value: String, by author: String, ago: Int64 = 1) throws {
    let tuning = AgentTuning(
      parameter: "timeout_s", value: value, by: author, at: try scene.now(.seconds(-ago)), command: CommandID("m1"))
    _ = try scene.server.call(
      "HSET", scene.keys.agent(agent), AgentTuningCoding.valueField(of: "timeout_s"), value,
      AgentTuningCoding.authorField(of: "timeout_s"), AgentTuningCoding.author(of: tuning))
  }

  private func value(_ agent: AgentID) throws -> String? { try scene.record(agent).tuning(of: "timeout_s")?.value }

  private func lines(_ phase: AuditLine.Phase, of agent: AgentID) throws -> [String] {
    try scene.audit().filter { $0.target == agent && $0.phase == phase && $0.action == "tune" }.map(\.detail)
  }

  /// It names more agents than the one that it stands for.
  @Test func anApprovedProposalSetsOnlyAgentsThatNobodyHasTakenInHand() throws {
    let arguments = ["parameter": "timeout_s", "value": "25"]
    let run = "rule/handler/tuning/1795334400000/a1"
    let actions = agents.map { PlannedAction(kind: .action(.tune), target: $0, arguments: arguments) }
    let record = RunRecord(rule: OwnRule.tuning.rawValue, agent: "a1", event: "", reason: "test", ruleActions: actions)
    _ = try scene.server.call("SET", scene.keys.automation, "on")
    _ = try scene.server.call("SET", scene.keys.mark(run), record.encoded)
    try set("a2", "60", by: "maria@bastion")
    _ = try scene.server.call("HSET", scene.keys.agent("a3"), "state", "paused")
    let job = Job(.ruleAction(run: run, .ruleActions, 0), "a1")
    _ = try scene.server.call("ZADD", scene.keys.schedule, "\(try scene.now().milliseconds)", job.encoded)
    try scene.startHandler("h1")
    try scene.server.wait { (try? lines(.skipped, of: "a3").isEmpty) == false }
    #expect(try value("a1") == "25" && value("a2") == "60" && value("a3") == nil)
    #expect(try lines(.skipped, of: "a2") == ["maria@bastion has set timeout_s of a2 a while ago"])
    #expect(try lines(.skipped, of: "a3") == ["a3 is paused"])
    #expect(try scene.control().map(\.agent) == ["a1"])
  }

  /// A person's command may stand just before it.
  @Test(arguments: ["tuning/support", "load/support"])
  func aCommandOfTheHandlerItselfSetsNothingThatAPersonHasSet(author: String) throws {
    try set("a2", "60", by: "maria@bastion")
    try set("a3", "60", by: "maria@bastion", ago: 4000)
    try scene.startHandler("h1")
    try scene.send(.tune, agents, ["parameter": "timeout_s", "value": "25"]) { $0.operator = author }
    #expect(try value("a1") == "25" && value("a2") == "60" && value("a3") == "25")
    #expect(try lines(.failed, of: "a2") == ["maria@bastion has set timeout_s of a2 a while ago"])
    // Another person may.
    try scene.send(.tune, ["a2"], ["parameter": "timeout_s", "value": "30"])
    #expect(try value("a2") == "30")
  }
}
