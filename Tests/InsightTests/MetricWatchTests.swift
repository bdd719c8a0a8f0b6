import DetectionBenchmark
import FleetModel
import Insight
import Testing

@Suite struct MetricWatchTests {
  private static let begin = Instant(milliseconds: 1_700_006_400_000)
  private static let step = TimeSpan.minutes(5)

  private static func at(_ row: Int) -> Instant { begin + step * Int64(row) }

  /// Around 110 with a daily season of 40 and noise of 3.
  private static func ordinary(_ row: Int, _ random: inout SeededRandom) -> Double {
    let hour = Double(row % 288) / 12
    let season = hour < 12 ? hour / 12 : 2 - hour / 12
    return 90 + 40 * season + Double.random(in: -3...3, using: &random)
  }

  /// What is found in 4,000 samples, of which `change` makes others.
  private static func findings(_ change: (Int, Double) -> Double = { $1 }) -> [(row: Int, finding: Finding)] {
    var random = SeededRandom(seed: 11)
    var watch = MetricWatch(MetricID(rawValue: 4))
    return (0..<4000).compactMap { row in
      let value = change(row, ordinary(row, &random))
      return watch.judge(Sample(value, at: at(row))).finding.map { (row, $0) }
    }
  }

  @Test func anOrdinaryMetricIsNoFinding() {
    #expect(Self.findings().isEmpty)
  }

  @Test func aSpikeIsOutOfRangeAtOnceAndOnce() throws {
    let found = Self.findings { $0 == 3000 ? 250 : $1 }
    #expect(found.map(\.row) == [3000])
    let finding = try #require(found.first?.finding)
    #expect(finding.kind == .outOfRange && finding.metric == MetricID(rawValue: 4))
    #expect(finding.since == Self.at(3000) && finding.strength >= 1 && finding.facts.value == 250)
    let high = try #require(finding.facts.high)
    #expect((120...140).contains(high))
  }

  @Test func aFallToNothingIsFound() {
    #expect(Self.findings { (3000...3050).contains($0) ? 0 : $1 }.first?.row == 3000)
  }

  @Test func aDayWithoutItsPeakIsOffSeason() throws {
    // Day 12 goes on as its night does; each value lies within the range so far.
    let found = Self.findings { row, value in
      (3456...3743).contains(row) ? 91 + Double(row % 7) / 3 : value
    }
    let first = try #require(found.first)
    #expect(first.finding.kind == .offSeason && (3456...3650).contains(first.row))
    let usual = try #require(first.finding.facts.usual)
    #expect(usual > first.finding.facts.value + 5)
  }

  @Test func aMetricThatStartsToShakeIsUnsteady() throws {
    let found = Self.findings { row, value in row < 3000 ? value : row % 2 == 0 ? 116 : 130 }
    let first = try #require(found.first)
    #expect(first.finding.kind == .unsteady && (3000...3060).contains(first.row))
  }

  @Test func aMetricThatStandsStillIsStuckFromItsFirstEqualValue() throws {
    let found = Self.findings { row, value in (3000..<3030).contains(row) ? 125 : value }
    let stuck = try #require(found.first { $0.finding.kind == .stuck })
    #expect(stuck.row == 3020 && stuck.finding.since == Self.at(3000))
    #expect(stuck.finding.facts.count == 21)
  }

  @Test func nothingIsSaidOfTheFirstSamples() {
    var watch = MetricWatch(MetricID(rawValue: 0))
    for row in 0..<MetricWatch.warmUp {
      #expect(watch.judge(Sample(row % 50 == 49 ? 1e6 : 1, at: Self.at(row))).score == 0)
    }
  }

  @Test func whatComesLaterChangesNoEarlierScore() {
    for series in SyntheticCorpus.series(seed: 21, count: 4) {
      var whole = MetricWatch(MetricID(rawValue: 0))
      var half = MetricWatch(MetricID(rawValue: 0))
      let samples = zip(series.values, series.instants).map { Sample($0, at: $1) }
      let scores = samples.map { whole.judge($0).score }
      #expect(samples.prefix(600).map { half.judge($0).score } == Array(scores.prefix(600)))
    }
  }

  @Test func aMetricTakesLessThanAKilobyte() {
    #expect(MetricWatch.byteCount <= 1024)
  }

  /// Seeds that no parameter was chosen by.
  @Test func faultsOfUnseenSeriesAreFound() {
    var scorer = BenchmarkScorer(.standard)
    for series in SyntheticCorpus.series(seed: 501, count: 44) {
      var watch = MetricWatch(MetricID(rawValue: 0))
      scorer.add(
        series, scores: zip(series.values, series.instants).map { watch.judge(Sample($0, at: $1)).score })
    }
    let result = scorer.result(at: 1)
    #expect(result.score > 45 && result.falseAlarmsPer10000 < 5, "\(result)")
  }
}
