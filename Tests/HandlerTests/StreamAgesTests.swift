import FleetModel
import TestThreads
import Testing
import Wire

@testable import Handler

/// Entries whose ids tell of the future grow old by when their stream had grown so far.
@Suite(.threaded) struct StreamAgesTests {
  private let future = StreamID(milliseconds: 9_999_999_999_999)

  private func id(_ sequence: UInt64) -> StreamID { StreamID(milliseconds: future.milliseconds, sequence: sequence) }

  @Test func ordinaryIDsNeedNothing() {
    var ages = StreamAges()
    ages.note(StreamID(milliseconds: 600_000), at: Instant(milliseconds: 600_000), age: .hours(24))
    #expect(ages.isEmpty && ages.first(at: Instant(milliseconds: 600_000), age: .hours(24)) == nil)
  }

  @Test func whatHadComeAnAgeAgoIsTooOldAndNothingElseIs() {
    var ages = StreamAges()
    for hour in 0...30 {
      ages.note(id(UInt64(hour)), at: Instant(milliseconds: Int64(hour) * 3_600_000), age: .hours(24))
    }
    let now = Instant(milliseconds: 30 * 3_600_000)
    // Points lie three hours apart.
    #expect(ages.first(at: now, age: .hours(24)) == id(7))
    #expect(ages.first(at: Instant(milliseconds: 23 * 3_600_000), age: .hours(24)) == nil)
  }

  @Test func nextHandlerGoesOnWithIt() {
    var ages = StreamAges()
    ages.note(id(5), at: .epoch, age: .hours(8))
    let read = StreamAges(Array(ages.encoded.utf8))
    #expect(read == ages)
    #expect(read.first(at: .epoch + .hours(8), age: .hours(8)) == id(6))
  }

  @Test func clockThatWasSetBackAndAStreamThatBeganAnewMakeNothingOlder() {
    var ages = StreamAges()
    ages.note(id(5), at: .epoch + .days(9), age: .hours(8))
    ages.note(id(6), at: .epoch + .hours(1), age: .hours(8))
    #expect(ages.first(at: .epoch + .hours(8), age: .hours(8)) == nil)
    #expect(ages.first(at: .epoch + .hours(9), age: .hours(8)) == id(6))
    ages.note(id(2), at: .epoch + .hours(2), age: .hours(8))
    #expect(ages.first(at: .epoch + .hours(9), age: .hours(8)) == nil)
  }

  @Test(arguments: [
    "", ",", "x y", "9223372036854775807 18446744073709551615-18446744073709551615", "-1 1-1", "1", "1 1-1 1",
  ])
  func anyTextIsTaken(_ text: String) {
    var ages = StreamAges(Array(text.utf8))
    ages.note(future, at: .epoch, age: .milliseconds(1))
    _ = ages.first(at: Instant(milliseconds: .max), age: .days(3650))
    #expect(!ages.isEmpty)
  }
}
