import FleetModel
import Testing

@testable import Insight

/// What holds whatever agents declare and tell.
@Suite struct RoleBalancerInvariantTests {
  private static let begin = Instant(milliseconds: 1_700_006_400_000)

  private struct RandomAgent {
    let parameter: TunableParameter
    var share: Double
    let capacity: Int
    var demand: Double
    var health: Double?

    init?(_ random: inout SeededRandom) {
      let step = [0.05, 0.1, 0.25][Int.random(in: 0...2, using: &random)]
      let (value, minimum) = (step * Double(Int.random(in: 4...12, using: &random)), step * 2)
      guard
        let parameter = TunableParameter(
          name: "routing_share", minimum: minimum, maximum: value * 2.2, step: step, value: value)
      else { return nil }
      self.parameter = parameter
      (share, capacity) = (value, Int.random(in: 1...20, using: &random))
      demand = Double(capacity) * Double.random(in: 0.1...1.2, using: &random)
    }

    /// What happens to an agent now and then.
    mutating func befall(_ random: inout SeededRandom) {
      guard Int.random(in: 0..<100, using: &random) == 0 else { return }
      demand = Double(capacity) * Double.random(in: 0...1.5, using: &random)
      health = Bool.random(using: &random) ? Double.random(in: 0...1, using: &random) : nil
    }
  }

  @Test func sharesStayInBoundsTheSumIsKeptAndNobodyIsStarved() throws {
    var moves = 0
    for seed in 0..<40 as Range<UInt64> { moves += try runRole(seed) }
    #expect(moves > 1000, "\(moves)")
  }

