import FleetModel
import Testing

@testable import Insight

@Suite struct TuningRunTests {
  private static func better(_ place: Int, _ values: [Double]) -> TuningRun.Member.Minute {
    loss(bestAt: 30, place, values)
  }

  private static func flat(_ place: Int, _ values: [Double]) -> TuningRun.Member.Minute {
    .loss(place.isMultiple(of: 3) ? 0.15 : 0.1)
  }

  // MARK: A trial

  @Test func trialTakesPairsAndChangesThemOver() throws {
    let role = TuningRole(16)
    let begun = try #require(role.pass(atMost: 5, Self.better) { $0.phase == .started })
    #expect(begun.orders.count == 1 && begun.orders[0].agents.count == 4 && !begun.orders[0].isReturn)
    #expect([15, 25].contains(begun.orders[0].value))
    #expect(begun.words.contains("instead of 20 on 4 of 16 agents"))
    let first = Set(begun.orders[0].agents)
    let changed = try #require(role.pass(atMost: 8, Self.better) { !$0.orders.isEmpty })
    // Those go back that were tried first, and their partners come.
    #expect(Set(changed.orders.first { $0.value == 20 }?.agents ?? []) == first)
    #expect(changed.orders.first { $0.value != 20 }?.agents.count == 4)
    #expect(role.count(of: begun.orders[0].value) == 4)
  }

  @Test func betterSettingIsAdoptedStepByStep() throws {
    let role = TuningRole(16)
    let adopted = try #require(role.pass(atMost: 400, Self.better) { $0.phase == .succeeded })
    #expect(adopted.words.contains("timeout_s 25 is better: a loss of 0.1"))
    role.pass(minutes: 60, Self.better)
    // Two pairs have an agent at home by turns.
    #expect(role.count(of: 20) >= 2 && role.count(of: 20) <= 4)
    role.pass(minutes: 600, Self.better)
    #expect(role.steps.contains { $0.phase == .succeeded && $0.words.contains("timeout_s 30") })
    #expect(role.state?.parameters[0].base == 30)
    #expect(role.state?.words(role.settings).contains("timeout_s 30 instead of 20") ?? false)
    #expect(role.count(of: 30) >= 8)
  }

  @Test func othersMayHaveNothingToLoseWhenItIsAdopted() {
    let role = TuningRole(16)
    func onlyTried(_ place: Int, _ values: [Double]) -> TuningRun.Member.Minute {
      guard case .trying(let trial)? = role.state?.phase else { return Self.better(place, values) }
      return trial.crossover.agents.contains(TuningRole.agent(place)) ? Self.better(place, values) : .idle
    }
    #expect(role.pass(atMost: 400, onlyTried) { $0.phase == .succeeded } != nil)
  }

  /// Then some of those are held back that took part.
  @Test func othersMayNotBeFreeWhenItIsAdopted() {
    let role = TuningRole(4)
    func tried() -> [AgentID]? {
      if case .trying(let trial)? = role.state?.phase { trial.crossover.agents } else { nil }
    }
    let adopted = role.pass(atMost: 1000, Self.better) { step in
      let agents = tried()
      for place in role.values.indices { role.isFree[place] = agents?.contains(TuningRole.agent(place)) ?? true }
      return step.phase == .succeeded
    }
    #expect(adopted != nil && role.state?.held?.pairs.count == 1)
  }

  @Test func settingsGoOneStepAtATime() {
    let role = TuningRole(16)
    for _ in 0..<1500 {
      let base = role.state?.parameters[0].base ?? 20
      let step = role.pass(Self.better)
      for order in step?.orders ?? [] {
        #expect(abs(order.value - base) <= 5 || order.value == 20)
      }
    }
  }

  @Test func worseSettingGoesBackAtOnce() throws {
    let role = TuningRole(16)
    func worse(_ place: Int, _ values: [Double]) -> TuningRun.Member.Minute { .loss(values[0] == 20 ? 0.05 : 0.95) }
    try #require(role.pass(atMost: 5, worse) { $0.phase == .started } != nil)
    let begun = role.minute
    let ended = try #require(role.pass(atMost: 20, worse) { $0.phase == .failed })
    #expect(role.minute - begun <= role.settings.settle + 3)
    #expect(ended.words.contains("timeout_s stays 20: it is worse") && ended.orders.allSatisfy(\.isReturn))
    #expect(role.count(of: 20) == 16)
  }

