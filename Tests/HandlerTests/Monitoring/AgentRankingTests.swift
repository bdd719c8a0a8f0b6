import FleetModel
import Testing

@testable import Handler

/// Which agents have series of their own.
@Suite struct AgentRankingTests {
  /// The positions that are shown.
  private func shown(_ most: Int, _ agents: [(AgentState?, Severity?, Double?)]) -> [Int] {
    var ranking = AgentRanking()
    for (state, severity, health) in agents { ranking.add(state, severity, health: health) }
    var threshold = ranking.threshold(most)
    return agents.indices.filter { ranking.admits($0, &threshold) }
  }

  private let agents: [(AgentState?, Severity?, Double?)] = [
    (.running, nil, 1), (.running, .low, 0.9), (nil, nil, nil), (.paused, .critical, 0.8), (.running, .critical, 0.2),
    (.running, nil, 0.4), (.stopped, nil, nil),
  ]

  @Test func severityGoesBeforeHealth() {
    #expect(shown(1, agents) == [4])
    #expect(shown(2, agents) == [3, 4])
    #expect(shown(3, agents) == [1, 3, 4])
    #expect(shown(4, agents) == [1, 3, 4, 5])
  }

  @Test func ofThoseThatAreEquallyWellTheFirstAreShown() {
    #expect(shown(5, agents) == [0, 1, 3, 4, 5])
    #expect(shown(6, agents) == [0, 1, 3, 4, 5, 6])
    #expect(shown(100, agents) == [0, 1, 3, 4, 5, 6])
    #expect(shown(3, Array(repeating: (.running, nil, 1), count: 10)) == [0, 1, 2])
  }

  @Test(arguments: [0, -1, Int.min]) func noneIsShownIfThereIsNoRoom(_ most: Int) {
    #expect(shown(most, agents).isEmpty)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity, -5, 17]) func healthThatIsNoneCountsAsOne(_ health: Double) {
    #expect(shown(1, [(.running, nil, health), (.running, .low, 1)]) == [1])
  }

  @Test func statesAndSeveritiesAreCounted() {
    var ranking = AgentRanking()
    for (state, severity, health) in agents { ranking.add(state, severity, health: health) }
    #expect(ranking.states == [.running: 4, .paused: 1, .stopped: 1])
    #expect(ranking.severities == [.low: 1, .critical: 2])
    #expect(ranking.count == 6 && ranking.positions == 7)
  }
}