  /// Four hours of a role in which anything changes at any time.
  func runRole(_ seed: UInt64) throws -> Int {
    var random = SeededRandom(seed: seed)
    var agents = (0..<Int.random(in: 2...12, using: &random)).compactMap { _ in RandomAgent(&random) }
    let settings = BalanceSettings(movesAMinute: Int.random(in: 1...6, using: &random))
    let alone = seed % 4 == 0
    var balancer = RoleBalancer(settings)
    var given: [Instant] = []
    let step = agents.map(\.parameter.step).max() ?? 0
    let change = agents.map { max($0.parameter.step, $0.parameter.value / 5) }.max() ?? 0
    for look in 1...1440 {
      let now = Self.begin + .seconds(10 * Int64(look))
      for index in agents.indices { agents[index].befall(&random) }
      let readings = agents.indices.map { index in
        let agent = agents[index]
        let open = agent.demand * agent.share / agent.parameter.value * Double.random(in: 0.7...1.3, using: &random)
        return LoadReading(
          agent: AgentID("\(index)"), parameter: agent.parameter, share: agent.share, capacity: agent.capacity,
          open: open.rounded(), health: agent.health, heardAt: now, isFree: Int.random(in: 0..<50, using: &random) > 0)
      }
      let moves = balancer.look(readings, at: now, alone: alone)
      #expect(Set(moves.map(\.agent)).count == moves.count)
      for move in moves {
        let index = try #require(agents.indices.first { AgentID("\($0)") == move.agent })
        check(move, of: agents[index], readings[index])
        agents[index].share = move.to
        given.append(now)
      }
      let excess = agents.reduce(0) { $0 + $1.share - $1.parameter.value }
      #expect(
        abs(excess) <= (alone || settings.movesAMinute == 1 ? change + step : step) + 1e-9, "seed \(seed): \(excess)")
      #expect(given.count { now - $0 < .minutes(1) } <= settings.movesAMinute)
    }
    return given.count
  }

  private func check(_ move: ShareMove, of agent: RandomAgent, _ reading: LoadReading) {
    let parameter = agent.parameter
    #expect(reading.isFree && move.from == agent.share && move.to != move.from)
    #expect(move.to == parameter.nearest(move.to))
    #expect(move.to >= parameter.minimum && move.to >= parameter.value / 10 && move.to <= parameter.maximum)
    #expect(abs(move.to - move.from) <= max(parameter.step, parameter.value / 5) + 1e-9)
    #expect(!move.words.isEmpty)
  }

  /// What nobody can have measured, or nobody sane can have declared.
  private static func hostile(_ number: Int, _ good: LoadReading) -> LoadReading {
    var reading = good
    (reading.agent, reading.share, reading.movedAt) = (AgentID("hostile-\(number)"), good.parameter.value, nil)
    switch number {
    case 0: reading.open = .nan
    case 1: reading.open = -1
    case 2: reading.open = 1e300
    case 3: reading.open = .infinity
    case 4: reading.waiting = .nan
    case 5: reading.waiting = -.infinity
    case 6: reading.capacity = 0
    case 7: reading.capacity = .max
    case 8: reading.capacity = .min
    case 9: reading.share = .nan
    case 10: reading.share = .infinity
    case 11: reading.share = -.infinity
    case 12: reading.heardAt = good.heardAt + .hours(1)
    case 13: reading.heardAt = Instant.epoch
    default: reading = good
    }
    return reading
  }

  @Test func hostileReadingsChangeNothing() {
    var (plain, beset) = (BalancedAgents(["a", "b", "c"]), RoleBalancer())
    plain.agents[0].demand = 15
    plain.agents[1].isFree = false
    plain.agents[1].share = 1.3
    var moves: [ShareMove] = []
    for _ in 0..<360 {
      let before = plain.agents
      plain.run(looks: 1)
      let seen = zip(plain.readings, before).map { reading, agent in
        var reading = reading
        (reading.share, reading.movedAt) = (agent.share, agent.movedAt)
        return reading
      }
      let more = (0...14).map { Self.hostile($0, seen[$0 % 3]) }
      // The same agents, those that are none around them, and one of them once more.
      moves += beset.look(more.dropLast() + seen + more, at: plain.now)
    }
    #expect(!plain.moves.isEmpty && moves == plain.moves)
  }

  @Test func hostileHealthAndTimesAreTakenForUnknown() {
    for value in [Double.nan, -.infinity, .infinity, -1] {
      var role = BalancedAgents(["a", "b", "c"])
      role.agents.indices.forEach { role.agents[$0].responseTime = 900 }
      (role.agents[0].health, role.agents[0].responseTime) = (value == -1 ? nil : value, value)
      role.run(minutes: 60)
      #expect(role.moves.isEmpty, "\(value)")
    }
  }

  @Test func declarationsThatCannotBeReckonedWithAreLeftAlone() throws {
    let parameters = [
      (0.0, 1e-300, 1e-301, 1e-300), (0, 1e308, 1e307, 1e308), (0, 1e308, 1, 1), (-1e308, 7e307, 1, 0), (-5, -1, 1, -2),
      (0, 1, 1, 0), (0, 2, 2, 1),
    ].compactMap { TunableParameter(name: "routing_share", minimum: $0.0, maximum: $0.1, step: $0.2, value: $0.3) }
    #expect(parameters.count >= 6)
    var balancer = RoleBalancer()
    for look in 1...200 {
      let now = Self.begin + .seconds(10 * Int64(look))
      let readings = parameters.enumerated().map { index, parameter in
        LoadReading(
          agent: AgentID("\(index)"), parameter: parameter, share: parameter.value, capacity: 8,
          open: Double(index), heardAt: now)
      }
      let moves = balancer.look(readings, at: now)
      #expect(moves.allSatisfy { $0.to.isFinite })
      #expect(moves.isEmpty, "only one of them can be reckoned with")
    }
  }

  @Test func roleOfThousandsGivesNoMoreMovesThanAnother() {
    var role = BalancedAgents((0..<2000).map { "agent-\($0)" })
    for index in role.agents.indices { role.agents[index].demand = index % 2 == 0 ? 4 : 12 }
    role.run(looks: 60)
    #expect(role.moves.count == 8, "four a minute, in two minutes")
    #expect(Set(role.moves.map(\.agent)).count == role.moves.count)
  }
}
