import CLinux
import Glibc
import Loop
import Testing

@Suite struct LoopTests {
  @Test func timersFireInOrderOfTheirTimes() throws {
    let loop = try Loop()
    var fired: [Int] = []
    let now = MonotonicTime.now
    loop.schedule(at: now.adding(milliseconds: 2)) { fired.append(2) }
    loop.schedule(at: now.adding(milliseconds: 1)) { fired.append(1) }
    let taken = loop.schedule(at: now) { fired.append(0) }
    loop.cancel(taken)
    while fired.count < 2 { loop.turn() }
    #expect(fired == [1, 2])
  }

  @Test func timerSetByATimerWaitsForTheNextTurn() throws {
    let loop = try Loop()
    var count = 0
    func again() {
      count += 1
      loop.schedule(at: .now) { again() }
    }
    loop.schedule(at: .now) { again() }
    loop.turn()
    #expect(count == 1)
    loop.turn()
    #expect(count == 2)
  }

  @Test func descriptorThatWasForgottenIsHeardNoMore() throws {
    let loop = try Loop()
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    var heard = 0
    loop.watch(ends[0], .readable) { _ in heard += 1 }
    #expect(write(ends[1], "x", 1) == 1)
    loop.turn()
    #expect(heard == 1)
    loop.unwatch(ends[0])
    loop.turn(atMostMilliseconds: 0)
    #expect(heard == 1)
    close(ends[0])
    close(ends[1])
  }

  @Test func workForLaterRunsOnceBeforeTheTurnEnds() throws {
    let loop = try Loop()
    var order: [String] = []
    loop.afterTurn = { order.append("after") }
    loop.schedule(at: .now) {
      loop.later { order.append("later") }
      order.append("timer")
    }
    loop.turn()
    #expect(order == ["timer", "later", "after"])
  }

  @Test func childReportsItsStatusAndItsSignal() throws {
    let loop = try Loop()
    var statuses: [Int32] = []
    let exits = try Child("/bin/sh", ["-c", "exit 7"], environment: [:])
    exits.watch(on: loop) { statuses.append($0) }
    while statuses.isEmpty { loop.turn() }
    let waits = try Child("/bin/cat", [], environment: [:], input: try Self.silence())
    #expect(waits.isRunning)
    waits.end(SIGTERM)
    #expect(statuses == [7])
    #expect(waits.wait() == 128 + SIGTERM)
  }

  @Test func programThatDoesNotExistIsAnError() {
    #expect(throws: SystemError("start", "/no/such/program", code: ENOENT)) {
      _ = try Child("/no/such/program", [], environment: [:])
    }
  }

  /// A pipe that nobody writes to.
  private static func silence() throws -> Int32 {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw SystemError("open a pipe") }
    return ends[0]
  }
}
