import FleetModel
import Testing

@Suite struct EarliestCrossingTests {
  private static let made = Instant(milliseconds: 1_795_334_400_000)

  private func coming(_ radius: Double?, value: Double = 100, level: Double = 300) -> AgentInsight.Coming {
    AgentInsight.Coming(
      metric: "queue_size", value: value, level: level, madeAt: Self.made, crossesAt: Self.made + .minutes(40),
      confidence: 0.8, known: 12, radius: radius)
  }

  private func minutes(_ coming: AgentInsight.Coming) -> Double {
    Double((coming.earliest - Self.made).milliseconds) / 60_000
  }

  /// 5 a minute and a fan of 10 after ten minutes: 5 t + 10 √(t / 10) = 200 at t = 36.2.
  @Test func edgeOfTheFanMeetsTheLevelBeforeItsMiddle() {
    #expect(abs(minutes(coming(10)) - 36.19) < 0.05)
    #expect(abs(minutes(coming(10, value: 300, level: 100)) - 36.19) < 0.05)
    #expect(minutes(coming(1)) > minutes(coming(10)) && minutes(coming(10)) > minutes(coming(100)))
  }

  @Test func withoutAFanItIsHalfOfTheTime() { #expect(minutes(coming(nil)) == 20) }

  @Test func strangeNumbersStayBetweenTheForecastAndItsEnd() {
    for radius in [0, -1, .nan, .infinity, 1e300, .leastNonzeroMagnitude] {
      for (value, level) in [(100.0, 300.0), (0, 0), (1e300, -1e300), (.nan, 1)] {
        let earliest = coming(radius, value: value, level: level).earliest
        #expect(earliest >= Self.made && earliest <= Self.made + .minutes(40))
      }
    }
    var past = coming(10)
    past.crossesAt = Self.made - .minutes(1)
    #expect(past.earliest == Self.made)
  }
}
