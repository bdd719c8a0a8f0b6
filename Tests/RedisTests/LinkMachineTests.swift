import Redis
import TestThreads
import Testing

@Suite(.threaded) struct LinkMachineTests {
  private func waiting(_ attempt: Int, _ downSince: Int64, _ retryAt: Int64) -> LinkMachine.State {
    .waiting(attempt: attempt, downSince: downSince, retryAt: retryAt)
  }

  @Test func pausesDoubleUpToFiveSeconds() {
    var machine = LinkMachine()
    expect(machine.start(now: 0), is: .connect)
    var pauses: [Int64] = []
    var now: Int64 = 0
    for _ in 1...8 {
      guard case .retry(let due) = machine.failed(now: now, jitter: 1) else { continue }
      pauses.append(due - now)
      now = due
      expect(machine.retryIsDue(now: now), is: .connect)
    }
    #expect(pauses == [200, 400, 800, 1600, 3200, 5000, 5000, 5000])
    #expect(machine.state == .connecting(attempt: 9, downSince: 0))
  }

  @Test func jitterTakesUpToHalfOfAPause() {
    for (jitter, due) in [(0.0, 600), (0.5, 650), (1.0, 700), (-1, 600), (7, 700)] as [(Double, Int64)] {
      var machine = LinkMachine()
      _ = machine.start(now: 0)
      expect(machine.failed(now: 500, jitter: jitter), is: .retry(at: due))
      #expect(machine.state == waiting(2, 0, due))
    }
  }

  @Test func connectionThatLastedBeginsAnew() {
    var machine = LinkMachine()
    _ = machine.start(now: 0)
    _ = machine.failed(now: 10, jitter: 1)
    _ = machine.retryIsDue(now: 210)
    expect(machine.connected(now: 220), is: .none)
    #expect(machine.state == .up(since: 220, attempt: 2))
    expect(machine.failed(now: 10_000, jitter: 1), is: .retry(at: 10_100))
    #expect(machine.state == waiting(1, 10_000, 10_100))
  }

  @Test func connectionThatDroppedAtOnceWasAnAttempt() {
    var machine = LinkMachine()
    _ = machine.start(now: 0)
    _ = machine.connected(now: 1)
    expect(machine.failed(now: 2, jitter: 1), is: .retry(at: 202))
    _ = machine.retryIsDue(now: 202)
    _ = machine.connected(now: 203)
    expect(machine.failed(now: 204, jitter: 1), is: .retry(at: 604))
  }

  @Test func knownServerIsTriedAtOnceIfTheLastConnectionLasted() {
    var machine = LinkMachine()
    _ = machine.start(now: 0)
    _ = machine.connected(now: 1)
    expect(machine.failed(now: 6000, jitter: 1, pace: .prompt), is: .retry(at: 6000))
    _ = machine.retryIsDue(now: 6000)
    _ = machine.connected(now: 6001)
    expect(machine.failed(now: 6002, jitter: 1, pace: .prompt), is: .retry(at: 6102))
    _ = machine.retryIsDue(now: 6102)
    expect(machine.failed(now: 6103, jitter: 1, pace: .prompt), is: .retry(at: 6303))
  }

  @Test func refusalsKeepAPaceOfTheirOwn() {
    var machine = LinkMachine()
    _ = machine.start(now: 0)
    for start in stride(from: Int64(0), to: 5000, by: 1000) {
      expect(machine.failed(now: start, jitter: 1, pace: .steady(1000)), is: .retry(at: start + 1000))
      _ = machine.retryIsDue(now: start + 1000)
    }
    expect(machine.failed(now: 5000, jitter: 1, pace: .steady(60_000)), is: .retry(at: 10_000))
  }

  @Test func whatComesAtTheWrongTimeChangesNothing() {
    var machine = LinkMachine()
    expect(machine.failed(now: 0, jitter: 1), is: .none)
    expect(machine.connected(now: 0), is: .none)
    expect(machine.retryIsDue(now: 0), is: .none)
    _ = machine.start(now: 0)
    expect(machine.start(now: 1), is: .none)
    machine.stop()
    expect(machine.failed(now: 0, jitter: 1), is: .none)
    expect(machine.connected(now: 0), is: .none)
    #expect(machine.state == .stopped)
  }
}
