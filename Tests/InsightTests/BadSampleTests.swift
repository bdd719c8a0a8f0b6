import FleetModel
import Insight
import Testing

/// Numbers and times that nobody can have measured.
@Suite struct BadSampleTests {
  private static let begin = Instant(milliseconds: 1_700_006_400_000)

  /// What is found in 2,000 ordinary samples of a narrow metric, of which `change` makes others.
  private static func findings(_ change: (Int, Sample) -> Sample) -> [Finding] {
    var random = SeededRandom(seed: 5)
    var watch = MetricWatch(MetricID(rawValue: 0))
    return (0..<2000).compactMap { row in
      let sample = Sample(Double.random(in: 2...3, using: &random), at: begin + .seconds(Int64(row) * 60))
      return watch.judge(change(row, sample)).finding
    }
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity, .signalingNaN, 1e300, -.greatestFiniteMagnitude, 1.1e15])
  func aNumberThatNobodyMeasuredIsNoFinding(_ number: Double) {
    #expect(Self.findings { row, sample in row % 7 == 3 ? Sample(number, at: sample.at) : sample }.isEmpty)
    #expect(Self.findings { _, sample in Sample(number, at: sample.at) }.isEmpty)
  }

  @Test(arguments: [60, 1000, 1024, 3600, 1e6, 1e9, 1 / 60, 1 / 1000, 1e-6] as [Double])
  func anotherUnitIsNoFinding(_ factor: Double) {
    #expect(Self.findings { row, sample in row < 1000 ? sample : Sample(sample.value * factor, at: sample.at) }.isEmpty)
  }

  @Test func perCentInPlaceOfAFractionIsNoFinding() {
    #expect(
      Self.findings { row, sample in Sample(sample.value / 10 * (row < 1000 ? 1 : 100), at: sample.at) }.isEmpty)
  }

  @Test func aTimeoutThatFitsNoUnitIsFound() {
    #expect(
      Self.findings { row, sample in row < 1000 ? sample : Sample(sample.value * 200, at: sample.at) }.first != nil)
  }

  @Test func aClockThatStandsIsNoFinding() {
    #expect(
      Self.findings { row, sample in row < 500 ? sample : Sample(900, at: Self.begin + .seconds(499 * 60)) }.isEmpty)
  }

  @Test(arguments: [TimeSpan.days(400), .days(-400), .hours(7), .hours(-7), TimeSpan(milliseconds: .max)])
  func aClockThatLeapsIsNoFinding(_ leap: TimeSpan) {
    #expect(Self.findings { row, sample in row < 900 ? sample : Sample(sample.value, at: sample.at + leap) }.isEmpty)
    #expect(
      Self.findings { row, sample in row % 400 == 399 ? Sample(sample.value, at: sample.at + leap) : sample }.isEmpty)
  }

  @Test func aClockThatWasSetBackIsBelievedAfterFiveSamples() {
    let found = Self.findings { row, sample in
      let value = row >= 1100 ? 900 : sample.value
      return Sample(value, at: row < 900 ? sample.at : sample.at - .days(30))
    }
    #expect(found.first?.kind == .outOfRange)
  }

  @Test(arguments: [Int64.min, .max]) func theEndsOfTimeAreSurvived(_ milliseconds: Int64) {
    var watch = MetricWatch(MetricID(rawValue: 0))
    for offset in Int64(0)..<400 {
      let instant = Instant(milliseconds: milliseconds < 0 ? .min + offset : .max - 400 + offset)
      #expect(watch.judge(Sample(Double(offset % 5), at: instant)).finding == nil)
    }
  }

  @Test func randomBitsAreSurvived() {
    var random = SeededRandom(seed: 99)
    var watch = MetricWatch(MetricID(rawValue: 0))
    for _ in 0..<200_000 {
      let value = Double(bitPattern: random.next())
      let sample = Sample(value, at: Instant(milliseconds: Int64(truncatingIfNeeded: random.next())))
      #expect(watch.judge(sample).score.isFinite)
    }
  }
}
