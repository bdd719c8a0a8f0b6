import FleetModel
import Testing

@Suite struct LimitsTests {
  @Test(
    arguments: [
      (Metric.errorRate, 0.049, nil), (.errorRate, 0.05, .medium), (.errorRate, 0.1, .high),
      (.errorRate, 0.25, .critical),
      (.responseTime, 1999, nil), (.responseTime, 2000, .medium), (.responseTime, 4000, .high),
      (.responseTime, 8000, .critical), (.queueSize, 99, nil), (.queueSize, 100, .medium), (.queueSize, 300, .high),
      (.queueSize, 1000, .critical), (.averageRating, 3.01, nil), (.averageRating, 3, .medium),
      (.averageRating, 2.5, .high), (.averageRating, 2, .critical), (.averageRating, 0, .critical),
      (.healthScore, 0.61, nil), (.healthScore, 0.6, .medium), (.healthScore, 0.4, .high),
      (.healthScore, 0.2, .critical),
    ] as [(Metric, Double, Severity?)])
  func levelBeginsAtItsValue(metric: Metric, value: Double, severity: Severity?) {
    #expect(Limits()[metric]?.severity(of: value) == severity)
  }

  @Test(arguments: [
    (Metric.errorRate, 0.04, true), (.errorRate, 0.039, false), (.queueSize, 80, true), (.queueSize, 79, false),
    (.averageRating, 3.75, true), (.averageRating, 3.76, false), (.healthScore, 0.75, true),
    (.healthScore, 0.76, false),
  ])
  func fourFifthsOfTheWayIsNear(metric: Metric, value: Double, isNear: Bool) {
    #expect(Limits()[metric]?.isNear(value) == isNear)
  }

  @Test func metricWithoutLevelsHasNoSeverity() {
    #expect(Limits()[.messagesPerMinute] == nil)
    #expect(Limits([:])[.errorRate] == nil)
  }

  @Test(arguments: [
    (Metric.errorRate, 0.0, true), (.errorRate, 1.0, true), (.errorRate, 25.0, false), (.errorRate, -0.1, false),
    (.errorRate, .nan, false), (.responseTime, .infinity, false), (.responseTime, -1.0, false), (.queueSize, 0.0, true),
    (.queueSize, 1e15, true), (.queueSize, 1.1e15, false), (.messagesPerMinute, 1e300, false),
    (.averageRating, 5.0, true), (.averageRating, 5.1, false),
  ])
  func onlyNumbersOfTheMetricArePlausible(metric: Metric, value: Double, isPlausible: Bool) {
    #expect(metric.isPlausible(value) == isPlausible)
  }
}
