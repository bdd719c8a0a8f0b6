import DetectionBenchmark
import FleetModel
import Testing

/// The rules of the Numenta Anomaly Benchmark, with numbers worked out by hand.
@Suite struct BenchmarkScorerTests {
  /// 100 rows, of which the first 15 are probation.
  private static func series(_ windows: ClosedRange<Int>...) -> LabelledSeries {
    let instants = (0..<100).map { Instant(milliseconds: $0 * 300_000) }
    return LabelledSeries(
      name: "levels/a.csv", timestamps: instants.map { "\($0.milliseconds)" }, instants: instants,
      values: Array(repeating: 1, count: 100), windows: windows)
  }

  private static func result(
    _ windows: ClosedRange<Int>..., profile: BenchmarkProfile = .standard, alarms: Int...
  ) -> BenchmarkScorer.Result {
    var series = series()
    series.windows = windows
    var scorer = BenchmarkScorer(profile)
    scorer.add(series, scores: (0..<100).map { alarms.contains($0) ? 1 : 0 })
    return scorer.result(at: 1)
  }

  private static func isClose(_ left: Double, _ right: Double) -> Bool { abs(left - right) < 0.001 }

  @Test(arguments: BenchmarkProfile.all) func silenceScoresZero(_ profile: BenchmarkProfile) {
    #expect(Self.result(40...49, 70...79, profile: profile).score == 0)
  }

  @Test(arguments: BenchmarkProfile.all) func eachWindowFoundAtItsFirstRowScoresAHundred(_ profile: BenchmarkProfile) {
    let result = Self.result(40...49, 70...79, profile: profile, alarms: 40, 70)
    #expect(Self.isClose(result.score, 100))
    #expect(result.windowsFound == 2 && result.windows == 2 && result.falseAlarms == 0)
  }

  @Test func laterAlarmsOfAWindowAddNothing() {
    #expect(Self.result(40...49, alarms: 40, 43, 49) == Self.result(40...49, alarms: 40))
  }

  @Test func aWindowsMiddleIsWorthLessThanItsStart() {
    // Position -0.5: 0.848 of 0.987; the window's share is from -1 to 1.
    #expect(Self.isClose(Self.result(40...49, alarms: 45).score, 100 * (0.848283 / 0.986614 + 1) / 2))
  }

  @Test func aFalseAlarmFarFromAnyWindowCostsItsWeight() {
    #expect(Self.isClose(Self.result(40...49, alarms: 20).score, -100 * 0.11 / 2))
    #expect(Self.isClose(Self.result(40...49, profile: .lowFalseAlarms, alarms: 20).score, -100 * 0.22 / 2))
    #expect(Self.isClose(Self.result(40...49, profile: .lowMisses, alarms: 20).score, -100 * 0.11 / 3))
  }

  @Test func anAlarmShortlyAfterAWindowCostsLess() {
    // One row of nine behind the window: 1 - 2 / (1 + exp(5/9)) = 0.2709.
    #expect(Self.isClose(Self.result(40...49, alarms: 50).score, -100 * 0.11 * 0.27085 / 2))
    #expect(Self.isClose(Self.result(40...49, alarms: 99).score, -100 * 0.11 / 2))
  }

  @Test func rowsInProbationCountForNothing() {
    let result = Self.result(40...49, alarms: 3, 14)
    #expect(result.score == 0 && result.falseAlarms == 0)
    // 85 rows are judged, 10 of them in the window.
    #expect(result.quietRows == 75)
  }

  @Test func falseAlarmsAreCountedByRowsOutsideOfWindows() {
    #expect(Self.isClose(Self.result(40...49, alarms: 20, 60, 61).falseAlarmsPer10000, 400))
  }

  @Test func theSearchTakesTheThresholdThatScoresBest() {
    var scores = Array(repeating: 0.0, count: 100)
    (scores[20], scores[40], scores[60]) = (0.9, 0.6, 0.3)
    var scorer = BenchmarkScorer(.standard)
    scorer.add(Self.series(40...49), scores: scores)
    let best = scorer.best()
    #expect(best.threshold == 0.6 && best.falseAlarms == 1 && best.windowsFound == 1)
    #expect(Self.isClose(best.score, 100 * (2 - 0.11) / 2))
    #expect(best == scorer.result(at: 0.6))
  }

  @Test func theSearchSaysNothingIfEveryAlarmIsFalse() {
    var scorer = BenchmarkScorer(.standard)
    scorer.add(Self.series(), scores: (0..<100).map { Double($0) })
    #expect(scorer.best().falseAlarms == 0)
  }

  @Test func severalSeriesAreScoredTogether() {
    var scorer = BenchmarkScorer(.standard)
    scorer.add(Self.series(40...49), scores: (0..<100).map { $0 == 40 ? 1 : 0 })
    scorer.add(Self.series(30...39), scores: Array(repeating: 0, count: 100))
    #expect(Self.isClose(scorer.result(at: 1).score, 50))
  }

  @Test func scoresThatAreNoNumbersAreNoAlarms() {
    var scorer = BenchmarkScorer(.standard)
    scorer.add(Self.series(40...49), scores: Array(repeating: .nan, count: 100))
    #expect(scorer.best().score == 0 && scorer.result(at: 1).score == 0)
  }
}
