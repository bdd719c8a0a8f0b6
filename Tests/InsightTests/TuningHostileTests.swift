import FleetModel
import Testing

@testable import Insight

/// Whatever is told: the state stays one, and only what may be is ordered.
@Suite struct TuningHostileTests {
  @Test(arguments: 0..<20 as Range<UInt64>) func anythingMayBeTold(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let role = TuningRole(4 + Int(seed) * 2, [TuningRole.rate, TuningRole.timeout])
    role.settings.rest = 5
    func fraction() -> Double { Double(random.next() >> 11) * 0x1p-53 }
    role.pass { _, _ in .loss(0.1) }
    var minute = role.minute
    for _ in 0..<1500 {
      minute += random.next() % 50 == 0 ? Int(random.next() % 200) - 60 : 1
      for place in role.values.indices where random.next() % 200 == 0 {
        role.isFree[place].toggle()
        if random.next() % 8 == 0 { role.values[place][1] = [5, 60, 33, .nan, 1e300][Int(random.next() % 5)] }
      }
      let bad = [Double.nan, .infinity, -.infinity, -1, 1e300]
      let members = role.members { _, values in
        switch random.next() % 20 {
        case 0: .silent
        case 1: .idle
        case 2: .loss(bad[Int(random.next() % 5)])
        default: .loss(values[1] > 20 ? 0.3 * fraction() : 0.5 * fraction())
        }
      }
      guard let state = role.state else { break }
      let sight = TuningRun.Sight(
        role.at(minute), members: members.shuffled(using: &random).filter { _ in random.next() % 500 != 0 },
        mode: [.auto, .propose][Int(random.next() % 2)],
        answer: [.none, .approved, .declined][Int(random.next() % 3)],
        guardFault: random.next() % 100 == 0 ? "ill" : nil)
      let step = TuningRun.step(state, sight, role.settings)
      try Self.check(step, state, sight)
      role.state = step.state ?? state
      if random.next() % 10 != 0 { step.orders.forEach { role.obey($0) } }
    }
    #expect(role.state != nil)
  }

  private static func check(_ step: TuningRun.Step, _ before: RoleTuning, _ sight: TuningRun.Sight) throws {
    guard let state = step.state else {
      // People have set nearly all.
      #expect(before.isHome && step.orders.isEmpty && sight.members.count { before.isKnown($0) } < 4)
      return
    }
    #expect(state.isSound && step.orders.count <= TuningRun.Step.mostReturns)
    #expect(step.words.utf8.count < 1000 && state.words(TuningSettings()).utf8.count < 1000)
    #expect(step.orders.isEmpty || state.steps == before.steps + 1)
    let members = Dictionary(uniqueKeysWithValues: sight.members.map { ($0.agent, $0) })
    for order in step.orders {
      let tuned = try #require(state.parameters.first { $0.parameter.name == order.parameter })
      #expect(tuned.knows(order.value) && tuned.parameter.minimum <= order.value)
      #expect(order.value <= tuned.parameter.maximum)
      #expect(order.agents.allSatisfy { members[$0]?.isFree ?? false } && !order.agents.isEmpty)
      #expect(sight.guardFault == nil || order.isReturn)
    }
  }

  /// What does not fit into a minute's orders is not forgotten.
  @Test func largeRoleGoesHomeAtOnceAndOutByAndBy() throws {
    let members = (0..<17_500).map { place in
      TuningRun.Member(agent: AgentID("a\(place)"), settings: [25], isFree: true, minute: .idle)
    }
    let parameters = [TuningRole.timeout].compactMap(\.self)
    let state = try #require(RoleTuning(parameters, seed: 1, members: members, at: .epoch))
    var other = state
    other.parameters[0].base = 30
    var settings = TuningSettings()
    settings.moves = 100_000
    var out = OrderSheet(other, settings, isReturn: false, words: "")
    var back = OrderSheet(other, settings, isReturn: true, words: "")
    for member in members {
      out.add(member)
      back.add(member)
    }
    #expect(out.orders.count == 16 && out.isBehind && back.orders.count == 18 && !back.isBehind)
    #expect(back.orders.reduce(0) { $0 + $1.agents.count } == 17_500)
  }

