import FleetModel
import Insight
import Testing

@Suite struct CalibrationTests {
  private static let soon = Calibration.Bin(minutes: 10, significance: 3)
  private static let late = Calibration.Bin(minutes: 100, significance: 9)

  @Test func confidenceIsMeasuredByBin() {
    var calibration = Calibration()
    #expect(calibration.confidence(Self.soon) == (0.5, 0))
    for hit in [true, true, true, false] { calibration.settle(Self.soon, hit: hit) }
    #expect(calibration.confidence(Self.soon) == (4.0 / 6, 4))
    #expect(calibration.confidence(Self.late) == (0.5, 0))
  }

  @Test func whatWasMeasuredOutlivesARestart() throws {
    var calibration = Calibration()
    for index in 0..<50 { calibration.settle(index % 3 == 0 ? Self.soon : Self.late, hit: index % 4 != 0) }
    #expect(try #require(Calibration(stored: calibration.stored)) == calibration)
  }

  @Test func manyForecastsStayStorable() throws {
    var calibration = Calibration()
    for _ in 0..<5000 { calibration.settle(Self.soon, hit: true) }
    #expect(try #require(Calibration(stored: calibration.stored)) == calibration)
    #expect(calibration.confidence(Self.soon).value > 0.99)
  }

  @Test(arguments: [
    "", "c1", "c2 0/0 0/0 0/0 0/0 0/0 0/0 0/0 0/0 0/0 0/0", "c1 2/1 0/0 0/0 0/0 0/0 0/0 0/0 0/0 0/0 0/0",
    "c1 0/4294967295 0/0 0/0 0/0 0/0 0/0 0/0 0/0 0/0 0/0", "c1 -1/1 0/0 0/0 0/0 0/0 0/0 0/0 0/0 0/0 0/0",
  ])
  func otherTextIsNoCalibration(_ text: String) {
    #expect(Calibration(stored: text) == nil)
  }

  @Test(arguments: [0.8, 0.9, 0.95]) func anIntervalHoldsWhatWasAsked(_ asked: Double) {
    var random = SeededRandom(seed: 3)
    var interval = ConformalInterval(asked: asked)
    // The spread grows fourfold half-way: the width follows.
    for index in 0..<4000 {
      interval.learn(distance: abs(Double.random(in: -1...1, using: &random)) * (index < 2000 ? 1 : 4))
    }
    let (coverage, values) = interval.coverage
    #expect(abs(coverage - asked) < 0.02 && values == 3990)
  }

  @Test func anIntervalIsUnknownAtFirst() {
    var interval = ConformalInterval()
    for _ in 0..<9 { interval.learn(distance: 1) }
    #expect(interval.radius == nil)
    for number in [Double.nan, .infinity, -1, 1e300] { interval.learn(distance: number) }
    #expect(interval.radius == nil)
    interval.learn(distance: 1)
    #expect(interval.radius == 1)
  }

  @Test func anIntervalOutlivesARestart() throws {
    var interval = ConformalInterval()
    for index in 0..<100 { interval.learn(distance: Double(index % 17) / 3) }
    var restored = try #require(ConformalInterval(stored: interval.stored))
    #expect(restored.radius == interval.radius && restored.coverage == interval.coverage)
    for index in 0..<40 {
      interval.learn(distance: Double(index))
      restored.learn(distance: Double(index))
    }
    #expect(restored.radius == interval.radius)
    #expect(restored.stored == interval.stored)
  }

  @Test(arguments: [
    "", "i1 0.9", "i1 0.9 0.1 5 4", "i1 2 0.1 0 0", "i1 0.9 nan 0 0", "i1 0.9 0.1 0 0 -1", "i1 0.9 0.1 0 0 x",
  ])
  func otherTextIsNoInterval(_ text: String) {
    #expect(ConformalInterval(stored: text) == nil)
  }

  @Test func brierScoreStandsBesideTheNaiveOne() {
    var score = ForecastScore()
    #expect(score.brier == nil && score.naiveBrier == nil)
    for (confidence, hit) in [(0.9, true), (0.9, true), (0.1, false), (0.3, true)] {
      score.settle(confidence: confidence, hit: hit)
    }
    score.settle(confidence: .nan, hit: true)
    #expect(abs((score.brier ?? 1) - (0.01 + 0.01 + 0.01 + 0.49) / 4) < 1e-12)
    #expect(score.naiveBrier == 0.75 * 0.25)
    #expect(score.tenths[9].forecasts == 2 && score.tenths[9].shareOfHits == 1)
    #expect(score.tenths[1].forecasts == 1 && score.tenths[3].hits == 1)
    #expect(abs(score.tenths[9].meanConfidence - 0.9) < 1e-12)
  }
}
