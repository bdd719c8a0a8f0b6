import FleetModel
import Redis
import Screen
import TestSupport
import TestThreads
import Testing
import Wire

/// `vigia audit`.
@Suite(.threaded) struct AuditTests {
  private let server: TestServer
  private let keys = Keys()

  init() throws { server = try TestServer() }

  private func now() throws -> Instant {
    Instant(milliseconds: try #require(try server.call("TIME").elements?.first?.integer) * 1000)
  }

  /// Adds a line; gives its entry's id.
  @discardableResult
  private func add(
    _ id: String, _ phase: AuditLine.Phase, _ action: String, _ target: AgentID = .none,
    by who: String = "alice@bastion",
    _ detail: String = "", reason: String = "", isRun: Bool = false
  ) throws -> String {
    let line = AuditLine(
      origin: isRun ? .run(id) : .command(CommandID(id)), rule: isRun ? "degraded" : nil, phase: phase, action: action,
      target: target, operator: who, reason: reason, detail: detail, handler: "h1", at: try now())
    return try #require(try server.call("XADD", keys.audit, "*", "__data__", AuditCoding.encode(line)).text)
  }

  private func fill() throws {
    try add("c1", .received, "pause", reason: "too many errors")
    try add("c1", .started, "pause", "a-1")
    try add("c1", .succeeded, "pause", "a-1", "running → paused for 15m", reason: "too many errors")
    try add("c1", .succeeded, "pause", reason: "too many errors")
    try add("c1", .obeyed, "pause", "a-1", "it reports paused")
    try add("c2", .rejected, "resume", by: "bob@ops", "a-9 is not paused")
    let run = "rule/degraded/1795900869175-0/a-2"
    try add(run, .skipped, "rule", "a-2", by: "rule/degraded", "throttled: acted 1m ago", reason: "errors", isRun: true)
    try add(run, .succeeded, "rule", .none, by: "rule/degraded", "2 actions done", isRun: true)
    try add("c3", .succeeded, "automation", by: "bob@ops", "automation dry → on")
  }

  private func run(_ arguments: String...) throws -> Program.Result {
    try Program(["audit"] + arguments, on: server.endpoint).finish()
  }

  /// The lines without their times.
  private func lines(_ result: Program.Result) -> [String] {
    result.output.split(separator: "\n").map { line in
      let isTimed = line.prefix(20).wholeMatch(of: /\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/) != nil
      return isTimed ? String(line.dropFirst(22)) : String(line)
    }
  }

  @Test func printsWhatWasDoneRefusedAndHeldBack() throws {
    try fill()
    let result = try run("--since", "10m")
    #expect(result.status == 0 && result.errors == "")
    #expect(
      lines(result) == [
        "succeeded  pause a-1  alice@bastion  running → paused for 15m  because too many errors",
        "obeyed     pause a-1  alice@bastion  it reports paused",
        "rejected   resume  bob@ops  a-9 is not paused",
        "skipped    rule a-2  rule/degraded  throttled: acted 1m ago  because errors",
        "succeeded  automation  bob@ops  automation dry → on",
        "3 done, 1 refused or failed, 1 held back",
      ])
  }

