import FleetModel
import TestThreads
import Testing

@testable import Handler

/// While events stand unread, nobody counts as silent and no trouble as over for want of them.
@Suite(.threaded) struct ReadProgressTests {
  private let start = Instant(milliseconds: 1_795_000_000_000)

  @Test func beforeAllIsReadThePresentIsTheTimeOfTheLastEntry() {
    let progress = ReadProgress()
    #expect(progress.present(at: start, last: nil) == start)
    #expect(progress.present(at: start, last: start - .hours(1)) == start - .hours(1))
    #expect(progress.present(at: start, last: start + .hours(1)) == start, "nothing came later than now")
  }

  @Test func fullAnswerOfAFloodHoldsThePresentBack() {
    var progress = ReadProgress()
    progress.noteRead(isMoreLikely: false, at: start)
    #expect(progress.present(at: start + .seconds(1), last: start - .hours(1)) == start + .seconds(1))
    progress.noteRead(isMoreLikely: true, at: start + .seconds(2))
    #expect(progress.present(at: start + .minutes(10), last: start + .seconds(1)) == start + .seconds(1))
    progress.noteRead(isMoreLikely: false, at: start + .minutes(11))
    #expect(progress.present(at: start + .minutes(12), last: start + .seconds(1)) == start + .minutes(12))
  }

  @Test func readingThatWaitsHoldsThePresentWhereItWas() {
    var progress = ReadProgress()
    progress.noteRead(isMoreLikely: false, at: start)
    progress.noteWaiting(at: start + .seconds(5))
    progress.noteWaiting(at: start + .minutes(1))
    #expect(progress.present(at: start + .minutes(10), last: start - .hours(1)) == start + .seconds(5))
  }

  @Test func clockThatIsSetBackIsFollowed() {
    var progress = ReadProgress()
    progress.noteRead(isMoreLikely: false, at: start)
    progress.noteWaiting(at: start)
    progress.clockLeapt(to: start - .days(1))
    #expect(progress.present(at: start, last: start - .days(2)) == start - .days(1))
  }
}
