import FleetModel
import Loop
import Redis
import Testing

@Suite struct ServerClockTests {
  /// Whatever the machine's wall clock says, or steps to: it is not asked once the server has told its time.
  @Test func timeGoesOnFromTheServersAnswerByTheMonotonicClockAlone() {
    var clock = ServerClock()
    #expect(!clock.isSet)
    let asked = MonotonicTime(nanoseconds: 5_000_000_000)
    let answered = MonotonicTime(nanoseconds: 5_000_200_000)
    let reply = Reply.array([.string(Array("1795334400".utf8)), .string(Array("500000".utf8))])
    let isTime = clock.set(reply, asked: asked, answered: answered)
    #expect(isTime)
    #expect(clock.isSet)
    // The answer holds for the middle of the exchange, a tenth of a millisecond after it was asked.
    #expect(clock.instant(at: MonotonicTime(nanoseconds: 5_000_100_000)).milliseconds == 1_795_334_400_500)
    #expect(clock.instant(at: MonotonicTime(nanoseconds: 3_605_000_100_000)).milliseconds == 1_795_338_000_500)
  }

  @Test func answerThatIsNoTimeChangesNothing() {
    var clock = ServerClock()
    let now = MonotonicTime.now
    for reply in [Reply.null, .array([]), .array([.integer(1)]), .error(ServerError("LOADING"))] {
      let isTime = clock.set(reply, asked: now)
      #expect(!isTime)
    }
    #expect(!clock.isSet)
  }
}
