import FleetModel
import Testing

@testable import Insight

@Suite struct CrossoverTests {
  private static let (half, settle) = (4, 1)

  private static func crossover(_ pairs: Int) -> Crossover {
    Crossover(
      number: 1, looksOut: false,
      pairs: (0..<pairs).map { .init(AgentID("a-\($0)"), AgentID("b-\($0)"), began: 0) })
  }

  /// Lets rounds pass in which an agent loses what it is given, by its name, the minute, and whether it runs with the other
  /// setting.
  private static func pass(
    _ crossover: inout Crossover, rounds: Int, seed: UInt64 = 1, _ loss: (AgentID, Int, Bool) -> Double?
  ) {
    let draw = SeededDraw(seed: seed, 1)
    for minute in 0..<rounds * 2 * half {
      let others = Set(crossover.others(draw, round: crossover.round, half: crossover.half(of: half)))
      var losses: [AgentID: Double] = [:]
      for agent in crossover.agents { losses[agent] = loss(agent, minute, others.contains(agent)) }
      let ended = crossover.add(losses, length: half, settle: settle, draw)
      #expect(ended == ((minute + 1).isMultiple(of: 2 * half)))
    }
  }

  @Test func standingDifferencesAndWhatAllFeelCancel() {
    var crossover = Self.crossover(4)
    Self.pass(&crossover, rounds: 3) { agent, minute, isOther in
      // Agents of one half of the pairs lose four times as much, and all lose more and more.
      (agent.bytes[0] == UInt8(ascii: "a") ? 0.4 : 0.1) + 0.005 * Double(minute) - (isOther ? 0.02 : 0)
    }
    #expect(crossover.round == 3 && crossover.minute == 0 && crossover.tally.count == 12)
    #expect(abs(crossover.tally.gain - 0.02) < 1e-9)
    // Each of twelve bets won all that a bet can win.
    #expect(crossover.better.value > 500 && crossover.worse.value < 0.1)
  }

  @Test func noDifferenceIsNoEvidence() {
    var crossover = Self.crossover(4)
    Self.pass(&crossover, rounds: 3) { agent, _, _ in agent.bytes[0] == UInt8(ascii: "a") ? 0.4 : 0.1 }
    #expect(abs(crossover.tally.gain) < 1e-12)
    #expect(crossover.better.value < 20 && crossover.worse.value < 20)
  }

  @Test func coinIsFairAndBothHalvesAreSeen() {
    let crossover = Self.crossover(64)
    var firsts = 0
    for round in 0..<100 {
      let draw = SeededDraw(seed: 3, 1)
      let early = crossover.others(draw, round: round, half: 0)
      let late = crossover.others(draw, round: round, half: 1)
      #expect(zip(early, late).allSatisfy { $0 != $1 })
      firsts += zip(crossover.pairs, early).count { $0.0.first == $0.1 }
    }
    // Of 6400 throws: four deviations are 160.
    #expect(abs(firsts - 3200) < 160)
  }

  @Test func pairThatIsNotHeardInAHalfBetsNothing() {
    var crossover = Self.crossover(2)
    Self.pass(&crossover, rounds: 1) { agent, minute, isOther in
      agent == AgentID("b-1") && minute < Self.half ? nil : isOther ? 0.1 : 0.2
    }
    #expect(crossover.tally.count == 1)
  }

  @Test func pairsGoWithoutChangingOthers() {
    var crossover = Self.crossover(3)
    let draw = SeededDraw(seed: 1, 1)
    let before = crossover.others(draw, round: 0, half: 0)
    #expect(crossover.remove { $0 == AgentID("a-0") } == [AgentID("b-0")])
    #expect(crossover.others(draw, round: 0, half: 0) == Array(before.dropFirst()))
    #expect(crossover.remove { _ in true } == [])
    #expect(crossover.pairs.isEmpty && crossover.isSound)
  }
}