  /// Those that are remembered make room once they have left, and long ids never take it.
  @Test func agentsThatHaveLeftAreForgottenForOthers() throws {
    let role = TuningRole(80)
    role.pass { _, _ in .loss(0.1) }
    var members = role.members { _, _ in .loss(0.1) }
    let long = AgentID(String(repeating: "x", count: RoleTuning.longestID + 1))
    members.append(TuningRun.Member(agent: long, settings: [20], isFree: false, minute: .idle))
    for place in members.indices { (members[place].isFree, members[place].settings) = (false, [25]) }
    var state = try #require(role.state)
    state.parameters[0].use(25)
    for place in 0..<RoleTuning.mostStrays { state.strays.append(.init(AgentID("gone-\(place)"))) }
    let step = TuningRun.step(state, .init(role.at(2), members: members, mode: .auto), role.settings)
    let strays = try #require(step.state).strays
    #expect(strays.count == RoleTuning.mostStrays && strays.allSatisfy { "\($0.agent)".hasPrefix("agent-") })
  }

  @Test func storedNonsenseIsNone() throws {
    let members = TuningRole(8).members { _, _ in .loss(0.1) }
    let parameters = [TuningRole.timeout].compactMap(\.self)
    let state = try #require(RoleTuning(parameters, seed: 1, members: members, at: .epoch))
    #expect(state.isSound)
    func spoilt(_ change: (inout RoleTuning) -> Void) -> Bool {
      var other = state
      change(&other)
      return other.isSound
    }
    let crossover = Crossover(
      number: 1, looksOut: false, pairs: [.init(AgentID("a"), AgentID("b"), began: 0)])
    let trial = RoleTuning.Trial(place: 0, goesUp: true, value: 25, crossover: crossover)
    #expect(spoilt { $0.phase = .trying(trial) })
    #expect(!spoilt { $0.parameters = [] } && !spoilt { $0.spent = .nan } && !spoilt { $0.spent = -1 })
    #expect(!spoilt { $0.parameters[0].base = 100 } && !spoilt { $0.parameters[0].used = [.nan] })
    #expect(!spoilt { $0.parameters[0].up.failures = -1 } && !spoilt { $0.draws = -1 } && !spoilt { $0.repeats = 64 })
    #expect(!spoilt { $0.strays = Array(repeating: .init(AgentID("a")), count: 65) })
    #expect(!spoilt { $0.strays = [.init(AgentID("a"), minutes: -1)] })
    func spoiltTrial(_ change: (inout RoleTuning.Trial) -> Void) -> Bool {
      var other = trial
      change(&other)
      return spoilt { $0.phase = .trying(other) }
    }
    #expect(!spoiltTrial { $0.place = 1 } && !spoiltTrial { $0.value = .infinity } && !spoiltTrial { $0.cost = .nan })
    #expect(!spoiltTrial { $0.crossover.minute = -1 } && !spoiltTrial { $0.crossover.pairs[0].sums = [] })
    #expect(
      !spoiltTrial { $0.crossover.pairs[0].second = AgentID("a") } && !spoiltTrial { $0.crossover.better.parts = [] })
    #expect(!spoiltTrial { $0.crossover.tally.sizes = .nan } && !spoiltTrial { $0.crossover.pairs[0].began = 1 })
    // Adopted without anybody to compare with.
    let widening = RoleTuning.Widening(place: 0, from: 20, share: 0.5, first: [], number: 1)
    #expect(!spoilt { $0.phase = .widening(widening) })
  }

  @Test func stepThatCannotBeToldIsNotTried() throws {
    let role = TuningRole(8, [TunableParameter(name: "a", minimum: 1e9, maximum: 2e9, step: 1, value: 1.5e9)])
    role.pass(minutes: 50) { _, _ in .loss(0.1) }
    #expect(role.state != nil && role.steps.allSatisfy { $0.phase == nil && $0.orders.isEmpty })
  }

  @Test func settingsThatAreNotSoundDoNothing() throws {
    let role = TuningRole(8)
    role.settings.budget = 4
    #expect(!role.settings.isSound)
    role.pass(minutes: 20) { _, _ in .loss(0.1) }
    #expect(role.steps.allSatisfy { $0.orders.isEmpty && $0.phase == nil } && role.state != nil)
  }

  @Test func objectiveIsCutAtItsBounds() throws {
    let rate = try #require(TuningObjective("error_rate", worst: 0.2))
    #expect(rate.loss(of: 0.05) == 0.25 && rate.loss(of: 0) == 0 && rate.loss(of: -3) == 0 && rate.loss(of: 9) == 1)
    #expect(rate.loss(of: .nan) == nil && rate.loss(of: .infinity) == 1 && rate.value(of: 0.25) == 0.05)
    let rating = try #require(TuningObjective("average_rating", worst: 1, best: 5))
    #expect(
      rating.loss(of: 4) == 0.25 && rating.loss(of: 0) == 1 && rating.loss(of: 6) == 0 && rating.value(of: 0) == 5)
    #expect(TuningObjective("a", worst: 0) == nil && TuningObjective("a", worst: .nan) == nil)
    #expect(TuningObjective("a", worst: 1e308, best: -1e308) == nil)
  }
}
