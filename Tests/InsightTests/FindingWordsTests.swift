import FleetModel
import Insight
import Testing

@Suite struct FindingWordsTests {
  @Test(
    arguments: [
      (0.0, "0"), (812, "812"), (999.6, "1000"), (12_345, "12300"), (0.031_41, "0.0314"), (0.9996, "1"), (12, "12"),
      (-4.25, "-4.25"), (1e14, "100000000000000"), (1e300, "very high"), (-.infinity, "very low"),
      (.nan, "not a number"),
      (1e-12, "0"), (1.5e-7, "0.00000015"), (100.04, "100"),
    ] as [(Double, String)])
  func numbersHaveThreeDigitsThatCount(_ number: Double, _ text: String) {
    #expect(number.plain == text)
  }

  @Test func eachKindHasPlainWords() {
    let facts = Finding.Facts(value: 812, usual: 40, low: 3, high: 240, count: 21)
    let words = FindingKind.allCases.map {
      Finding($0, metric: MetricID(rawValue: 0), since: .epoch, strength: 2, facts: facts).words(named: "queue_size")
    }
    #expect(
      words == [
        "queue_size is 812; it used to lie between 3 and 240",
        "queue_size is around 812; at this time of day it is usually 40",
        "queue_size changes by 812 from sample to sample; it used to change by 40 at most",
        "queue_size has been exactly 812 for 21 samples",
        "queue_size is 812; the other 21 agents of its role are around 40",
        "queue_size is 812; this agent's own normal is 40",
        "queue_size is 812 in its version; in another one of its role it is 40",
      ])
  }

  @Test func theTableOfDetectorsHasAtMostThree() {
    #expect(Detector.all.count <= 3 && Detector.all.allSatisfy { !$0.looksFor.isEmpty })
    #expect(Set(Detector.all.flatMap(\.findings)).isSubset(of: FindingKind.allCases))
  }
}
