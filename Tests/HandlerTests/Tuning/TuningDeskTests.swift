import FleetModel
import Insight
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Settings that are tried on agents of a role: by ordinary commands, once whoever leads, and how they go back.
@Suite(.threaded) struct TuningDeskTests {
  private let scene: TuningScene

  init() throws { scene = try TuningScene() }

  @Test func betterSettingIsFoundAndAdopted() throws {
    try scene.start()
    try scene.introduce()
    try scene.live { try scene.lines.contains { $0.phase == .succeeded } }
    // Two agents are held back, and the next trial may have begun.
    try scene.live { try scene.count(at: 20) <= 2 }
    let (begun, adopted) = (try #require(try scene.lines.first), try scene.lines.first { $0.phase == .succeeded })
    #expect(begun.phase == .started && scene.agents.contains(begun.target))
    #expect(begun.detail.hasPrefix("tries timeout_s 25 instead of 20 on "), "\(begun.detail)")
    #expect(adopted?.detail.hasPrefix("timeout_s 25 is better: ") == true, "\(adopted?.detail ?? "")")
    #expect(adopted?.origin == begun.origin)
    #expect(adopted?.target == AgentID.none && adopted?.operator == "tuning/support")
    let given = try scene.commands
    let done = try #require(given.first { $0.phase == .succeeded && $0.target != .none })
    #expect(done.after?.tuning(of: "timeout_s")?.by == "tuning/support")
    #expect(given.allSatisfy { !$0.reason.isEmpty })
    let report = try #require(try scene.report)
    #expect(!report.words.isEmpty && report.question == nil)
  }

  /// It may die between any two of its steps.
  @Test func handlersThatDieGoOnWithTheSameTrial() throws {
    var handler = try scene.start("h0")
    try scene.introduce()
    try scene.live { try !scene.lines.isEmpty }
    for number in 1...4 {
      try scene.live(looks: 3)
      try scene.kill(handler)
      handler = try scene.start("h\(number)")
    }
    try scene.live { try scene.lines.contains { $0.phase == .succeeded } }
    let received = try scene.commands.filter { $0.phase == .received }.map(\.origin)
    #expect(Set(received.map { "\($0)" }).count == received.count, "no command is taken twice")
    #expect(try scene.lines.first { $0.phase == .succeeded }?.detail.hasPrefix("timeout_s 25 is better") == true)
  }

  @Test func automationThatIsTurnedOffEndsATrial() throws {
    try scene.start()
    try scene.introduce()
    try scene.live { try scene.count(at: 20) < scene.agents.count }
    try scene.handlers.send(.automation, [], ["mode": "off"])
    try scene.live { try scene.count(at: 20) == scene.agents.count }
    try scene.live { try scene.lines.last?.phase == .skipped }
    #expect(try scene.lines.last?.detail.contains("automation is not on") == true)
    let count = try scene.given
    try scene.live(looks: 10)
    #expect(try scene.given == count, "nothing more is set")
  }

  @Test func settingsThatNoLongerAskForItBringAllBack() throws {
    let handler = try scene.start()
    try scene.introduce()
    try scene.live { try scene.count(at: 20) < scene.agents.count }
    var options = HandlerOptions(id: "h1")
    options.tuning = scene.options(.off)
    handler.apply(options)
    try scene.live { try scene.server.call("EXISTS", scene.keys.tuning) == .integer(0) }
    #expect(try scene.count(at: 20) == scene.agents.count)
  }

  @Test func fleetThatIsNotTunedPaysNothing() throws {
    let handler = try scene.handlers.startHandler("h1")
    try scene.introduce()
    try scene.live(looks: 10)
    #expect(try scene.server.call("EXISTS", scene.keys.tuning) == .integer(0))
    #expect(try scene.commands.isEmpty && scene.lines.isEmpty)
    #expect(handler.activeHandler?.follower.judge.meter == nil && handler.activeHandler?.tuning.roles.isEmpty == true)
  }

  @Test func whatAPersonHasSetStays() throws {
    let own = scene.agents[0]
    try scene.start("h1", .off)
    try scene.introduce()
    try scene.handlers.send(.tune, [own], ["parameter": "timeout_s", "value": "50"])
    var options = HandlerOptions(id: "h1")
    options.tuning = scene.options(.auto)
    scene.handlers.handlers[0].apply(options)
    try scene.live { try scene.lines.contains { $0.phase == .succeeded } }
    try scene.live { try scene.count(at: 20) <= 2 }
    #expect(try scene.handlers.record(own).tuning(of: "timeout_s")?.value == "50")
    #expect(try !scene.commands.contains { $0.target == own })
  }

  @Test func whatAPersonTakesBackStays() throws {
    try scene.start()
    try scene.introduce()
    try scene.live { try scene.commands.contains { $0.phase == .succeeded && $0.target == .none } }
    let given = try scene.commands
    guard case .command(let id)? = given.first(where: { $0.phase == .succeeded && $0.target == .none })?.origin else {
      return #expect(Bool(false), "no command was given")
    }
    let agents = given.filter { $0.origin == .command(id) && $0.target != .none }.map(\.target)
    #expect(try scene.handlers.send(.undo, [], ["command_id": id.text]).last?.phase == .succeeded)
    try scene.live(looks: 12)
    #expect(!agents.isEmpty)
    for agent in agents {
      let tuning = try #require(try scene.handlers.record(agent).tuning(of: "timeout_s"))
      #expect(tuning.value == nil && tuning.by == "alice@bastion" && tuning.isByHand, "\(agent)")
    }
  }

  @Test func personIsAskedBeforeATrialAndBeforeItIsAdopted() throws {
    try scene.start("h1", .propose)
    try scene.introduce()
    try scene.live { try scene.proposal() != nil }
    let asked = try #require(try scene.proposal())
    #expect(asked.rule == OwnRule.tuning.rawValue && asked.reason.hasPrefix("tries timeout_s "), "\(asked.reason)")
    #expect(asked.steps.allSatisfy { $0.action == "tune" && $0.arguments["parameter"] == "timeout_s" })
    #expect(try scene.report?.question?.proposal == asked.id)
    try scene.live(looks: 10)
    #expect(try scene.settings.isEmpty && scene.proposal()?.id == asked.id, "nothing is done unasked, and one is asked")
    try scene.handlers.send(.approve, [], ["proposal": asked.id.text, "sha256": asked.digest])
    try scene.live { try scene.lines.contains { $0.phase == .started } }
    try scene.live { try scene.proposal().map { $0.id != asked.id } ?? false }
    let next = try #require(try scene.proposal())
    let isAdoption = next.reason.contains(" is better: ")
    #expect(isAdoption && asked.steps[0].arguments["value"] == "25", "\(next.reason)")
  }

  /// It was set while no handler lived to take the question back.
  @Test func anApprovalTakesNothingBackThatAPersonHasSetSince() throws {
    let scene = try TuningScene(agents: 4)
    let handler = try scene.start("h1", .propose)
    try scene.introduce()
    try scene.live { try scene.proposal() != nil }
    let asked = try #require(try scene.proposal())
    let agent = try #require(asked.steps.first?.target)
    try scene.kill(handler)
    let tuning = AgentTuning(
      parameter: "timeout_s", value: "50", by: "maria@bastion", at: try scene.handlers.now(), command: CommandID("m1"))
    _ = try scene.server.call(
      "HSET", scene.keys.agent(agent), AgentTuningCoding.valueField(of: "timeout_s"), "50",
      AgentTuningCoding.authorField(of: "timeout_s"), AgentTuningCoding.author(of: tuning))
    let answer = try scene.handlers.command(.approve, [], ["proposal": asked.id.text, "sha256": asked.digest])
    try scene.handlers.publish(answer)
    try scene.start("h2", .propose)
    // Whoever is first: the question is taken back, or what was approved is not done. Nobody takes it for begun.
    try scene.live { try scene.server.call("EXISTS", scene.keys.mark(asked.id.text)) == .integer(0) }
    try scene.live { try scene.report?.question?.proposal != asked.id }
    #expect(try scene.value(agent) == 50 && scene.lines.isEmpty)
  }

  /// The budget would not hold: what a report tells would be known too late.
  @Test func nothingIsTriedWhileAgentsReportSeldom() throws {
    scene.seldom = Double(TuningScene.span) * 6
    try scene.start()
    try scene.introduce()
    try scene.live { try scene.report?.words.contains("agents tell error_rate less often than every") == true }
    let count = try scene.lines.count { $0.phase == .started }
    try scene.live(looks: 20)
    #expect(try scene.lines.count { $0.phase == .started } == count)
    scene.seldom = 0
    try scene.live { try scene.report?.words.contains("less often") == false }
  }

  @Test func whoHasLeftTheRoleGoesBackToo() throws {
    try scene.start()
    try scene.introduce()
    try scene.live { try scene.count(at: 25) > 0 }
    let agent = try #require(try scene.agents.first { try scene.value($0) == 25 })
    try scene.publish(agent, "agent.updated", ["role": "sales"])
    try scene.live { try scene.value(agent) == 20 }
    let reasons = try scene.commands.filter { $0.target == agent && $0.after?.tuning(of: "timeout_s")?.number == 20 }
    #expect(reasons.last?.operator == "tuning/support")
    #expect(reasons.last?.reason == "takes no part any more in what is tried in support, and goes back")
  }

  /// What the role began with lies outside of its bounds.
  @Test func whoDeclaresOtherBoundsGoesBackToItsOwnValue() throws {
    try scene.start()
    try scene.introduce()
    try scene.live { try scene.count(at: 25) > 0 }
    let agent = try #require(try scene.agents.first { try scene.value($0) == 25 })
    let bounds: JSONValue = ["min": 25, "max": 90, "step": 5, "value": 40]
    try scene.publish(agent, "agent.updated", ["parameters": ["timeout_s": bounds]])
    try scene.live { try scene.value(agent) == 40 }
  }

  @Test func whatIsDeclinedIsNotTried() throws {
    try scene.start("h1", .propose)
    try scene.introduce()
    try scene.live { try scene.proposal() != nil }
    let asked = try #require(try scene.proposal())
    try scene.handlers.send(.reject, [], ["proposal": asked.id.text, "sha256": asked.digest])
    try scene.live { try scene.report?.question?.proposal != asked.id }
    try scene.live(looks: 5)
    #expect(scene.settings.isEmpty)
    #expect(try scene.lines.isEmpty)
  }

  @Test func whatIsNoRoleLeavesAndTheRestIsTunedAllTheSame() throws {
    for (field, value) in [("support", "no JSON"), ("x", #"{"words":"w","at":1,"state":{}}"#), ("", "{}")] {
      _ = try scene.server.call("HSET", scene.keys.tuning, field, value)
    }
    try scene.start()
    try scene.introduce()
    try scene.live { try scene.lines.contains { $0.phase == .started } }
    #expect(try scene.server.call("HKEYS", scene.keys.tuning).elements?.compactMap(\.text) == ["support"])
  }

  @Test func fewAgentsAndOtherParametersAreLeftAlone() throws {
    let scene = try TuningScene(agents: 3)
    try scene.start()
    try scene.introduce()
    try scene.live(looks: 10)
    #expect(try scene.server.call("EXISTS", scene.keys.tuning) == .integer(0))
    #expect(scene.settings.isEmpty)
  }
}
