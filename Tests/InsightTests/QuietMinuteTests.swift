import FleetModel
import Insight
import Testing

@Suite struct QuietMinuteTests {
  private static let noon = Instant(milliseconds: 1_795_334_400_000)

  private func find(_ minutes: Int64, length: Int = 5, _ load: (Int64) -> Double?) -> Int64 {
    let found = QuietMinute.find(
      from: Self.noon, through: Self.noon + .minutes(minutes), length: length
    ) { load(($0 - Self.noon).milliseconds / 60_000) }
    return (found - Self.noon).milliseconds / 60_000
  }

  @Test func stretchOfLeastLoadIsFound() {
    #expect(find(60) { abs($0 - 32) < 3 ? 5 : 40 } == 30)
    // One quiet minute among busy ones is no quiet stretch.
    #expect(find(60) { $0 == 10 ? 0 : abs($0 - 42) < 3 ? 12 : 40 } == 40)
    #expect(find(60) { 100 - Double($0) } == 60)
  }

  @Test func whereNothingTellsItIsEarly() {
    #expect(find(60) { _ in nil } == 0)
    #expect(find(60) { _ in 7 } == 0)
    #expect(find(60) { _ in .nan } == 0)
    // Of the quietest stretch too little is known.
    #expect(find(60) { $0 < 30 ? 9 : $0 == 45 ? 0 : nil } == 0)
  }

  @Test func rangeIsKept() {
    let later = Self.noon + .seconds(20)
    #expect(QuietMinute.find(from: later, through: later, length: 5) { _ in 1 } == Self.noon + .minutes(1))
    #expect(
      QuietMinute.find(from: later, through: Self.noon - .days(9), length: 5) { _ in 1 } == Self.noon + .minutes(1))
    // However far it goes, and however long it takes.
    let far = QuietMinute.find(from: Self.noon, through: Self.noon + .days(4000), length: .max) {
      -Double($0.milliseconds)
    }
    #expect(far == Self.noon + .days(2))
  }
}
