import FleetModel
import Testing
import World

/// What shares do to a role of queues: by numbers, over seeds, with readings that come late and with noise.
@Suite struct RebalancingTests {
  private static let harsh = RoutedRole.Noise(delay: 60...90, deviation: 0.2)

  private func less(_ scenario: RoutingTrial.Scenario, than routings: [Routing], seeds: UInt64) -> [PairedDifference] {
    var differences: [[Double]] = routings.map { _ in [] }
    for seed in 0..<seeds {
      let trial = RoutingTrial(scenario, seed: seed)
      let shares = trial.run(.shares).percentile95
      for (index, routing) in routings.enumerated() {
        differences[index].append(trial.run(routing).percentile95 - shares)
      }
    }
    return differences.map { PairedDifference($0) }
  }

  @Test func customersWaitLessThanWithRoundRobinOrLeastConnections() {
    let others: [Routing] = [.roundRobin, .leastTold, .leastToldForRoom, .leastCounted]
    for (routing, less) in zip(others, less(.mixed, than: others, seeds: 12)) {
      #expect(less.interval.lowerBound > 0, "\(routing): \(less)")
    }
  }

  @Test func sharesMakeUpForWhatAgentsDoNotDeclare() {
    let less = less(.undeclared, than: [.byRoom, .leastTold, .leastCounted], seeds: 20)
    #expect(less[0].interval.lowerBound > 0 && less[0].mean > 15, "how fast agents are nobody declares: \(less[0])")
    #expect(less[1].interval.lowerBound > 150 && less[2].interval.lowerBound > 20, "\(less)")
  }

  @Test func customersWaitLessIfAnAgentGetsSlow() {
    let others: [Routing] = [.roundRobin, .byRoom, .leastTold, .leastToldForRoom]
    for (routing, less) in zip(others, less(.slow, than: others, seeds: 12)) {
      #expect(less.interval.lowerBound > 0, "\(routing): \(less)")
    }
  }

  @Test func sharesByWhatIsToldAreNoMatchForARouterThatCountsForTheRoom() {
    let less = less(.mixed, than: [.leastCountedForRoom], seeds: 6)
    #expect(less[0].mean < 0, "\(less)")
  }

  @Test func illAgentFailsLessOften() {
    var (shares, room, weighted, counted) = (0, 0, 0, 0)
    for seed in 0..<6 as Range<UInt64> {
      let trial = RoutingTrial(.ill, seed: seed)
      shares += trial.run(.shares).failures
      room += trial.run(.byRoom).failures
      weighted += trial.run(.leastCountedForShare).failures
      counted += trial.run(.leastCountedForRoom).failures
    }
    #expect(shares * 3 < room, "\(shares) of \(room)")
    #expect(weighted * 3 < counted, "\(weighted) of \(counted)")
  }

  /// Of an agent in an hour, moves that go against the one before.
  @Test(arguments: [RoutedRole.Noise(), harsh])
  func loadThatStepsRampsOrSwingsMovesNoShareToAndFro(_ noise: RoutedRole.Noise) {
    let loads: [RoutedLoad] = [
      .step(at: 5400, times: 1.4), .step(at: 5400, times: 0.5), .ramp(from: 3600, to: 7200, times: 1.5),
      .sine(period: 3600, part: 0.3), .sine(period: 600, part: 0.3),
    ]
    for load in loads {
      var (moves, reversals, farthest) = (0, 0, 0.0)
      for seed in 0..<4 as Range<UInt64> {
        let agents = (0..<8).map { _ in RoutedAgent(capacity: 8) }
        var role = BalancedRole(RoutedRole(agents, routing: .shares, busy: 0.6, load: load, noise: noise, seed: seed))
        role.run(seconds: 14400)
        moves += role.moves.count
        reversals += role.reversals
        farthest = max(farthest, role.course.reduce(0) { max($0, $1.reduce(0) { max($0, abs($1 - 1)) }) })
        #expect(role.course.allSatisfy { abs($0.reduce(0, +) - 8) < 0.11 })
      }
      let hours = 4.0 * 8 * 4
      #expect(Double(reversals) / hours <= 0.02, "\(load): \(reversals)")
      #expect(Double(moves) / hours <= 1, "\(load): \(moves)")
      #expect(farthest <= 0.61, "\(load): agents that are alike take alike: \(farthest)")
    }
  }

  @Test(arguments: [RoutedRole.Noise(), harsh])
  func agentThatGetsSlowGivesUpItsPartAndGetsItBack(_ noise: RoutedRole.Noise) throws {
    let (slow, well, end) = (3600.0, 10800.0, 25200.0)
    for seed in 0..<4 as Range<UInt64> {
      let agents = (0..<8).map { index in
        RoutedAgent(
          capacity: 8, trouble: index == 0 ? (slow, well, .slow(answers: 4, conversations: 2)) : nil)
      }
      var role = BalancedRole(RoutedRole(agents, routing: .shares, busy: 0.6, noise: noise, seed: seed))
      role.run(seconds: end)
      let course = role.course.map { $0[0] }
      let ill = course[360..<1080]
      let half = try #require(ill.firstIndex { $0 <= 0.5 })
      #expect(half - 360 <= 14 * 6, "half of its part within a quarter of an hour: \(half - 360) looks")
      #expect(ill[(360 + 180)...].allSatisfy { $0 <= 0.3 }, "and none of it back while it is slow")
      let back = try #require(course[1080...].firstIndex { $0 >= 0.7 })
      #expect(back - 1080 <= 95 * 6, "most of it within an hour and a half of being well: \(back - 1080) looks")
      #expect(course[1080...].allSatisfy { $0 <= 1.1 })
    }
  }

  @Test func takeoversNeitherLoseNorRepeatMoves() throws {
    let takeovers = [2700.0, 5400, 8100, 10800]
    for seed in 0..<4 as Range<UInt64> {
      let agents = (0..<8).map { index in
        RoutedAgent(capacity: 8, trouble: index == 0 ? (3600, 14400, .slow(answers: 4, conversations: 2)) : nil)
      }
      let routed = RoutedRole(agents, routing: .shares, busy: 0.6, seed: seed)
      var role = BalancedRole(routed, takeovers: takeovers)
      role.run(seconds: 14400)
      for second in takeovers {
        #expect(!role.moves.contains { $0.second >= second && $0.second < second + 340 }, "it hears first")
      }
      #expect(role.reversals <= 6 && role.course.allSatisfy { abs($0.reduce(0, +) - 8) < 0.11 })
      #expect(role.course[360...].contains { $0[0] <= 0.3 } && role.course.allSatisfy { $0[0] >= 0.1 })
    }
  }

  @Test func conversationsAreTheSameHoweverTheyAreRouted() {
    let trial = RoutingTrial(.alike, seed: 7)
    #expect(trial.run(.shares) == trial.run(.shares))
    #expect(trial.run(.roundRobin) == trial.run(.byRoom), "agents that are alike")
  }
}
