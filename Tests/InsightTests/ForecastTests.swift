import FleetModel
import Insight
import Testing

@Suite struct ForecastTests {
  private static let begin = Instant(milliseconds: 1_700_006_400_000)

  private static func forecaster(_ minutes: Int, _ value: (Int) -> Double) -> Forecaster {
    var forecaster = Forecaster(MetricID(rawValue: 2))
    for minute in 0..<minutes { forecaster.learn(value(minute), minute: begin + .minutes(Int64(minute))) }
    return forecaster
  }

  /// Noise of one, the same always.
  private static func noise(_ minute: Int) -> Double {
    var random = SeededRandom(seed: UInt64(minute))
    return Double.random(in: -1...1, using: &random)
  }

  @Test func theTrendOfAStraightLineIsTheLine() throws {
    let trend = try #require(Trend((0..<20).map { 3 + 0.5 * Double($0) }))
    #expect(abs(trend.slope - 0.5) < 1e-12 && abs(trend.end - 12.5) < 1e-12)
    // 190 rising pairs of 190: 189 / sqrt(20 × 19 × 45 / 18).
    #expect(abs(trend.significance - 6.132) < 0.001 && trend.isSignificant)
  }

  @Test func fiveWildValuesOfTwentyDoNotTurnATrend() throws {
    let wild: Set = [2, 5, 9, 13, 18]
    let trend = try #require(Trend((0..<20).map { wild.contains($0) ? -1e9 : Double($0) }))
    #expect((0.5...1.5).contains(trend.slope))
  }

  @Test func slowNoiseIsRarelyATrend() {
    var random = SeededRandom(seed: 31)
    var value = 0.0
    let trends = (0..<200).compactMap { _ in
      Trend(
        (0..<30).map { _ in
          value = 0.9 * value + Double.random(in: -1...1, using: &random)
          return value
        })
    }
    // Without regard to neighbours every second one would be.
    #expect(trends.count == 200 && trends.count(where: \.isSignificant) <= 30)
  }

  @Test func equalValuesAreNoTrend() throws {
    let trend = try #require(Trend(Array(repeating: 5.0, count: 30)))
    #expect(trend.slope == 0 && trend.significance == 0)
    #expect(Trend([1, 2, 3]) == nil && Trend(Array(repeating: Double.nan, count: 30)) == nil)
  }

  @Test func aLeakIsForeseenAtTheMinuteItCrosses() throws {
    // From 10 by one a minute: at minute 59 it is 69, and 100 is 31 minutes away.
    let forecast = try #require(
      Self.forecaster(60) { 10 + Double($0) + Self.noise($0) }.forecast(level: 100, bad: .above))
    #expect((29...33).contains(forecast.eta.seconds / 60))
    #expect(forecast.metric == MetricID(rawValue: 2) && forecast.level == 100)
    #expect(forecast.madeAt == Self.begin + .minutes(59) && abs(forecast.slope - 1) < 0.1)
  }

  @Test func aFallIsForeseenIfLowIsBad() throws {
    let falling = Self.forecaster(60) { 5 - 0.03 * Double($0) + 0.01 * Self.noise($0) }
    let forecast = try #require(falling.forecast(level: 3, bad: .below))
    #expect((5...10).contains(forecast.eta.seconds / 60))
    #expect(falling.forecast(level: 8, bad: .above) == nil)
  }

  @Test func noiseForetellsNothing() {
    for seed in 0..<50 {
      #expect(Self.forecaster(60) { Self.noise($0 + 1000 * seed) }.forecast(level: 1.5, bad: .above) == nil)
    }
  }

  @Test func oneRisingWindowIsNotEnough() {
    let late = Self.forecaster(60) { $0 < 30 ? 10 + Self.noise($0) : 10 + Double($0 - 30) }
    #expect(late.forecast(level: 100, bad: .above) == nil)
  }

  @Test func whatIsTooFarAwayIsNotSaid() {
    #expect(Self.forecaster(60) { 10 + 0.1 * Double($0) }.forecast(level: 100, bad: .above) == nil)
  }

  @Test func whatHasCrossedIsNoForecast() {
    #expect(Self.forecaster(60) { 80 + Double($0) }.forecast(level: 100, bad: .above) == nil)
  }

  @Test func theRiseOfEachMorningIsASeasonAndNoLeak() {
    // Three days between 50 and 90, then a morning that rises to 90 as always.
    let daily: (Int) -> Double = { minute in
      let hour = Double(minute % 1440) / 60
      return 50 + 40 * (hour < 12 ? hour / 12 : 2 - hour / 12) + 0.2 * Self.noise(minute)
    }
    let seasonal = Self.forecaster(3 * 1440 + 690, daily)
    #expect(seasonal.season.isEstablished)
    #expect(seasonal.forecast(level: 92, bad: .above) == nil)
    let naive = Self.forecaster(690, daily)
    #expect(naive.forecast(level: 92, bad: .above) != nil)
  }

  @Test func badNumbersAndTimesForetellNothing() {
    for number in [Double.nan, .infinity, 1e300] {
      #expect(Self.forecaster(200) { $0 % 3 == 0 ? number : Self.noise($0) }.forecast(level: 5, bad: .above) == nil)
    }
    var forecaster = Self.forecaster(60) { 10 + Double($0) }
    #expect(forecaster.forecast(level: .nan, bad: .above) == nil)
    forecaster.learn(1e6, minute: Self.begin)
    #expect(forecaster.forecast(level: 100, bad: .above) != nil)
    forecaster.learn(71, minute: Instant(milliseconds: .max))
    forecaster.learn(71, minute: Instant(milliseconds: .min))
    #expect(forecaster.forecast(level: 100, bad: .above) == nil && forecaster.expected(after: 10) == nil)
    for minute in 0..<60 { forecaster.learn(10 + Double(minute), minute: Self.begin + .minutes(Int64(minute))) }
    #expect(forecaster.forecast(level: 100, bad: .above) != nil, "the clock was set back")
  }

  @Test func aForecastEndsByValueOrDeadline() throws {
    let forecast = try #require(Self.forecaster(60) { 10 + Double($0) }.forecast(level: 100, bad: .above))
    #expect(forecast.outcome(of: 99, at: forecast.madeAt + .minutes(20), bad: .above) == nil)
    #expect(forecast.outcome(of: 100, at: forecast.madeAt + .minutes(20), bad: .above) == true)
    #expect(forecast.outcome(of: 99, at: forecast.deadline + .minutes(1), bad: .above) == false)
    #expect(forecast.deadline == forecast.madeAt + TimeSpan(milliseconds: 46 * 60_000 + 30_000) + .minutes(5))
  }
}
