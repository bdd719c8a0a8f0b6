import FleetModel
import Insight
import Testing

@Suite struct ForecastWatchTests {
  private static let begin = Instant(milliseconds: 1_700_006_400_000)

  /// Leaks that rise to 100 in some hours, or stop half-way; a fall back to 10 after each.
  private static func leaks(_ count: Int, stopping: Int) -> [Double] {
    var random = SeededRandom(seed: 6)
    return (0..<count).flatMap { leak in
      (0..<300).map { minute in
        let most = leak % stopping == 0 ? 55.0 : 130
        return min(most, 10 + 0.4 * Double(minute)) + Double.random(in: -1...1, using: &random)
      }
    }
  }

  @Test func leaksAreForeseenAndConfidenceIsWhatCameTrue() throws {
    var watch = ForecastWatch(MetricID(rawValue: 1), level: 100, bad: .above)
    var record = ForecastRecord()
    var announced: [ForecastWatch.Announcement] = []
    for (minute, value) in Self.leaks(12, stopping: 4).enumerated() {
      if let said = watch.learn(value, minute: Self.begin + .minutes(Int64(minute)), record: &record) {
        announced.append(said)
      }
    }
    #expect(announced.count >= 12 && record.score.forecasts >= 11)
    let first = try #require(announced.first)
    #expect(first.confidence == 0.5 && first.known == 0)
    #expect(first.forecast.eta >= .minutes(60))
    // Always saying one half scores 0.25.
    let brier = try #require(record.score.brier)
    #expect(brier < 0.22 && record.score.naiveBrier != nil)
    let last = try #require(announced.last)
    #expect(last.known > 2 && last.confidence > 0.55)
  }

  @Test func aForecastIsMadeOnceAsLongAsItIsOpen() {
    var watch = ForecastWatch(MetricID(rawValue: 1), level: 100, bad: .above)
    var record = ForecastRecord()
    let said = (0..<75).count { minute in
      watch.learn(10 + Double(minute), minute: Self.begin + .minutes(Int64(minute)), record: &record) != nil
    }
    #expect(said == 1 && watch.open != nil && record.score.forecasts == 0)
  }

  /// It was made to prevent what was forecast.
  @Test func aRestartMakesAForecastVoidAndCountsAsNoMiss() {
    var watch = ForecastWatch(MetricID(rawValue: 1), level: 100, bad: .above)
    var record = ForecastRecord()
    func learn(_ minutes: Range<Int>, _ value: (Int) -> Double) -> Int {
      minutes.count { watch.learn(value($0), minute: Self.begin + .minutes(Int64($0)), record: &record) != nil }
    }
    #expect(learn(0..<75) { 10 + Double($0) } == 1)
    #expect(watch.stands)
    watch.beginAnew()
    #expect(watch.open == nil && !watch.stands)
    #expect(learn(75..<200) { 10 + Double($0 % 3) } == 0)
    #expect(record.score.forecasts == 0 && record.calibration == Calibration())
  }

  @Test func aForecastThatTheLastHourDoesNotSayStandsNoMore() {
    var watch = ForecastWatch(MetricID(rawValue: 1), level: 100, bad: .above)
    var record = ForecastRecord()
    for minute in 0..<110 {
      let value = minute < 75 ? 10 + Double(minute) : 85 - 2 * Double(minute - 75)
      _ = watch.learn(value, minute: Self.begin + .minutes(Int64(minute)), record: &record)
      if minute == 75 { #expect(watch.open != nil && watch.stands) }
    }
    #expect(!watch.stands)
  }

  @Test func aClockThatLeapsAndComesBackStopsNoForecast() {
    var watch = ForecastWatch(MetricID(rawValue: 1), level: 100, bad: .above)
    var record = ForecastRecord()
    _ = watch.learn(1, minute: Self.begin + .days(3000), record: &record)
    let said = (0..<75).count { minute in
      watch.learn(10 + Double(minute), minute: Self.begin + .minutes(Int64(minute)), record: &record) != nil
    }
    #expect(said == 1)
  }

  @Test func theFanHoldsWhatWasAsked() throws {
    var watch = ForecastWatch(MetricID(rawValue: 1), level: 1e9, bad: .above)
    var record = ForecastRecord()
    var random = SeededRandom(seed: 2)
    for minute in 0..<800 {
      let value = 50 + Double.random(in: -5...5, using: &random)
      _ = watch.learn(value, minute: Self.begin + .minutes(Int64(minute)), record: &record)
    }
    #expect(abs(watch.coverage.value - 0.9) < 0.03 && watch.coverage.values > 700)
    let fan = try #require(watch.fan(after: 40))
    let near = try #require(watch.fan(after: 10))
    #expect(abs(fan.radius - 2 * near.radius) < 1e-9 && (40...60).contains(fan.expected))
    #expect(ConformalInterval(stored: watch.storedInterval) != nil)
    #expect(watch.fan(after: 0) == nil)
  }

  @Test func badNumbersAndTimesAreNoForecast() {
    var watch = ForecastWatch(MetricID(rawValue: 1), level: .nan, bad: .above)
    var record = ForecastRecord()
    var random = SeededRandom(seed: 12)
    for _ in 0..<5000 {
      let value = Double(bitPattern: random.next())
      let instant = Instant(milliseconds: Int64(truncatingIfNeeded: random.next()))
      #expect(watch.learn(value, minute: instant, record: &record) == nil)
    }
  }
}
