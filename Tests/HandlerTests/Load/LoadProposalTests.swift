import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Changes of shares that a person is asked about: one a role at a time, whoever leads.
@Suite(.threaded) struct LoadProposalTests {
  private let scene: LoadScene

  init() throws { scene = try LoadScene() }

  @Test func whatIsApprovedIsDoneAndTheNextIsAskedAfterIt() throws {
    try scene.start(.propose)
    try scene.introduce()
    let first = try scene.question()
    #expect(first.rule == "handler/load" && first.steps.map(\.action) == ["tune"])
    #expect(first.reason.contains(" instead of 1: "))
    #expect(try scene.standing()?.question?.id == first.id)
    #expect(try scene.lines(.proposed).first?.ruleTitle == "share load")
    #expect(try scene.handlers.control().isEmpty, "nobody has said so yet")
    #expect(try scene.answer(first, .approve)?.phase == .succeeded)
    try scene.wait { try scene.share(first.agent) == first.steps[0].arguments["value"] }
    let tuning = try #require(try scene.handlers.record(first.agent).tuning(of: "routing_share"))
    #expect(tuning.by == "rule/handler/load" && tuning.command == OwnProposal.command(of: first.id) && !tuning.isByHand)
    let second = try scene.question()
    #expect(second.id != first.id)
    #expect(try scene.lines(.proposed).count == 2)
  }

  @Test func nobodyIsAskedTwiceByWhoTakesOver() throws {
    let first = try scene.start(.propose)
    try scene.introduce()
    let asked = try scene.question()
    try scene.kill(first)
    try scene.start(.propose, "h2")
    // Longer than a new balancer hears before its first move.
    let heard = try scene.handlers.now(.seconds(4))
    try scene.wait { try scene.handlers.now() > heard }
    #expect(try scene.proposals().map(\.id) == [asked.id] && scene.lines(.proposed).count == 1)
    #expect(try scene.answer(asked, .approve)?.phase == .succeeded)
    try scene.wait { try scene.share(asked.agent) == asked.steps[0].arguments["value"] }
  }

  /// It may die between the answer and what comes of it.
  @Test func anAnswerIsNotLostWithTheHandler() throws {
    let first = try scene.start(.propose)
    try scene.introduce()
    let asked = try scene.question()
    let line = try scene.answer(asked, .approve)
    #expect(line?.phase == .succeeded)
    try scene.kill(first)
    try scene.start(.propose, "h2")
    try scene.wait { try scene.share(asked.agent) == asked.steps[0].arguments["value"] }
    try scene.wait { try scene.standing()?.question?.id != asked.id }
    #expect(try scene.handlers.control().filter { $0.agent == asked.agent }.count == 1, "once, whoever leads")
  }

  @Test func whatIsDeclinedIsNotDone() throws {
    try scene.start(.propose)
    try scene.introduce()
    let asked = try scene.question()
    #expect(try scene.answer(asked, .reject)?.phase == .succeeded)
    try scene.wait { try scene.standing()?.moves.map(\.agent) == [asked.agent] }
    #expect(try scene.proposals().isEmpty, "nobody is asked at once again")
    #expect(try scene.share(asked.agent) == nil && scene.handlers.control().isEmpty)
    #expect(try scene.server.call("EXISTS", scene.keys.mark(asked.id.text)) == .integer(0))
  }

  @Test func aQuestionThatSomebodyHasSettledHimselfIsTakenBack() throws {
    try scene.start(.propose)
    try scene.introduce()
    let asked = try scene.question()
    try scene.handlers.send(.tune, [asked.agent], ["parameter": "routing_share", "value": "1.5"])
    try scene.wait { try !scene.proposals().contains { $0.id == asked.id } }
    let line = try #require(try scene.lines(.expired).first)
    #expect(line.detail == "taken back: its share has been set since" && line.proposal?.id == asked.id)
    #expect(try scene.handlers.schedule().allSatisfy { !$0.job.contains(asked.id.text) })
    #expect(try scene.share(asked.agent) == "1.5")
  }