  /// A trial that is a little worse ends by its evidence, and that is what is said.
  @Test func whatDecidedIsSaid() throws {
    let role = TuningRole(16)
    func worse(_ place: Int, _ values: [Double]) -> TuningRun.Member.Minute { .loss(values[0] == 20 ? 0.1 : 0.15) }
    let ended = try #require(role.pass(atMost: 300, worse) { $0.phase == .failed })
    #expect(ended.words.contains("it is worse: a loss of 0.15 instead of 0.1"), "\(ended.words)")
    #expect(ended.words.hasSuffix(", 5 is enough"), "\(ended.words)")
  }

  @Test func whatShowsNothingIsGivenUpAndRests() throws {
    let role = TuningRole(16)
    let given = try #require(role.pass(atMost: 300, Self.flat) { $0.phase == .skipped || $0.phase == .failed })
    #expect(given.words.contains("timeout_s stays 20") && role.count(of: 20) == 16)
    role.pass(minutes: 2000, Self.flat)
    #expect(!role.steps.contains { $0.phase == .succeeded })
    let trials = role.steps.count { $0.phase == .started }
    #expect(trials >= 3 && trials <= 12)
  }

  @Test func oneChangeAtATime() {
    let role = TuningRole(16, [TuningRole.rate, TuningRole.timeout])
    for _ in 0..<1500 {
      role.pass { place, values in Self.better(place, [values[1]]) }
      let bases = role.state?.parameters.map(\.base) ?? []
      let homes = role.state?.parameters.map(\.home) ?? []
      for values in role.values where !bases.isEmpty {
        // At home, or off the adopted values by one parameter at the most.
        #expect(values == homes || zip(values, bases).count { $0 != $1 } <= 1)
      }
    }
    #expect(role.state?.parameters[1].base == 30 && role.steps.contains { $0.words.contains("rate_limit") })
  }

  // MARK: Other settings in the middle

  @Test func evidenceOfAnotherObjectiveDoesNotCount() throws {
    let role = TuningRole(16)
    role.settings.objective = TuningObjective("error_rate", worst: 0.2)
    try #require(role.pass(atMost: 5, Self.better) { $0.phase == .started } != nil)
    role.pass(minutes: 20, Self.better)
    #expect(role.state?.scale == .init(length: .minutes(1), objective: role.settings.objective))
    role.settings.objective = TuningObjective("error_rate", worst: 0.4)
    let ended = try #require(role.pass(Self.better))
    #expect(ended.phase == .skipped && ended.words.contains("what is measured, or how often, has changed"))
    #expect(role.count(of: 20) == 16)
    // The same of those that are held back.
    try #require(role.pass(atMost: 600, Self.better) { $0.phase == .succeeded } != nil)
    role.pass(minutes: 200, Self.better)
    #expect((role.state?.held?.tally.count ?? 0) > 0)
    role.settings.objective = TuningObjective("latency", worst: 10)
    role.pass(Self.better)
    let held = try #require(role.state?.held)
    #expect(held.tally == .init() && held.better.value == 0 && held.pairs.count == 2)
  }

  @Test func adoptionThatIsAskedForIsWithdrawnWithItsObjective() throws {
    let role = TuningRole(16)
    (role.mode, role.answer) = (.propose, .approved)
    try #require(role.pass(atMost: 500, Self.better) { $0.asks?.words.contains("is better") ?? false } != nil)
    role.answer = .none
    role.settings.objective = TuningObjective("latency", worst: 10)
    let step = try #require(role.pass(Self.better))
    #expect(step.withdraws && step.phase == .skipped)
  }

  /// A minute of ten minutes is no ten minutes that nobody saw.
  @Test func shorterMinutesChargeNothing() throws {
    let role = TuningRole(16)
    (role.length, role.minute) = (.minutes(10), 0)
    func pass() -> TuningRun.Step? {
      role.minute += 9
      return role.pass(Self.better)
    }
    for _ in 0..<400 where pass()?.phase != .succeeded {}
    for _ in 0..<60 { _ = pass() }
    let spent = try #require(role.state?.spent)
    #expect(role.state?.held != nil)
    role.minute += 9
    role.length = .minutes(1)
    role.pass(Self.better)
    #expect(try #require(role.state?.spent) < spent + 1)
  }
}
