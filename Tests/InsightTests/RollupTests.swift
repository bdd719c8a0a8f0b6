import FleetModel
import Insight
import Testing

@Suite struct RollupTests {
  private static let load = MetricID(rawValue: 3)
  private static let begin = Instant(milliseconds: 1_700_006_400_000)

  private static func closed(_ values: [Double]) -> Rollup? {
    var minute = OpenMinute()
    for value in values { _ = minute.add(Sample(value, at: begin)) }
    return minute.close()?.rollup
  }

  @Test func aMinuteHasCountSumEndsAndNinetyFifth() {
    let rollup = Self.closed((1...100).map { Double($0) }.shuffled())
    #expect(rollup == Rollup(count: 100, sum: 5050, min: 1, max: 100, p95: 95))
    #expect(Self.closed([4]) == Rollup(count: 1, sum: 4, min: 4, max: 4, p95: 4))
    #expect(Self.closed([5, -2, 5]) == Rollup(count: 3, sum: 8, min: -2, max: 5, p95: 5))
  }

  @Test(arguments: [1, 2, 19, 20, 21, 39, 40, 60, 179]) func theNinetyFifthIsExact(_ count: Int) {
    let values = (0..<count).map { Double(($0 * 37) % 211) }
    let rank = (count * 95 + 99) / 100
    #expect(Self.closed(values).map { Double($0.p95) } == values.sorted()[rank - 1])
  }

  @Test func aLaterSampleClosesTheMinute() throws {
    var minute = OpenMinute()
    #expect(minute.add(Sample(1, at: Self.begin)) == nil)
    #expect(minute.add(Sample(3, at: Self.begin + .seconds(59))) == nil)
    let later = minute.add(Sample(9, at: Self.begin + .minutes(7)))
    let closed = try #require(later)
    #expect(closed.begin == Self.begin && closed.rollup.sum == 4)
    #expect(minute.begin == Self.begin + .minutes(7) && minute.rollup?.sum == 9)
  }

  @Test func badAndLateSamplesAreLeftOut() {
    var minute = OpenMinute()
    for number in [Double.nan, .infinity, 1e300] { #expect(minute.add(Sample(number, at: Self.begin)) == nil) }
    #expect(minute.rollup == nil && minute.close() == nil)
    _ = minute.add(Sample(1, at: Self.begin))
    for instant in [Self.begin - .minutes(1), Instant(milliseconds: .min)] {
      #expect(minute.add(Sample(100, at: instant)) == nil)
    }
    #expect(minute.rollup?.count == 1)
  }

  @Test func aClockThatLeapsAndComesBackStopsNoHistory() throws {
    var minute = OpenMinute()
    _ = minute.add(Sample(1, at: Self.begin + .days(3000)))
    let closed = minute.add(Sample(2, at: Self.begin))
    #expect(try #require(closed).begin == Self.begin + .days(3000))
    #expect(minute.begin == Self.begin && minute.rollup?.sum == 2)
  }

  @Test func mergedMinutesLieBetweenTheirNinetyFifths() {
    let merged = Rollup(count: 30, sum: 300, min: 2, max: 20, p95: 18).merged(
      with: Rollup(count: 10, sum: 500, min: 1, max: 90, p95: 80))
    #expect(merged == Rollup(count: 40, sum: 800, min: 1, max: 90, p95: 33.5))
    let most = Rollup(count: .max, sum: 1, min: 0, max: 1, p95: 1)
    #expect(most.merged(with: most).count == .max)
  }

  /// An hour of some metrics, with a value for each minute that has samples.
  private static func hour(metrics: Int, samples: Int) -> RollupHour {
    var random = SeededRandom(seed: 4)
    var hour = RollupHour(hour: 472_224)
    for metric in 0..<metrics {
      for place in 0..<60 where place % 7 != 3 || samples > 100 {
        let rollup = closed((0..<samples).map { _ in Double.random(in: 0...900, using: &random) })
        if let rollup { hour.write(rollup, of: MetricID(rawValue: UInt8(metric)), at: place) }
      }
    }
    return hour
  }

  private static func isClose(_ left: Double, _ right: Double) -> Bool { abs(left - right) <= abs(right) * 2e-5 }

  @Test(arguments: [1, 2, 19, 20, 300]) func anHourIsReadBack(_ samples: Int) throws {
    let hour = Self.hour(metrics: 5, samples: samples)
    let read = try RollupHour(decoding: hour.encoded)
    #expect(read.hour == hour.hour && read.step == hour.step)
    #expect(read.metrics.map(\.metric) == hour.metrics.map(\.metric))
    for (metric, rollups) in hour.metrics {
      for (place, rollup) in rollups.enumerated() {
        guard let rollup else {
          #expect(read[metric, place] == nil)
          continue
        }
        let back = try #require(read[metric, place])
        #expect(back.count == rollup.count && Self.isClose(back.sum, rollup.sum))
        #expect(
          Self.isClose(Double(back.max), Double(rollup.max)) && Self.isClose(Double(back.min), Double(rollup.min)))
        #expect(abs(back.p95 - rollup.p95) < 0.05)
      }
    }
    // What was read is written as it was: rounding does not add up.
    #expect(try RollupHour(decoding: read.encoded) == read)
  }