  @Test func aQuestionAboutAnAgentThatHasAnotherRoleNowIsTakenBack() throws {
    try scene.start(.propose)
    try scene.introduce()
    let asked = try scene.question()
    try scene.event("agent.updated", asked.agent, ["role": "sales"])
    try scene.wait { try !scene.proposals().contains { $0.id == asked.id } }
    let line = try #require(try scene.lines(.expired).first)
    #expect(line.detail == "taken back: \(asked.agent) is of another role now" && line.proposal?.id == asked.id)
  }

  @Test func aQuestionAboutAnAgentThatDeclaresNoShareAnyMoreIsTakenBack() throws {
    try scene.start(.propose)
    try scene.introduce()
    let asked = try scene.question()
    try scene.event("agent.updated", asked.agent, ["parameters": [:]])
    try scene.wait { try !scene.proposals().contains { $0.id == asked.id } }
    let line = try #require(try scene.lines(.expired).first)
    #expect(line.detail == "taken back: \(asked.agent) does not let its share be set any more")
  }

  /// Whatever has written it: nobody is kept from being asked for ever.
  @Test func aQuestionThatWouldStandForTooLongIsTakenBack() throws {
    let first = try scene.start(.propose)
    try scene.introduce()
    let asked = try scene.question()
    try scene.kill(first)
    var standing = try #require(try scene.standing())
    standing.question?.until = Instant(milliseconds: .max)
    _ = try scene.server.call("HSET", scene.keys.load, "support", LoadCoding.encode(standing))
    try scene.start(.propose, "h2")
    try scene.wait { try !scene.proposals().contains { $0.id == asked.id } }
    #expect(try scene.lines(.expired).first?.detail == "taken back: it would stand for too long")
    try scene.wait { try scene.standing()?.question != nil }
  }

  /// It was set while no handler lived to take the question back.
  @Test func anApprovalTakesNothingBackThatAPersonHasSetSince() throws {
    let first = try scene.start(.propose)
    try scene.introduce()
    let asked = try scene.question()
    try scene.kill(first)
    let tuning = AgentTuning(
      parameter: "routing_share", value: "1.5", by: "maria@bastion", at: try scene.handlers.now(),
      command: CommandID("m1"))
    _ = try scene.server.call(
      "HSET", scene.keys.agent(asked.agent), AgentTuningCoding.valueField(of: "routing_share"), "1.5",
      AgentTuningCoding.authorField(of: "routing_share"), AgentTuningCoding.author(of: tuning))
    let answer = try scene.handlers.command(
      .approve, [], ["proposal": asked.id.text, "sha256": asked.digest])
    try scene.handlers.publish(answer)
    try scene.start(.propose, "h2")
    // Whoever is first: the question is taken back, or what was approved is not done.
    if try scene.handlers.outcome(of: answer.id).last?.phase == .succeeded {
      let words = "approved, and not done: maria@bastion has set routing_share of \(asked.agent) since"
      try scene.server.wait { (try? scene.lines(.skipped).contains { $0.detail == words }) == true }
    }
    #expect(try scene.share(asked.agent) == "1.5" && scene.handlers.control().isEmpty)
  }

  @Test func whatIsAskedIsTakenBackOnceItIsSwitchedOff() throws {
    let handler = try scene.start(.propose)
    try scene.introduce()
    let asked = try scene.question()
    var options = HandlerOptions(id: "h1")
    LoadScene.options(.off, in: &options)
    handler.apply(options)
    try scene.wait { try scene.proposals().isEmpty }
    #expect(try scene.lines(.expired).first?.detail == "taken back: load is not shared any more")
    try scene.wait { try scene.server.call("EXISTS", scene.keys.load) == .integer(0) }
    #expect(try scene.answer(asked, .approve)?.phase == .failed)
  }
}
