import FleetModel
import Insight
import Testing

@testable import Handler

/// What is given up of history and foresight, and in which order.
@Suite struct InsightBudgetTests {
  private static let bound = 256 << 20

  @Test(arguments: [
    (100, RollupHour.Step.minute, 16), (2500, .minute, 16), (8000, .fiveMinutes, 16), (20_000, .fiveMinutes, 2),
    (1_000_000, .fiveMinutes, 1),
  ])
  func minutesAreGivenUpFirstAndThenTheLastMetrics(agents: Int, step: RollupHour.Step, metrics: Int) {
    var budget = InsightBudget()
    budget.decide(agents: agents, perAgent: 5, bound: Self.bound)
    #expect(budget.step == step && budget.metrics == metrics)
    #expect((budget.words == nil) == (step == .minute))
    #expect(budget.keeps(MetricID(rawValue: 0)), "the error rate stays")
  }

  @Test func openMetricsAreGivenUpBeforeTheOthers() {
    let table = MetricTable(declaring: [OpenMetric("depth")])
    var budget = InsightBudget(table)
    budget.decide(agents: 5000, perAgent: 17, bound: Self.bound)
    #expect(budget.step == .fiveMinutes && budget.metrics == 13)
    #expect(budget.keeps(MetricID(rawValue: 3)) && budget.keeps(MetricID(rawValue: 16)))
    #expect(!table.places.suffix(4).contains { budget.keeps(MetricID(rawValue: table.number(of: $0))) })
    #expect(budget.words?.contains("waiting_for_person, depth") == true)
  }

  @Test func whatWasGivenUpComesBackOnlyWithRoomToSpare() {
    var budget = InsightBudget()
    budget.decide(agents: 8000, perAgent: 5, bound: Self.bound)
    budget.decide(agents: 2500, perAgent: 5, bound: Self.bound)
    #expect(budget.step == .fiveMinutes)
    budget.decide(agents: 1500, perAgent: 5, bound: Self.bound)
    #expect(budget == InsightBudget())
  }

  @Test(arguments: [Int.min, -1, 0]) func withoutRoomOneMetricIsKept(bound: Int) {
    var budget = InsightBudget()
    budget.decide(agents: 10, perAgent: 5, bound: bound)
    #expect(budget.metrics == 1)
  }

  @Test func detectorsStayWithinTheirBound() {
    let metrics = WatchedMetric.all(of: InsightSettings()) { _ in 1 }
    let bound = 4 << 20
    var (bytes, counts) = (0, [0, 0, 0])
    for _ in 0..<5000 {
      let choice = LeftOut.choose(metrics, learntBytes: bytes, bound: bound)
      bytes += choice.bytes
      switch choice.leftOut {
      case .nothing: counts[0] += 1
      case .forecasts: counts[1] += 1
      case .detectors: counts[2] += 1
      }
    }
    #expect(counts.allSatisfy { $0 > 100 })
    // Agents without detectors take next to nothing.
    #expect(bytes <= bound + counts[2] * 1024)
    #expect(
      AgentWatch.byteCount(metrics: metrics, forecasts: true)
        > 3 * AgentWatch.byteCount(metrics: metrics, forecasts: false) / 2)
  }
}
