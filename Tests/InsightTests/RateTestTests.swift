import FleetModel
import Testing

@testable import Insight

/// The sequential test of whether two groups fail at the same rate.
@Suite struct RateTestTests {
  private static func failures(_ random: inout SeededRandom, _ rate: Double, of trials: Int) -> RateCounts {
    var count = 0
    for _ in 0..<trials where Double.random(in: 0..<1, using: &random) < rate { count += 1 }
    return RateCounts(failures: count, of: trials)
  }

  /// The minute in which the evidence reaches a threshold; nil if it does not.
  private static func minute(
    of threshold: Double, seed: UInt64, minutes: Int, left: Int, right: Int,
    _ rates: (_ minute: Int) -> (left: Double, right: Double)
  ) -> Int? {
    var random = SeededRandom(seed: seed)
    var test = RateTest()
    for minute in 0..<minutes {
      let rate = rates(minute)
      test.add(failures(&random, rate.left, of: left), failures(&random, rate.right, of: right))
      if test.evidence >= threshold { return minute }
    }
    return nil
  }

  /// One may look after every minute: an error of 1 in 20 is meant for the whole of it.
  @Test(arguments: [(0.02, 0.02), (0.3, 0.3), (0.05, 0.4)])
  func ofThousandRunsWithoutADifferenceNoMoreThanTheStatedShareEndInOne(calm: Double, busy: Double) {
    let errors = (0..<1000).count { seed in
      // Both have busy times together: the level changes, the difference is none.
      Self.minute(of: 20, seed: UInt64(seed), minutes: 50, left: 8, right: 4) { minute in
        let rate = minute % 20 < 10 ? calm : busy
        return (rate, rate)
      } != nil
    }
    #expect(errors <= 50)
  }

  @Test(arguments: [(0.01, 0.03, 200, 20), (0.02, 0.06, 50, 50), (0.06, 0.02, 50, 50), (0.02, 0.04, 200, 200)])
  func realDifferenceIsFound(left: Double, right: Double, _ leftCount: Int, _ rightCount: Int) {
    let found = (0..<20).count { seed in
      Self.minute(of: 1800, seed: UInt64(seed), minutes: 300, left: leftCount, right: rightCount) { _ in
        (left, right)
      } != nil
    }
    #expect(found >= 19)
  }

  /// As if one had begun to look only then: what was the same for half a day is no credit.
  @Test func differenceThatBeginsLateIsFoundSoon() {
    for seed in 0..<5 {
      let found = Self.minute(of: 1800, seed: UInt64(seed), minutes: 900, left: 50, right: 20) { minute in
        (0.02, minute < 600 ? 0.02 : 0.1)
      }
      #expect(found.map { (600..<700).contains($0) } == true, "\(found ?? -1)")
    }
  }

  @Test func evidenceBeginsAtOneAndOneMinuteAloneSaysNothing() {
    var test = RateTest()
    #expect(abs(test.evidence - 1) < 1e-12)
    test.add(RateCounts(failures: 0, of: 100), RateCounts(failures: 100, of: 100))
    #expect(abs(test.evidence - 1) < 1e-12)
    test.add(RateCounts(failures: 0, of: 100), RateCounts(failures: 100, of: 100))
    #expect(test.evidence > 1e6)
  }

  @Test func minuteInWhichOneIsNotHeardSaysNothing() {
    var test = RateTest()
    for _ in 0..<10 { test.add(RateCounts(failures: 5, of: 10), RateCounts()) }
    #expect(abs(test.evidence - 1) < 1e-12)
  }

  @Test func hugeAndExtremeCountsStayNumbers() {
    let most = RateCounts(failures: .max, of: .max)
    var huge = most
    for _ in 0..<70 { huge = huge + huge }
    #expect(most.trials == RateCounts.most && huge.trials == .max && huge.failures == .max)
    var sides: [(RateCounts, RateCounts)] = [
      (most, RateCounts(failures: 0, of: .max)), (RateCounts(failures: 0, of: 1), most), (huge, huge),
    ]
    sides += [(huge, RateCounts(failures: 0, of: 1)), (RateCounts(failures: 0, of: 1), RateCounts(failures: 0, of: 1))]
    var test = RateTest()
    for round in 0..<200 {
      test.add(sides[round % sides.count].0, sides[round % sides.count].1)
      #expect(test.evidence.isFinite && test.evidence >= 0)
    }
  }

  @Test(
    arguments: [
      (0.1, 50.0, 5, 50), (0.014, 100, 1, 100), (1, 3.4, 3, 3), (0.5, 1e300, 500_000, 1_000_000), (0, 10, 0, 10),
    ] as [(Double, Double, Int, Int)])
  func fractionCountsForItsMessages(rate: Double, messages: Double, failures: Int, trials: Int) throws {
    let counts = try #require(RateCounts(rate: rate, of: messages))
    #expect(counts.failures == failures && counts.trials == trials)
  }

  @Test(
    arguments: [
      (Double.nan, 1.0), (-0.1, 1), (1.1, 1), (0.5, -.infinity), (0.5, .infinity), (0.5, .nan), (0.5, 0), (0.5, -3),
    ])
  func whatIsNoFractionOrNoCountIsNothing(rate: Double, messages: Double) {
    #expect(RateCounts(rate: rate, of: messages) == nil)
  }

  // MARK: Numbers of any size

  @Test func productsOfManyFactorsKeepTheirSize() {
    let (half, two) = (ScaledNumber(0.5), ScaledNumber(2))
    #expect(ScaledNumber(1.5).power(10).value == 57.6650390625)
    #expect((half.power(5000) * two.power(5001)).value == 2)
    #expect(half.power(5000).value == 0 && two.power(5000).value == .greatestFiniteMagnitude)
    #expect(half.power(0).value == 1 && two.power(.max).value == .greatestFiniteMagnitude)
    #expect((half.power(5000) + two).value == 2 && (two + two + half).value == 4.5)
    #expect((half.power(5000) + half.power(5000)).power(2).value == 0)
    for strange in [0, -1, Double.nan, .infinity] {
      #expect(ScaledNumber(strange).value == 0 && (ScaledNumber(strange) + two).value == 2)
      #expect((ScaledNumber(strange) * two).value == 0)
    }
  }
}
