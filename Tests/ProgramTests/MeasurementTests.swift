import TestThreads
import Testing
import Wire

@testable import vigia_bench

@Suite(.threaded) struct MeasurementTests {
  private func measurement(_ target: Measurement.Target?) -> Measurement {
    Measurement(
      name: "ingest binary", unit: "M entries/s", rounds: Rounds([2.4101, 2.2, 2.3104]),
      baseline: .init(name: "reply trees", rounds: Rounds([1.7, 1.8])), target: target)
  }

  @Test func lineSaysWhatWhereAndWhetherItIsEnough() {
    #expect(
      measurement(.ratioAtLeast(1.2)).description
        == "ingest binary: 2.31 M entries/s (2.2…2.41, 3 rounds), reply trees 1.75, ratio 1.32; target ratio >= 1.2: met"
    )
    #expect(measurement(.atMost(2)).description.hasSuffix("; target <= 2: missed"))
    #expect(measurement(nil).description.hasSuffix("ratio 1.32"))
    let plain = Measurement(name: "lost", unit: "of 9", rounds: Rounds([0]), target: .atMost(0))
    #expect(plain.description == "lost: 0 of 9; target <= 0: met")
  }

  @Test func targetsAreOfTheMedianOrOfItsRatio() {
    let cases: [(Measurement.Target, Bool)] = [
      (.atLeast(2.31), true), (.atLeast(2.32), false), (.atMost(2.32), true), (.atMost(2.31), false),
      (.ratioAtLeast(1.32), true), (.ratioAtLeast(1.33), false), (.ratioAtMost(1.33), true),
      (.ratioAtMost(1.32), false),
    ]
    for (target, isMet) in cases { #expect(measurement(target).isMet == isMet, "\(target)") }
    var alone = measurement(.ratioAtLeast(1))
    alone.baseline = nil
    #expect(alone.isMet == nil)
    #expect(alone.description.hasSuffix("; target ratio >= 1: not known"))
  }

  @Test func jsonHoldsTheSame() {
    #expect(
      measurement(.ratioAtLeast(1.2)).json
        == [
          "name": "ingest binary", "unit": "M entries/s", "median": 2.3104, "min": 2.2, "max": 2.4101, "rounds": 3,
          "baseline": "reply trees", "baseline_median": 1.75, "ratio": 1.3202, "target": "ratio >= 1.2", "met": true,
        ])
    let plain = Measurement(name: "lost", unit: "of 9", rounds: Rounds([0]))
    #expect(plain.json == ["name": "lost", "unit": "of 9", "median": 0.0, "min": 0.0, "max": 0.0, "rounds": 1])
  }

  @Test func mediansAndQuantilesOfFewValues() {
    #expect(Rounds().median == 0)
    #expect(Rounds([3, 1]).median == 2)
    #expect(Rounds([3, 1, 2]).median == 2)
    #expect(Rounds([3, 1, 2]).quantile(0.99) == 3)
    #expect(Rounds((1...1000).map { Double($0) }).quantile(0.99) == 991)
  }

  @Test(arguments: [0, 1, 123_456]) func messagesAreOfTheLengthAskedFor(_ number: Int) {
    for format in MessageFormat.allCases {
      let traffic = Traffic(format: format, length: 400, isNumbered: true)
      #expect(traffic.message(number).count == 400, "\(format)")
      #expect(Traffic(format: format, length: 10).message(number) == Traffic(format: format).message(number))
    }
  }
}