  @Test func agentIsFoundByItsLinesAndWhatWasRefusedAsAWholeIsPrintedToo() throws {
    try fill()
    #expect(
      lines(try run("--agent", "a-2")) == [
        "rejected   resume  bob@ops  a-9 is not paused",
        "skipped    rule a-2  rule/degraded  throttled: acted 1m ago  because errors",
        "1 refused or failed, 1 held back",
      ])
    #expect(lines(try run("--agent", "a-1", "--agent", "a-2")).count == 5)
  }

  @Test func refusedCommandThatNamesItsAgentsIsFoundByTheseAlone() throws {
    var line = AuditLine(
      origin: .command(CommandID("c1")), phase: .rejected, action: "pause", operator: "bob@ops",
      detail: "a-1 has changed since", handler: "h1", at: try now())
    line.targets = ["a-1", "a-2", "a-3", "a-4"]
    _ = try server.call("XADD", keys.audit, "*", "__data__", AuditCoding.encode(line))
    let printed = "rejected   pause a-1, a-2, a-3 and 1 more  bob@ops  a-1 has changed since"
    #expect(lines(try run("--agent", "a-4")) == [printed, "1 refused or failed"])
    #expect(lines(try run("--agent", "a-9")) == ["nothing was done, refused or held back in the last 1h"])
  }

  @Test(arguments: [("alice@bastion", 3), ("alice", 3), ("bob", 3), ("rule/degraded", 2), ("ali", 1), ("ALICE", 1)])
  func operatorIsMeantWithOrWithoutTheMachine(name: String, count: Int) throws {
    try fill()
    #expect(lines(try run("--operator", name)).count == count)
  }

  @Test func jsonHoldsAllOfALine() throws {
    let entry = try add("c1", .received, "pause", reason: "x")
    try add("c1", .skipped, "pause", "a\u{202E}b", "dry run")
    let rows = try run("--json").output.split(separator: "\n").map { try JSONValue.parse(Array($0.utf8)) }
    #expect(rows.map { $0["outcome"]?.text } == ["under_way", "held_back"])
    #expect(rows[0]["entry"]?.text == entry && rows[0]["command_id"]?.text == "c1" && rows[0]["reason"]?.text == "x")
    #expect(rows[1]["target"]?.text == "a\u{202E}b" && rows[1]["detail"]?["why"]?.text == "dry run")
  }

  @Test func alertOfACommandIsNamed() throws {
    let alert = AlertRecord(id: AlertID(.highTraffic, "a-1"), severity: .high, since: try now(), last: try now())
    let line = AuditLine(
      origin: .command(CommandID("c1")), phase: .succeeded, action: "ack", target: "a-1", operator: "alice@bastion",
      detail: "acknowledged", alert: alert, handler: "h1", at: try now())
    _ = try server.call("XADD", keys.audit, "*", "__data__", AuditCoding.encode(line))
    #expect(lines(try run())[0] == "succeeded  ack agent.high_traffic/a-1  alice@bastion  acknowledged")
  }

  @Test func nothingIsSaid() throws {
    #expect(try run() == .init(0, "nothing was done, refused or held back in the last 1h\n"))
    #expect(try run("--json") == .init(0))
  }

  @Test func whatIsOlderIsLeftOut() throws {
    let old = AuditLine(
      origin: .command(CommandID("c0")), phase: .succeeded, action: "pause", target: "a", at: try now())
    _ = try server.call("XADD", keys.audit, "1000-0", "__data__", AuditCoding.encode(old))
    try add("c1", .failed, "restart", "a", "no answer")
    #expect(lines(try run("--since", "1m")).count == 2)
    #expect(lines(try run("--since", "36500d")).count == 3)
  }

  @Test func trimmedBeginningIsTold() throws {
    for number in 1...5 { try add("c\(number)", .failed, "restart", "a", "no answer") }
    _ = try server.call("XTRIM", keys.audit, "MAXLEN", "=", "2")
    let result = try run("--since", "1h")
    #expect(result.status == 0 && lines(result).count == 3)
    #expect(
      result.errors.hasPrefix("vigia: the audit begins at ") && result.errors.hasSuffix("what is older was trimmed\n"))
  }

  @Test func longAuditIsReadInSlices() throws {
    let line = AuditCoding.encode(
      AuditLine(
        origin: .command(CommandID("c")), phase: .failed, action: "restart", target: "a", operator: "alice@bastion",
        detail: String(repeating: "x", count: 500), handler: "h1", at: try now()))
    _ = try server.call(
      "EVAL", "for i = 1, 20000 do redis.call('XADD', KEYS[1], '*', '__data__', ARGV[1]) end", 1, keys.audit, line)
    let calls = try server.callCount(of: "xrange")
    let result = try run("--operator", "nobody")
    #expect(result == .init(0, "nothing was done, refused or held back in the last 1h\n"))
    #expect(try server.callCount(of: "xrange") - calls >= 10)
    #expect(lines(try run()).last == "20000 refused or failed")
  }

  @Test func whatCannotBeReadIsCountedAndNamed() throws {
    let entry = try #require(try server.call("XADD", keys.audit, "*", "__data__", "{}").text)
    _ = try server.call("XADD", keys.audit, "*", "x", "y")
    try add("c1", .failed, "restart", "a", "no answer")
    let result = try run()
    #expect(result.status == 1 && lines(result).count == 2)
    #expect(result.errors.hasPrefix("vigia: audit: 2 entries could not be read, the first \(entry): "))
  }

  @Test func hostileTextIsHarmless() throws {
    let evil = "\u{1B}]0;x\u{7}\u{1B}[2J\r\n\u{9B}31m\u{202E}"
    try add(evil, .failed, evil, AgentID(evil), by: evil, evil, reason: evil)
    for arguments in [["audit"], ["audit", "--json"]] {
      let result = try Program(arguments, on: server.endpoint).finish()
      #expect(result.output.unicodeScalars.allSatisfy { $0 == "\n" || Scrubber.fate(of: $0) == .keep })
      #expect(result.output.split(separator: "\n").count == (arguments.count == 1 ? 2 : 1))
    }
  }

  @Test func failuresHaveTheirCodes() throws {
    _ = try server.call("SET", keys.audit, "text")
    let wrong = try run()
    #expect(wrong.status == 1 && wrong.errors.contains("Redis refuses: WRONGTYPE"))
    #expect(try run("--since", "soon").status == 64)
    #expect(try run("--agent", String(repeating: "x", count: 600)).status == 64)
    let gone = try Program(["audit"], environment: ["VIGIA_REDIS": "redis://127.0.0.1:1"]).finish()
    #expect(gone.status == 4)
  }
}
