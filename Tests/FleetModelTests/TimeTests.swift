import FleetModel
import Testing

@Suite struct TimeSpanTests {
  @Test(arguments: [
    ("1s", 1000), ("90s", 90_000), ("15m", 900_000), ("1h", 3_600_000), ("2d", 172_800_000), ("007m", 420_000),
    ("9223372036854775s", 9_223_372_036_854_775_000),
  ])
  func wholeNumberAndUnitIsASpan(text: String, milliseconds: Int64) {
    #expect(TimeSpan(text) == TimeSpan(milliseconds: milliseconds))
  }

  @Test(arguments: [
    "", "m", "15", "0m", "-5m", "+5m", "1.5h", "15 m", " 15m", "15m ", "15M", "15min", "1h30m", "٣m", "１m",
    "9223372036854776s", "99999999999999999999d", "m15",
  ])
  func anythingElseIsNone(text: String) {
    #expect(TimeSpan(text) == nil)
  }

  @Test(arguments: [
    (TimeSpan.minutes(15), "15m"), (.seconds(90), "90s"), (.hours(1), "1h"), (.days(2), "2d"), (.hours(36), "36h"),
    (.zero, "0s"), (.milliseconds(1), "1s"), (.milliseconds(59_001), "1m"), (.seconds(-90), "-90s"),
  ])
  func spanIsWrittenInTheLongestUnitThatDividesIt(span: TimeSpan, text: String) {
    #expect(span.description == text)
  }

  @Test(arguments: ["1s", "59s", "90s", "15m", "1h", "2d", "400d", "9223372036854775s"])
  func writtenSpanReadsBackAsItself(text: String) {
    #expect(TimeSpan(text)?.description == text)
  }

  @Test func longestSpansAreWrittenToo() {
    #expect(TimeSpan(milliseconds: .max).description == "9223372036854775s")
    #expect(TimeSpan(milliseconds: .min).description == "-9223372036854775s")
  }

  @Test(arguments: [
    (593, "10m"), (28_793, "8h"), (3600, "1h"), (5400, "90m"), (1200, "20m"), (329, "5m"), (330, "6m"), (299, "299s"),
    (90, "90s"), (1, "1s"), (864_000, "10d"),
  ])
  func longSpansAreRoundedAsPeopleSayThem(_ seconds: Int64, _ text: String) {
    #expect(TimeSpan.seconds(seconds).rounded.description == text)
  }

  @Test func secondsAreRoundedTowardZero() {
    #expect(TimeSpan.milliseconds(1999).seconds == 1)
    #expect(TimeSpan.milliseconds(-1999).seconds == -1)
  }
}

@Suite struct InstantTests {
  @Test func spansMoveInstantsBothWays() {
    let moment = Instant(milliseconds: 5000)
    #expect(moment + .seconds(2) == Instant(milliseconds: 7000))
    #expect(moment - .seconds(9) == Instant(milliseconds: -4000))
    #expect(Instant(milliseconds: 7000) - moment == .seconds(2))
    #expect(moment - Instant(milliseconds: 7000) == .seconds(-2))
  }

  @Test func arithmeticStopsAtTheEndsOfTheRange() {
    let last = Instant(milliseconds: .max)
    let first = Instant(milliseconds: .min)
    #expect(last + .seconds(1) == last)
    #expect(first - .seconds(1) == first)
    #expect(first + TimeSpan(milliseconds: .min) == first)
    #expect(Instant.epoch - TimeSpan(milliseconds: .min) == last)
    #expect(last - first == TimeSpan(milliseconds: 17_280_000_000_000_000))
    #expect(first - last == TimeSpan(milliseconds: -17_280_000_000_000_000))
  }

  @Test func spansStopAtTheEndsOfTheRange() {
    #expect(TimeSpan(milliseconds: .max) + .seconds(1) == TimeSpan(milliseconds: .max))
    #expect(TimeSpan(milliseconds: .min) + .seconds(-1) == TimeSpan(milliseconds: .min))
    #expect(TimeSpan.days(.max) == TimeSpan(milliseconds: .max))
    #expect(TimeSpan.seconds(.min) == TimeSpan(milliseconds: .min))
  }
}
