import FleetModel
import Testing

@testable import Insight

/// People who are asked, agents that are left alone, and handlers that take over.
@Suite struct TuningConsentTests {
  private static func better(_ place: Int, _ values: [Double]) -> TuningRun.Member.Minute {
    loss(bestAt: 30, place, values)
  }

  private static func asking(_ count: Int = 16) -> TuningRole {
    let role = TuningRole(count)
    role.mode = .propose
    return role
  }

  @Test func personIsAskedBeforeATrialAndBeforeItsAdoption() throws {
    let role = Self.asking()
    let asked = try #require(role.pass(atMost: 5, Self.better) { $0.asks != nil })
    #expect(asked.orders.isEmpty && asked.asks?.agents.count == 4)
    role.pass(minutes: 100, Self.better)
    #expect(role.count(of: 20) == 16 && role.steps.count { $0.asks != nil } == 1)
    role.answer = .approved
    #expect(role.pass(Self.better)?.phase == .started)
    role.answer = .none
    let adoption = try #require(role.pass(atMost: 1500, Self.better) { $0.asks?.words.contains("is better") ?? false })
    #expect(role.count(of: 20) == 16)
    role.pass(minutes: 100, Self.better)
    #expect(role.count(of: 20) == 16)
    // The approved proposal's own steps come first.
    role.approve(try #require(adoption.asks))
    role.pass(Self.better)
    role.answer = .approved
    #expect(role.pass(Self.better)?.phase == .succeeded)
    role.answer = .none
    role.pass(minutes: 60, Self.better)
    #expect(role.count(of: 20) < 5)
  }

  @Test func whatIsApprovedIsLeftAloneUntilItIsKnown() throws {
    let role = Self.asking()
    let asked = try #require(role.pass(atMost: 5, Self.better) { $0.asks != nil }?.asks)
    role.approve(asked)
    role.pass(minutes: 4, Self.better)
    #expect(role.count(of: asked.value) == 4)
    role.answer = .approved
    let begun = try #require(role.pass(Self.better))
    #expect(begun.phase == .started && begun.orders.isEmpty)
  }

  /// A lost command does not adopt what nobody has answered yet.
  @Test func wayBackThatIsLostIsToldAgainWhileAdoptionIsAsked() throws {
    let role = Self.asking()
    role.answer = .approved
    try #require(role.pass(atMost: 500, Self.better) { $0.phase == .started } != nil)
    role.answer = .none
    // The step that asks loses its commands.
    while role.steps.last?.asks == nil, role.minute < 1000 {
      let before = role.values
      role.pass(Self.better)
      if role.steps.last?.asks != nil { role.values = before }
    }
    #expect(role.count(of: 20) == 12)
    role.pass(minutes: 4, Self.better)
    #expect(role.count(of: 20) == 16)
  }

  @Test func toWaitForAnAnswerCostsNothing() throws {
    let role = Self.asking()
    role.answer = .approved
    try #require(role.pass(atMost: 500, Self.better) { $0.asks?.words.contains("is better") ?? false } != nil)
    role.answer = .none
    role.pass(minutes: 20, Self.better)
    let spent = try #require(role.state?.spent)
    role.pass(minutes: 600, Self.better)
    #expect(try #require(role.state?.spent) <= spent && spent < 0.5)
    role.answer = .approved
    #expect(role.pass(Self.better)?.phase == .succeeded)
  }

  @Test func noMeansNoForADay() throws {
    let role = Self.asking()
    let asked = try #require(role.pass(atMost: 5, Self.better) { $0.asks != nil }?.asks)
    role.answer = .declined
    role.pass(Self.better)
    role.answer = .none
    // The other direction may be asked for.
    let other = role.pass(atMost: 5, Self.better) { $0.asks != nil }?.asks
    #expect(other.map { $0.value != asked.value } ?? false)
    role.answer = .declined
    role.pass(Self.better)
    role.answer = .none
    #expect(role.pass(atMost: 1400, Self.better) { $0.asks != nil } == nil)
    #expect(role.pass(atMost: 100, Self.better) { $0.asks != nil } != nil)
  }

  /// The audit has told of its begin.
  @Test(arguments: [true, false]) func trialWhoseAdoptionIsNotWantedIsToldToEnd(_ isDeclined: Bool) throws {
    let role = Self.asking()
    role.answer = .approved
    try #require(role.pass(atMost: 500, Self.better) { $0.asks?.words.contains("is better") ?? false } != nil)
    role.answer = isDeclined ? .declined : .none
    if !isDeclined { role.mode = .off }
    let step = try #require(role.pass(Self.better))
    #expect(step.phase == .skipped && step.words.hasPrefix("timeout_s stays 20: "), "\(step)")
  }

  @Test func nothingIsAskedThatTheBudgetDoesNotAllow() throws {
    let role = TuningRole(16)
    try #require(role.pass(atMost: 400, Self.better) { $0.phase == .succeeded } != nil)
    try #require(role.pass(atMost: 100, Self.better) { $0.state?.phase == .resting } != nil)
    role.mode = .propose
    for goesUp in [true, false] { role.state?.parameters[0][goesUp].restsUntil = .epoch }
    // Of two that are held back one is left: 15 of 16 may lose everything for five minutes.
    role.state?.held?.pairs.removeLast()
    role.state?.spent = 1.5
    let step = try #require(role.pass(Self.better))
    #expect(step.asks == nil && !step.withdraws && step.words.contains("role-minutes are spent"))
  }

  @Test func questionIsWithdrawnIfItsAgentsMayNotBeChanged() throws {
    let role = Self.asking()
    let asked = try #require(role.pass(atMost: 5, Self.better) { $0.asks != nil }?.asks)
    for place in role.values.indices { role.isFree[place] = false }
    let step = try #require(role.pass(Self.better))
    #expect(step.withdraws && step.orders.isEmpty && !asked.agents.isEmpty)
  }

  /// Whoever approves sets all agents that were named.
  @Test func questionIsAskedAnewIfOneOfItsAgentsMayNotBeChanged() throws {
    let role = Self.asking()
    let asked = try #require(role.pass(atMost: 5, Self.better) { $0.asks != nil }?.asks)
    let place = try #require(role.values.indices.first { TuningRole.agent($0) == asked.agents[0] })
    role.isFree[place] = false
    let step = try #require(role.pass(Self.better))
    #expect(step.withdraws && step.words == "an agent of it may not be changed any more")
    let next = try #require(role.pass(atMost: 30, Self.better) { $0.asks != nil }?.asks)
    #expect(!next.agents.contains(asked.agents[0]) && next.agents.count == 4)
  }

  @Test func agentsThatAreNotFreeAreLeftAlone() {
    let role = TuningRole(16)
    for place in 0..<4 { role.isFree[place] = false }
    role.pass(minutes: 500, Self.better)
    #expect(role.steps.contains { $0.phase == .succeeded })
    #expect(role.values.prefix(4).allSatisfy { $0 == [20] })
  }

  @Test func whoWasPausedIsToldAsSoonAsItWorksAgain() throws {
    let role = TuningRole(16)
    try #require(role.pass(atMost: 5, Self.better) { $0.phase == .started } != nil)
    let place = try #require(role.values.firstIndex { $0 != [20] })
    role.isFree[place] = false
    role.pass(minutes: 3, Self.better)
    #expect(role.values[place] != [20] && role.state?.strays == [.init(TuningRole.agent(place))])
    role.isFree[place] = true
    role.pass(Self.better)
    #expect(role.values[place] == [20])
    // It counts as away until it surely is back.
    #expect(role.state?.strays.count == 1)
    role.pass(minutes: 6, Self.better)
    #expect(role.state?.strays == [])
  }

  @Test func whatAPersonHasSetStays() {
    let role = TuningRole(16)
    role.values[5] = [55]
    role.pass(minutes: 300, Self.better)
    #expect(role.values[5] == [55])
    role.values[6] = [50]
    role.pass(minutes: 500, Self.better)
    #expect(role.values[6] == [50] && role.values[5] == [55])
    #expect(role.state?.parameters[0].base == 30)
  }

  @Test func tooFewAgentsAreNotTuned() {
    let few = TuningRole(3)
    few.pass(minutes: 50, Self.better)
    #expect(few.state == nil && few.steps.isEmpty)
    let different = TuningRole(4)
    for place in 0..<4 { different.values[place] = [Double(5 * place + 20)] }
    different.pass(minutes: 50, Self.better)
    #expect(different.state == nil)
  }

  /// What people have set everywhere is what the role begins with the next time.
  @Test func roleThatPeopleHaveSetIsTakenUpAnew() throws {
    let role = TuningRole(16)
    try #require(role.pass(atMost: 5, Self.better) { $0.phase == .started } != nil)
    for place in role.values.indices { role.values[place] = [45] }
    // What was tried before rests, and what it has cost is forgotten first.
    role.pass(minutes: 100, Self.better)
    #expect(role.state?.parameters[0].home == 45 && role.values.contains { $0 != [45] })
  }

  @Test func fourAgentsAreEnough() throws {
    let role = TuningRole(4)
    #expect(role.pass(atMost: 1000, Self.better) { $0.phase == .succeeded } != nil)
    role.pass(minutes: 50, Self.better)
    #expect(role.count(of: 20) >= 1 && role.count(of: 20) <= 2)
  }

  @Test func lostCommandIsSentAgainLessAndLessOften() throws {
    let role = TuningRole(16)
    role.settings.half = 200
    role.deaf = Set(0..<16)
    role.pass(minutes: 150, Self.better)
    let sent = role.steps.indices.filter { !role.steps[$0].orders.isEmpty }
    #expect(sent.count >= 4 && sent.count <= 8)
    #expect(sent[1] - sent[0] == 3 && sent[2] - sent[1] == 6 && sent[3] - sent[2] == 12)
    let ids = Set(role.steps.compactMap { $0.orders.isEmpty ? nil : $0.state?.steps })
    #expect(ids.count == sent.count)
  }

  @Test func whoTakesNoSettingIsNotTriedWith() throws {
    let role = TuningRole(16)
    role.deaf = Set(0..<16)
    try #require(role.pass(atMost: 5, Self.better) { $0.phase == .started } != nil)
    let ended = role.pass(atMost: 10, Self.better) { $0.phase == .skipped }
    #expect(ended?.words.contains("no pair of agents is left") ?? false)
  }

  @Test func whoTakesOverDoesTheSame() throws {
    let role = TuningRole(16)
    for _ in 0..<300 {
      let before = (state: role.state, members: role.members(Self.better))
      let step = role.pass(Self.better)
      if let state = before.state {
        let sight = TuningRun.Sight(role.at(role.minute), members: before.members, mode: .auto)
        #expect(TuningRun.step(state, sight, role.settings) == step)
      }
      // A minute that is told twice does nothing.
      guard let state = role.state else { continue }
      let again = TuningRun.step(
        state, .init(role.at(role.minute), members: role.members(Self.better), mode: .auto), role.settings)
      #expect(again.state == state && again.orders.isEmpty && again.phase == nil)
    }
  }

  @Test func fewAreSetAMinute() {
    let role = TuningRole(400)
    role.settings.moves = 20
    role.pass(minutes: 700, Self.better)
    for step in role.steps where !step.orders.allSatisfy(\.isReturn) {
      #expect(step.orders.reduce(0) { $0 + $1.agents.count } <= 20)
    }
    #expect(role.count(of: 20) < 100)
  }
}
