import Execution
import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Between a proposal and a person's word things change: what was approved is looked at again.
@Suite(.threaded) struct ApprovalTests {
  private static let asking = """
    [[rules]]
    id = "ask"
    on = "agent.satisfaction_low"
    when = "data.avg_rating <= 3 and agent.state == 'running'"
    mode = "approve"
    do = [{ action = "pause", for = "15m" }, { action = "schedule", job = "retraining", at = "1h" }]
    """

  private let rules: RuleScene

  init() throws { rules = try RuleScene(Self.asking) }

  private func proposal() throws -> Proposal {
    try rules.event("agent.satisfaction_low", "agent-1", ["avg_rating": 1.5])
    let line = try #require(try rules.lines { $0.phase == .proposed }.first { $0.phase == .proposed })
    return try #require(line.proposal)
  }

  private func approve(_ proposal: Proposal) throws {
    try rules.scene.send(.approve, [], ["proposal": proposal.id.text, "sha256": proposal.digest])
  }

  @Test func whatStillHoldsIsDoneAsItWasApproved() throws {
    try approve(try proposal())
    let lines = try rules.run(of: "ask").filter { $0.phase != .proposed && $0.phase != .skipped }
    #expect(
      lines.map(\.short).first
        == "started agent-1: approved: pause agent-1 for 15m and schedule retraining for agent-1 in 1h")
    #expect(lines.last?.short.hasPrefix("succeeded: paused for 15m, retraining at ") == true)
    #expect(try rules.scene.record("agent-1").state == .paused)
  }

  @Test func memoryOfWhatIsProposedOutlivesTheProposal() throws {
    let rules = try RuleScene(
      Self.asking.replacing(
        #"mode = "approve""#, with: #"mode = "approve"\napprove = { ttl = "7d" }"#.replacing(#"\n"#, with: "\n")))
    try rules.event("agent.satisfaction_low", "agent-1", ["avg_rating": 1.5])
    let lines = try rules.lines { $0.phase == .proposed }
    let proposal = try #require(lines.compactMap(\.proposal).first)
    let left = try #require(try rules.scene.server.call("PTTL", rules.scene.keys.mark(proposal.id.text)).integer)
    #expect(left > TimeSpan.days(8).milliseconds && left <= TimeSpan.days(9).milliseconds)
  }

  @Test func conditionThatHoldsNoLongerStopsIt() throws {
    let proposal = try proposal()
    try rules.scene.send(.pause, ["agent-1"], ["for": "1h"])
    try approve(proposal)
    let lines = try rules.lines { $0.phase == .skipped }
    #expect(
      lines.last?.short
        == "skipped agent-1: approved, and not done: its condition no longer holds: state paused (running asked)")
    #expect(try rules.scene.control().map(\.arguments) == [["for": "1h"]])
    #expect(try rules.scene.schedule().map(\.job) == [#"{"action":"resume","target":"agent-1"}"#])
  }

  @Test(arguments: ["dry", "off", nil])
  func whileAutomationIsNotOnAnApprovalIsRefusedAndTheProposalStays(mode: String?) throws {
    let proposal = try proposal()
    if let mode {
      try rules.scene.send(.automation, [], ["mode": mode])
    } else {
      _ = try rules.scene.server.call("DEL", rules.scene.keys.automation)
    }
    let arguments = ["proposal": proposal.id.text, "sha256": proposal.digest]
    let words = "automation is \(mode ?? "dry"), and nothing approved would be done: switch it on first"
    #expect(try rules.scene.send(.approve, [], arguments).last?.short == "failed: \(words)")
    try rules.scene.send(.automation, [], ["mode": "on"])
    #expect(try rules.scene.send(.approve, [], arguments).last?.phase == .succeeded)
    #expect(try rules.run(of: "ask").last?.short.hasPrefix("succeeded: paused for 15m, retraining at ") == true)
  }

  @Test func switchThatIsTurnedBeforeItBeginsStopsIt() throws {
    let proposal = try proposal()
    try rules.scene.send(.automation, [], ["mode": "dry"])
    // As if it had been approved while automation was on.
    let begin = Job(.approved(proposal.id, Job.Seal(of: proposal)), "agent-1").encoded
    _ = try rules.scene.server.call("ZADD", rules.scene.keys.schedule, try rules.scene.now(), begin)
    // What is appointed makes the handler look at its schedule.
    try rules.scene.send(.schedule, ["agent-2"], ["job": "audit", "at": "1h"])
    let lines = try rules.lines { $0.phase == .skipped }
    #expect(lines.last?.short == "skipped agent-1: approved, and not done: automation is dry")
    #expect(try rules.scene.control().isEmpty)
  }

  @Test func guardTakesOutWhatMayNotBeAnyMoreAndCallsAPerson() throws {
    let proposal = try proposal()
    try rules.scene.send(.activateBackup, ["agent-2"], ["backup": "agent-1"])
    try approve(proposal)
    let lines = try rules.run(of: "ask")
    #expect(
      lines.filter { $0.phase == .skipped }.map(\.detail) == [
        "guarded: pause agent-1 for 15m: it stands in for agent-2"
      ])
    #expect(
      lines.last?.short.hasPrefix("succeeded: 1 of 2 done: pause agent-1 for 15m: it stands in for agent-2; done: ")
        == true)
    #expect(try rules.scene.record("agent-1") == AgentRecord())
    #expect(
      try rules.scene.alert(.escalation, "agent-1")?.summary
        == "rule ask: not done: pause agent-1 for 15m: it stands in for agent-2")
  }

  private func store(_ proposal: Proposal, under id: ProposalID) throws {
    _ = try rules.scene.server.call("HSET", rules.scene.keys.proposals, id.text, ProposalCoding.encode(proposal))
  }

  @Test func proposalThatWasAlteredCannotBeAnswered() throws {
    let proposal = try proposal()
    var altered = proposal
    altered.steps[0].arguments = ["for": "1d"]
    try store(altered, under: proposal.id)
    let arguments = ["proposal": proposal.id.text, "sha256": proposal.digest]
    for action in [Action.approve, .reject] {
      #expect(
        try rules.scene.send(action, [], arguments).last?.detail
          == "the proposal was altered: its sha256 is not that of what it proposes")
    }
    let other = ProposalID("other")
    try store(proposal, under: other)
    #expect(
      try rules.scene.send(.approve, [], ["proposal": "other", "sha256": proposal.digest]).last?.detail
        == "the proposal stands under another id than its own")
    #expect(try rules.scene.control().isEmpty)
  }

  @Test func whatRunsIsWhatWasApproved() throws {
    let proposal = try proposal()
    var altered = proposal
    altered.steps = [Proposal.Step(action: "schedule", target: "agent-1", arguments: ["job": "audit", "at": "1h"])]
    altered = ProposalCoding.sealed(altered)
    try store(altered, under: proposal.id)
    try approve(altered)
    let lines = try rules.lines { $0.phase == .failed }
    #expect(
      lines.last?.short
        == "failed: approved, but not done: the stored run is not what was approved")
    #expect(try rules.scene.control().isEmpty && rules.scene.record("agent-1") == AgentRecord())
  }

  @Test func runThatWasAlteredOnceItWasApprovedIsNotDone() throws {
    let proposal = try proposal()
    let key = rules.scene.keys.mark(proposal.id.text)
    let record = try #require(try rules.scene.server.call("GET", key).text)
    _ = try rules.scene.server.call("SET", key, record.replacing(#""for":"15m""#, with: #""for":"1d""#))
    try approve(proposal)
    let lines = try rules.lines { $0.phase == .failed }
    #expect(lines.last?.detail.hasPrefix("approved, but not done") == true)
    #expect(try rules.scene.control().isEmpty)
  }

  @Test func approvalThatAnOlderHandlerTookIsDone() throws {
    let proposal = try proposal()
    let begin = Job(.approved(proposal.id, nil), "agent-1").encoded
    _ = try rules.scene.server.call("ZADD", rules.scene.keys.schedule, try rules.scene.now(), begin)
    try rules.scene.send(.schedule, ["agent-2"], ["job": "audit", "at": "1h"])
    #expect(try rules.run(of: "ask").last?.short.hasPrefix("succeeded: paused for 15m, retraining at ") == true)
  }

  @Test func alteredProposalGoesWhenItsTimeIsOver() throws {
    let proposal = try proposal()
    var altered = proposal
    altered.reason = "another"
    try store(altered, under: proposal.id)
    let end = Job(.proposalEnd(proposal.id), "agent-1").encoded
    _ = try rules.scene.server.call("ZADD", rules.scene.keys.schedule, try rules.scene.now(), end)
    try rules.scene.send(.schedule, ["agent-2"], ["job": "audit", "at": "1h"])
    try rules.scene.waitForLine(
      "expired: nobody could answer the proposal: it was altered: its sha256 is not that of what it proposes")
    #expect(try rules.scene.server.call("HLEN", rules.scene.keys.proposals) == .integer(0))
  }

  @Test func proposedPauseTakesNobodysPlaceBeforeItIsApproved() throws {
    let proposal = try proposal()
    let places = rules.scene.keys.paused
    #expect(try rules.scene.server.call("ZCARD", places) == .integer(0))
    try approve(proposal)
    try rules.run(of: "ask")
    #expect(try rules.scene.server.call("ZCARD", places) == .integer(1))
    try rules.scene.send(.resume, ["agent-1"])
    #expect(try rules.scene.server.call("ZCARD", places) == .integer(0), "its place is free again")
  }
}
