import FleetModel
import Insight
import Testing

@Suite struct RollupSeriesTests {
  private static let queue = MetricID(rawValue: 4)
  /// 07:00 of some day.
  private static let begin = Instant(milliseconds: 486_111 * 3_600_000)

  private static func rollup(_ value: Float, count: UInt32 = 1) -> Rollup {
    Rollup(count: count, sum: Double(value) * Double(count), min: value, max: value, p95: value)
  }

  private static func hour(
    _ values: [Int: Float], number: UInt32 = 486_111, step: RollupHour.Step = .minute
  ) -> RollupHour {
    var hour = RollupHour(hour: number, step: step)
    for (place, value) in values { hour.write(rollup(value), of: queue, at: place) }
    return hour
  }

  @Test func rollupsOfSeveralHoursStandInOrderWithTheirTimes() throws {
    let hours = [Self.hour([0: 3], number: 486_112, step: .fiveMinutes), Self.hour([58: 1, 59: 2])]
    let series = try #require(RollupSeries.all(in: hours, from: Self.begin, to: Self.begin + .hours(2)).first)
    #expect(series.entries.map(\.rollup.mean) == [1, 2, 3])
    #expect(series.entries.map { ($0.begin - Self.begin).seconds / 60 } == [58, 59, 60])
    #expect(series.entries.map(\.span) == [.minutes(1), .minutes(1), .minutes(5)])
    #expect(series.reported == .minutes(7))
    #expect(series.total?.count == 3 && series.total?.max == 3)
  }

  @Test func whatLiesOutsideOfTheSpanIsLeftOut() {
    let hour = Self.hour([0: 1, 10: 2, 20: 3])
    let series = RollupSeries.all(in: [hour], from: Self.begin + .minutes(5), to: Self.begin + .minutes(20))
    #expect(series.map { $0.entries.map(\.rollup.mean) } == [[2]])
    #expect(RollupSeries.all(in: [hour], from: Self.begin + .hours(1), to: Self.begin).isEmpty)
  }

  @Test func shortMinutesAreMergedInAColumnAndLongOnesFillSeveral() throws {
    let series = try #require(
      RollupSeries.all(in: [Self.hour([0: 2, 1: 4, 4: 9])], from: Self.begin, to: Self.begin + .minutes(6)).first)
    #expect(series.columns(3, from: Self.begin, to: Self.begin + .minutes(6)).map { $0?.mean } == [3, nil, 9])
    let wide = series.columns(12, from: Self.begin, to: Self.begin + .minutes(6)).map { $0?.mean }
    #expect(wide == [2, 2, 4, 4, nil, nil, nil, nil, 9, 9, nil, nil])
  }

  @Test(arguments: [0, -1]) func noColumnsAreNone(_ count: Int) throws {
    let series = try #require(
      RollupSeries.all(in: [Self.hour([0: 2])], from: Self.begin, to: Self.begin + .minutes(6)).first)
    #expect(series.columns(count, from: Self.begin, to: Self.begin + .minutes(6)).isEmpty)
    #expect(series.columns(2, from: Self.begin, to: Self.begin).allSatisfy { $0 == nil })
  }

  @Test func hoursAtTheEndsOfTimeMakeNoTrouble() {
    let all = RollupSeries.all(in: [Self.hour([59: 1], number: .max)], from: .epoch, to: Instant(milliseconds: .max))
    #expect(all.isEmpty)
    let first = RollupSeries.all(in: [Self.hour([0: 1], number: 0)], from: .epoch, to: Instant(milliseconds: .max))
    #expect(first.first?.columns(2, from: .epoch, to: Instant(milliseconds: .max)).map { $0?.mean } == [1, nil])
  }
}
