import FleetModel
import Loop
import Redis
import TestThreads
import Testing

@Suite(.threaded) struct ServerClockTests {
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

  @Test func lateAnswerIsNoLeap() {
    func second(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }
    func reply(_ seconds: Int64) -> Reply { .array([.integer(1_795_334_400 + seconds), .integer(0)]) }
    var clock = ServerClock()
    // The first answer is better than none, however late it is.
    let isFirstTaken = clock.set(reply(0), asked: second(0), answered: second(10))
    #expect(isFirstTaken && clock.instant(at: second(5)).milliseconds == 1_795_334_400_000)
    // The server said so at once, and it came after seven seconds.
    let isLateATime = clock.set(reply(5), asked: second(10), answered: second(17))
    #expect(isLateATime && clock.leap == nil)
    #expect(clock.instant(at: second(17)).milliseconds == 1_795_334_412_000)
    let isPromptTaken = clock.set(reply(112), asked: second(17), answered: second(17))
    #expect(isPromptTaken && clock.leap == .seconds(100))
    // A leap is told once.
    clock.set(reply(113), asked: second(18), answered: second(20))
    #expect(clock.leap == nil)
  }

  /// However long the answer took, and wherever in that time the server's moment lay.
  @Test(arguments: [0, 100, 4000] as [Int64]) func latestIsNeverBehindTheServer(exchange: Int64) {
    let answered = MonotonicTime.now
    let asked = answered.adding(milliseconds: -exchange)
    var clock = ServerClock()
    // The server looked at its clock at the very beginning.
    clock.set(.array([.integer(1_795_334_400), .integer(0)]), asked: asked, answered: answered)
    let shown = Instant(milliseconds: 1_795_334_400_000 + Int64(MonotonicTime.now.milliseconds(since: asked)))
    #expect(clock.latest >= shown)
    #expect(clock.latest - clock.now <= .milliseconds(exchange / 2 + 20))
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