  @Test func aDayOfFiveMetricsTakesLessThanAHundredKilobytes() {
    #expect(24 * Self.hour(metrics: 5, samples: 300).encoded.count <= 100_000)
    #expect(24 * Self.hour(metrics: 5, samples: 4).encoded.count <= 75_000)
  }

  @Test func aMinuteThatIsWrittenAgainStaysAsItIs() {
    var hour = Self.hour(metrics: 2, samples: 3)
    let before = hour
    hour.merge(before)
    #expect(hour == before)
    hour.write(Rollup(count: 1, sum: 1, min: 1, max: 1, p95: 1), of: MetricID(rawValue: 0), at: 5)
    #expect(hour == before)
    let more = Rollup(count: 9, sum: 9, min: 1, max: 1, p95: 1)
    hour.write(more, of: MetricID(rawValue: 0), at: 5)
    #expect(hour[MetricID(rawValue: 0), 5] == more)
    hour.write(more, of: MetricID(rawValue: 0), at: 60)
    hour.write(more, of: MetricID(rawValue: 0), at: -1)
    #expect(hour[MetricID(rawValue: 0), 60] == nil)
  }

  @Test func fiveMinutesHoldWhatTheirMinutesHeld() throws {
    let hour = Self.hour(metrics: 2, samples: 3)
    let coarser = hour.coarser
    #expect(coarser.step == .fiveMinutes && coarser.coarser == coarser)
    let minutes = (10..<15).compactMap { hour[MetricID(rawValue: 1), $0] }
    let five = try #require(coarser[MetricID(rawValue: 1), 2])
    #expect(five.count == minutes.reduce(0) { $0 + $1.count } && five.max == minutes.map(\.max).max())
    #expect(try RollupHour(decoding: coarser.encoded).step == .fiveMinutes)
    #expect(hour.only { $0.rawValue == 1 }.metrics.map(\.metric) == [MetricID(rawValue: 1)])
  }

  @Test func cutBytesAreAnError() {
    let bytes = Self.hour(metrics: 2, samples: 30).encoded
    for length in 0..<bytes.count {
      #expect(throws: RollupHour.DecodeError.self) { try RollupHour(decoding: bytes.prefix(length)) }
    }
    #expect(throws: RollupHour.DecodeError.tooLong) { try RollupHour(decoding: bytes + [0]) }
  }

  @Test func hostileBytesAreAnErrorOrAnHour() {
    var random = SeededRandom(seed: 8)
    let good = Self.hour(metrics: 3, samples: 30).encoded
    for _ in 0..<3000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8(truncatingIfNeeded: random.next())
      }
      guard let hour = try? RollupHour(decoding: bytes) else { continue }
      let rollups = hour.metrics.flatMap(\.rollups).compactMap(\.self)
      #expect(rollups.allSatisfy { $0.count > 0 && $0.sum.isFinite && $0.min <= $0.max && $0.p95 <= $0.max })
    }
    for _ in 0..<3000 {
      let bytes = (0..<40).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      #expect(throws: RollupHour.DecodeError.self) { try RollupHour(decoding: bytes) }
    }
  }

  @Test func hoursAreCountedFromTheEpoch() {
    #expect(RollupHour.hour(of: Self.begin) == 472_224)
    #expect(RollupHour.hour(of: Instant(milliseconds: -1)) == nil)
  }
}
