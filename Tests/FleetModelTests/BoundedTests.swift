import FleetModel
import Testing

@Suite struct BoundedTests {
  @Test(arguments: [
    ("9223372036854775807", 9_007_199_254_740_991), ("-9223372036854775808", -9_007_199_254_740_991), ("7", 7),
    ("9007199254740992", 9_007_199_254_740_991),
  ])
  func numberBeyondABoundCountsAsTheBound(text: String, number: Int) {
    #expect(Bounded.int(text) == number)
    #expect(Bounded.int(Array(text.utf8)) == number)
  }

  @Test(arguments: ["", "1e308", "NaN", "9223372036854775808", "0x10", " 1"])
  func whatIsNoWholeNumberIsNone(text: String) { #expect(Bounded.int(text) == nil) }

  @Test func countIsNeverNegative() { #expect(Bounded.count("-9223372036854775808") == 0) }

  @Test(arguments: [
    (Double.nan, 0), (.infinity, 9_007_199_254_740_991), (-.infinity, -9_007_199_254_740_991),
    (1e308, 9_007_199_254_740_991),
    (2.5, 3), (-0.4, 0),
  ])
  func anyDoubleHasANearestWholeNumber(value: Double, number: Int) {
    #expect(Bounded.int(rounding: value) == number)
  }

  @Test(arguments: [Int64.max, .min, 8_640_000_000_000_001])
  func instantsLieWithinTheCalendar(milliseconds: Int64) {
    let instant = Instant(milliseconds: milliseconds)
    #expect(instant.milliseconds.magnitude == 8_640_000_000_000_000)
    #expect((instant - .epoch).milliseconds == instant.milliseconds)
  }
}
