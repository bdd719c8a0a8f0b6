import Glibc
import Loop
import Testing

@Suite struct ChildRunTests {
  @Test func reportsTheStatusAndBothOutputs() throws {
    #expect(try run(sh("echo out; echo err >&2; exit 7")) == .exited(status: 7, output: text("out\nerr\n")))
  }

  @Test func reportsTheSignal() throws {
    #expect(try run(sh("echo last; kill -9 $$")) == .signaled(SIGKILL, output: text("last\n")))
  }

  @Test func argumentStaysOneAndMeansNothingToAShell() throws {
    let result = try run(["/usr/bin/printf", "[%s]", "a b; $(id) `id` *", ""])
    #expect(result == .exited(status: 0, output: text("[a b; $(id) `id` *][]")))
  }

  @Test func environmentIsWhatIsListed() throws {
    let result = try run(["/usr/bin/env"], environment: ["KEY": "c1/a=b"])
    #expect(result == .exited(status: 0, output: text("KEY=c1/a=b\n")))
  }

  @Test func thereIsNothingToRead() throws {
    #expect(try run(["/bin/cat"]) == .exited(status: 0, output: []))
  }

  @Test func onlyTheLast4KiBAreKept() throws {
    let result = try run(sh("head -c 300000 /dev/zero | tr '\\0' a; printf end"))
    #expect(result == .exited(status: 0, output: [UInt8](repeating: 0x61, count: 4093) + text("end")))
  }

  @Test func leadsAGroupOfItsOwn() throws {
    // Fields of stat(5) from the front: pid, name, state, parent, group.
    let result = try run(sh("read pid name state parent group rest < /proc/$$/stat; [ $pid = $group ] && echo leads"))
    #expect(result == .exited(status: 0, output: text("leads\n")))
  }

  @Test func programThatDoesNotExistIsNotStarted() throws {
    let loop = try Loop()
    var results: [ChildResult] = []
    let run = ChildRun(on: loop, ["/no/such/program"], environment: [:], limit: 10_000) { results.append($0) }
    #expect(results == [])
    while results.isEmpty { loop.turn(atMostMilliseconds: 1000) }
    #expect(results == [.notStarted("start /no/such/program: No such file or directory")])
    #expect(run.pid == nil)
  }

  @Test(arguments: [["/bin/echo", "a\0b"], ["/bin/ec\0ho"]])
  func textWithANulIsNotStarted(_ arguments: [String]) throws {
    #expect(try run(arguments) == .notStarted("start \(arguments[0]): Invalid argument"))
  }

  @Test func noProgramAtAllIsNotStarted() throws {
    #expect(try run([]) == .notStarted("start: No such file or directory"))
  }

  @Test func timeLimitEndsTheGroupGently() throws {
    let result = try run(sh("trap 'echo bye; exit 0' TERM; echo up; sleep 60 & wait"), limit: 300, grace: 60_000)
    #expect(result == .timedOut(output: text("up\nbye\n")))
  }

  @Test func whoIgnoresTheTimeLimitIsKilledWithItsChildren() throws {
    let result = try run(sh("trap '' TERM; echo up; sleep 60; sleep 60"), limit: 300, grace: 50)
    #expect(result == .timedOut(output: text("up\n")))
  }

  @Test func childrenLeftBehindAreEnded() throws {
    #expect(try run(sh("sleep 60 & echo gone"), grace: 60_000) == .exited(status: 0, output: text("gone\n")))
  }

  @Test func childrenLeftBehindThatIgnoreItAreKilled() throws {
    let result = try run(sh("trap '' TERM; sleep 60 & echo gone; exit 3"), grace: 50)
    #expect(result == .exited(status: 3, output: text("gone\n")))
  }

  @Test func whoLeftTheGroupWithThePipeHoldsNothingUp() throws {
    // The shell ends once the other is in a session of its own, has written, and sleeps.
    let script =
      "setsid sh -c 'echo $$; exec sleep 5' & until read pid name rest < /proc/$!/stat && [ $name = '(sleep)' ]; do :; done"
    let result = try run(sh(script), grace: 50)
    guard case .exited(0, let output) = result else {
      Issue.record("\(result)")
      return
    }
    #expect(Int32(String(decoding: output.dropLast(), as: UTF8.self)).map { kill($0, SIGKILL) } == 0)
  }

  @Test func lettingGoKillsIt() throws {
    let loop = try Loop()
    var run: ChildRun? = ChildRun(on: loop, ["/bin/sleep", "60"], environment: [:], limit: 60_000) { _ in
      Issue.record("there is nobody to tell")
    }
    let pid = try #require(run?.pid)
    #expect(kill(pid, 0) == 0)
    run = nil
    #expect(kill(pid, 0) == -1)
    loop.turn(atMostMilliseconds: 0)
  }

  @Test func descriptorsOfThisProcessAreNotHandedOn() throws {
    #expect(dup2(1, 500) == 500)
    defer { close(500) }
    let result = try run(sh("[ -e /proc/$$/fd/500 ] && echo handed on; echo looked"))
    #expect(result == .exited(status: 0, output: text("looked\n")))
  }

  @Test func brokenPipeEndsItAlsoWhereThisProcessIgnoresThat() throws {
    signal(SIGPIPE, SIG_IGN)
    #expect(try run(sh("kill -PIPE $$; echo ignored")) == .signaled(SIGPIPE, output: []))
  }

  private func sh(_ script: String) -> [String] { ["/bin/sh", "-c", script] }

  private func text(_ text: String) -> [UInt8] { Array(text.utf8) }

  private func run(
    _ arguments: [String], environment: [String: String] = ["PATH": "/usr/bin:/bin"], limit: Int64 = 30_000,
    grace: Int64 = 2000
  ) throws -> ChildResult {
    let loop = try Loop()
    var result: ChildResult?
    let run = ChildRun(on: loop, arguments, environment: environment, limit: limit, grace: grace) { result = $0 }
    return withExtendedLifetime(run) {
      while true {
        if let result { return result }
        loop.turn(atMostMilliseconds: 1000)
      }
    }
  }
}
