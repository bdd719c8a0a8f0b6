import Glibc
import Redis
import TestSupport
import TestThreads
import Testing

/// A terminal that takes nothing holds up nothing but itself.
@Suite(.threaded) struct SlowTerminalTests {
  private let server: TestServer

  init() throws { server = try TestServer() }

  /// Publishes a few megabytes of events of fifty agents, whose values change with every one.
  private func publishMegabytes(_ round: Int) throws {
    let script = """
      for number = 1, 4000 do
        local body = string.format(
          '{"entity_id":"agent-%02d","event_type":"metrics","data":{"error_rate":%f,"queue_size":%d,"note":"%s"}}',
          number % 50, (number * 7 + ARGV[1]) % 100 / 200, number * 31 % 997, string.rep('x', 1000))
        redis.call('PUBLISH', 'agent.metrics', body)
      end
      """
    _ = try server.call("EVAL", script, 0, round)
  }

  /// What the server holds for subscribers who have not read it.
  private func backlog() throws -> Int {
    let list = try #require(try server.call("CLIENT", "LIST", "TYPE", "pubsub").bytes)
    let sizes = String(decoding: list, as: UTF8.self).split(separator: " ").compactMap { word in
      word.hasPrefix("omem=") ? Int(word.dropFirst(5)) : nil
    }
    return sizes.reduce(0, +)
  }

  private func resident(_ pid: pid_t) throws -> Int {
    let file = try #require(fopen("/proc/\(pid)/statm", "r"))
    defer { fclose(file) }
    return Int(Program.text(file).split(separator: " ")[1])! * 4096
  }

  /// A console that has sent as much as a terminal takes which nobody reads.
  private func stuck() throws -> PtyProgram {
    let console = try PtyProgram(on: server.endpoint, rows: 60, columns: 200, answersModes: true)
    try console.wait(for: "NO HANDLER")
    for round in 0..<2 {
      try publishMegabytes(round)
      try server.wait { (try? backlog()) == 0 }
    }
    return console
  }

  @Test func readingGoesOnAndOneFrameShowsThePresent() throws {
    let console = try stuck()
    let before = try resident(console.pid)
    for round in 2..<7 {
      try publishMegabytes(round)
      try server.wait { (try? backlog()) == 0 }
    }
    #expect(try resident(console.pid) - before < 8 << 20, "no frame and no event waits in memory")
    _ = try server.call("PUBLISH", "agent.metrics", #"{"entity_id":"the-last","data":{"error_rate":0.99}}"#)
    try server.wait { (try? backlog()) == 0 }
    let start = console.output.count
    try console.wait(for: "the-last")
    #expect(console.output.count - start < 400_000, "only what the terminal had begun to take came first")
    console.type("q")
    #expect(try console.finish().exitCode == 0)
    #expect(TerminalState(after: console.output).isAsFound)
    try OutputGrammar(terminal: "xterm-256color").parse(console.output)
  }

  @Test func keysActWhileNothingIsTaken() throws {
    let console = try stuck()
    let before = console.pty.modes
    console.type("q")
    var status: Int32 = 0
    // Not a byte of its output is taken until it has ended.
    try server.loop.wait(seconds: 30) { waitpid(console.pid, &status, WNOHANG) == console.pid }
    #expect(status == 0)
    #expect(console.pty.modes != before)
  }

  @Test func framesAreMarkedAfterTheTerminalSaidThatItKnowsTheMarks() throws {
    for answers in [false, true] {
      let console = try PtyProgram(on: server.endpoint, answersModes: answers)
      try console.wait(for: "NO HANDLER")
      try console.redraw()
      #expect(console.text.contains("\u{1B}[?2026h") == answers)
      console.type("q")
      #expect(try console.finish().exitCode == 0)
    }
  }
}
