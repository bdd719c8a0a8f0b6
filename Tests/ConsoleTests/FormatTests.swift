import FleetModel
import Testing

@testable import Console

@Suite struct FormatTests {
  @Test(arguments: [
    (0.0, "0%"), (0.0004, "0%"), (0.004, "0.4%"), (0.032, "3.2%"), (0.0996, "10%"), (0.38, "38%"), (1.0, "100%"),
  ])
  func fractionIsShownAsPerCent(value: Double, text: String) { #expect(Format.percent(value) == text) }

  @Test(arguments: [
    (0.0, "0ms"), (850.4, "850ms"), (1000, "1.0s"), (5234, "5.2s"), (9960, "10s"), (75_000, "75s"),
  ])
  func latencyIsShownInMillisecondsOrSeconds(value: Double, text: String) {
    #expect(Format.milliseconds(value) == text)
  }

  @Test(arguments: [
    (0.0, "0"), (7.4, "7"), (940, "940"), (999.96, "1.0k"), (1234, "1.2k"), (38_400, "38k"), (999_960, "1.0M"),
    (2_100_000, "2.1M"), (3e9, "3.0G"),
  ])
  func countIsShownInFewLetters(value: Double, text: String) { #expect(Format.count(value) == text) }

  @Test(arguments: [(4.1, 1, "4.1"), (0.98, 2, "0.98"), (0.005, 2, "0.01"), (0, 2, "0.00"), (5, 1, "5.0")])
  func decimalsAreFilledUp(value: Double, places: Int, text: String) {
    #expect(Format.decimal(value, places: places) == text)
  }

  @Test(arguments: [
    (TimeSpan.seconds(-5), "now"), (.seconds(9), "now"), (.seconds(10), "10s"), (.seconds(59), "30s"),
    (.seconds(60), "1m"), (.seconds(3599), "59m"), (.hours(23), "23h"), (.days(3), "3d"),
  ])
  func ageGoesInSteps(span: TimeSpan, text: String) { #expect(Format.age(span) == text) }

  @Test(arguments: [
    (TimeSpan.seconds(-1), "0s"), (.milliseconds(1), "1s"), (.seconds(119), "119s"), (.seconds(120), "2m"),
  ])
  func remainderGoesBySeconds(span: TimeSpan, text: String) { #expect(Format.remaining(span) == text) }

  @Test func clockIsUTC() {
    #expect(Format.clock(Instant(milliseconds: 1_795_334_405_999)) == "08:00:05")
    #expect(Format.clock(Instant(milliseconds: -1000)) == "23:59:59")
  }

  @Test func oneIsSingular() {
    #expect(Format.counted(1, "alert") == "1 alert")
    #expect(Format.counted(0, "alert") == "0 alerts")
    #expect(Format.counted(2, "alert") == "2 alerts")
  }
}
