import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What a step that Redis refuses leaves behind: nothing.
@Suite(.threaded) struct StepTests {
  private let server: TestServer
  private let keys = Keys()
  private let script = Script(Transaction.script)
  private let link: Link

  init() throws {
    server = try TestServer()
    link = Link(loop: server.loop, endpoint: server.endpoint) { _ in }
    link.start()
    _ = try server.call("SET", keys.fence, "7")
    let link = link
    try server.wait { link.connection != nil }
  }

  private func run(_ step: Transaction) throws -> (outcome: TransactionOutcome, leftOut: [String]) {
    var answer: (TransactionOutcome, [String])?
    let connection = try #require(link.connection)
    step.run(script, on: connection, fenceKey: keys.fence, fence: 7) { answer = ($0, $1) }
    connection.flush()
    try server.wait { answer != nil }
    return try #require(answer)
  }

  /// A step that changes a key of each type, and tells runtimes.
  private var full: Transaction {
    var step = Transaction()
    step.require("GET", keys.mark("c1"), is: [])
    step.change("SET", keys.mark("c1"), "x", "PX", 60_000)
    step.change("HSET", keys.agent("a"), "state", "paused")
    step.change("ZADD", keys.schedule, 1, "m")
    step.change("SADD", keys.mark("obeyed/c1"), "a")
    step.add(to: keys.audit, Array("line".utf8))
    step.add(to: keys.control, Array("message".utf8))
    step.publish(Array("agentos.control.pause".utf8), Array("message".utf8))
    return step
  }

  private func keyCount() throws -> Int64? { try server.call("DBSIZE").integer }

  @Test func stepThatIsAllowedChangesAll() throws {
    let (outcome, leftOut) = try run(full)
    guard case .done = outcome else { throw OtherOutcome() }
    #expect(leftOut.isEmpty)
    #expect(try keyCount() == 7)
    #expect(try server.call("XLEN", keys.audit) == .integer(1))
  }

  @Test(arguments: ["agent:a", "schedule", "mark:obeyed/c1", "audit", "control"])
  func keyOfAnotherTypeStopsTheStepBeforeItsFirstChange(name: String) throws {
    let key = Array("agentos:\(name)".utf8)
    _ = try server.call("SET", key, "garbage")
    let (outcome, _) = try run(full)
    guard case .failed(let error) = outcome else { throw OtherOutcome() }
    #expect(error.code == "WRONGTYPE" && error.text.contains(String(decoding: key, as: UTF8.self)))
    #expect(try keyCount() == 2)
  }

  @Test(arguments: ["set", "hset", "zadd", "sadd", "pexpire", "xadd"])
  func missingRightStopsTheStepBeforeItsFirstChange(command: String) throws {
    _ = try server.call("ACL", "SETUSER", "default", "-\(command)")
    var step = full
    step.change("PEXPIRE", keys.mark("obeyed/c1"), 60_000)
    let (outcome, _) = try run(step)
    _ = try server.call("ACL", "SETUSER", "default", "+@all")
    guard case .failed(let error) = outcome else { throw OtherOutcome() }
    #expect(error.code == "NOPERM" && error.text.lowercased().contains("(\(command) agentos:"))
    #expect(try keyCount() == 1)
    guard case .done = try run(step).outcome else { throw OtherOutcome() }
  }

  @Test func streamThatIsOutOfIDsLeavesNoEntryInTheOther() throws {
    _ = try server.call("XADD", keys.control, "18446744073709551615-18446744073709551615", "f", "v")
    guard case .failed(let error) = try run(full).outcome else { throw OtherOutcome() }
    #expect(error.text.hasSuffix("(XADD agentos:control)"))
    #expect(try server.call("XLEN", keys.audit) == .integer(0))
    #expect(try server.call("EXISTS", keys.mark("c1"), keys.agent("a"), keys.schedule) == .integer(0))
  }

  @Test func counterOfAnotherTypeIsLeftOut() throws {
    _ = try server.call("SET", keys.tally, "garbage")
    var step = full
    step.attempt("HINCRBY", keys.tally, "rule/act", 1)
    let (outcome, leftOut) = try run(step)
    guard case .done = outcome else { throw OtherOutcome() }
    #expect(leftOut.count == 1 && leftOut[0].hasSuffix("(HINCRBY agentos:mark:rules/tally)"))
    #expect(try server.call("HGET", keys.agent("a"), "state").text == "paused")
  }

  @Test(arguments: ["9223372036854775807", "1e308", "NaN", ""])
  func counterThatCannotRiseIsLeftOut(value: String) throws {
    _ = try server.call("HSET", keys.tally, "rule/act", value)
    var step = full
    step.attempt("HINCRBY", keys.tally, "rule/act", 1)
    guard case (.done, let leftOut) = try run(step) else { throw OtherOutcome() }
    #expect(leftOut.count == 1)
  }

  @Test func refusedChannelIsToldAndAllElseIsDone() throws {
    _ = try server.call("ACL", "SETUSER", "default", "resetchannels")
    let (outcome, leftOut) = try run(full)
    guard case .done = outcome else { throw OtherOutcome() }
    #expect(leftOut.count == 1 && leftOut[0].hasPrefix("NOPERM"))
    #expect(leftOut[0].hasSuffix("(PUBLISH agentos.control.pause)"))
    #expect(try keyCount() == 7)
  }

  @Test func fullServerTakesAllOrNothing() throws {
    try server.configure("maxmemory-policy", "noeviction")
    try server.configure("maxmemory", 1)
    guard case .failed(let error) = try run(full).outcome else { throw OtherOutcome() }
    #expect(error.code == "OOM" && error.isPassing)
    #expect(try keyCount() == 1)
  }
}

private struct OtherOutcome: Error {}
