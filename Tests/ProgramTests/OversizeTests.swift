import Redis
import TestSupport
import TestThreads
import Testing

/// The whole program, and what it takes of memory for what no console should have to hold.
@Suite(.threaded) struct OversizeTests {
  private let server: TestServer

  init() throws { server = try TestServer() }

  /// The most that a process has had resident, in MiB.
  private func peak(_ program: Program) throws -> Int {
    let status = try #require(Program.contents(of: "/proc/\(program.child.pid)/status"))
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
    return (Int(line.filter(\.isNumber)) ?? .max) / 1024
  }

  private func add(bytes: Int, times: Int) throws {
    let script = """
      local value = string.rep(string.rep("x", 1000), \(bytes) / 1000)
      for number = 1, \(times) do redis.call('XADD', 'agentos:events', '*', '__data__', value) end
      """
    let done = try server.start("EVAL", script, 0)
    // Making them takes a slow machine's server longer than a call may.
    try server.loop.wait(seconds: 120) { done() }
  }

  @Test func valueOf300MegabytesAndABurstOfMebibytesArePassed() throws {
    let tail = try Program(["tail"], on: server.endpoint)
    try server.wait { (try? server.call("PUBLISH", "agent.probe", TestServer.event("probe"))) == .integer(1) }
    try add(bytes: 300_000_000, times: 1)
    try add(bytes: 1_048_000, times: 1000)
    let done = try server.start("XADD", "agentos:events", "*", "__data__", TestServer.event("1"))
    try server.loop.wait(seconds: 120) { done() }
    try server.loop.wait(seconds: 120) { tail.outputSoFar.contains(" 1 ") }
    let lines = tail.outputSoFar.split(separator: "\n")
    #expect(lines.filter { $0.contains("unreadable: too long") }.count == 1)
    #expect(lines.filter { $0.contains("unreadable: not JSON") }.count == 1000)
    let mebibytes = try peak(tail)
    #expect(mebibytes < 100)
    // From the beginning of the history too.
    let again = try Program(["tail", "--history", "1h"], on: server.endpoint)
    try server.loop.wait(seconds: 120) { again.outputSoFar.contains(" 1 ") }
    #expect(try peak(again) < 100)
  }
}
