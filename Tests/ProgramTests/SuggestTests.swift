import Configuration
import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

/// `vigia runbook suggest`.
@Suite(.threaded) struct SuggestTests {
  /// Lines of the audit: an alert, a restart by a person a minute later, and its recovery after three minutes more.
  private func lines(_ agent: AgentID, _ number: Int, at start: Instant) -> [AuditLine] {
    let run = "agent.runaway/\(agent)/\(start.milliseconds)"
    var began = AuditLine(
      origin: .run(run), phase: .started, action: AuditLine.wholeAlert, target: agent, operator: "handler/h1",
      at: start)
    began.alert = AlertRecord(id: AlertID(.runaway, agent), severity: .high, since: start, last: start)
    let restart = AuditLine(
      origin: .command(CommandID("c\(number)")), phase: .succeeded, action: "restart", target: agent,
      operator: "alice@bastion", at: start + .minutes(1))
    let ended = AuditLine(
      origin: .run(run), phase: .succeeded, action: AuditLine.wholeAlert, target: agent, operator: "handler/h1",
      detail: "recovered", at: start + .minutes(4))
    return [began, restart, ended]
  }

  private func add(_ lines: [AuditLine], to keys: Keys, on server: TestServer) throws {
    for line in lines { _ = try server.call("XADD", keys.audit, "*", "__data__", AuditCoding.encode(line)) }
  }

  private func rules(_ result: Program.Result) throws -> [String] {
    try RunbookFile.read(Array(result.output.utf8), file: "learnt.toml").rules.map(\.id)
  }

  @Test func whatMostDidIsPrintedAsARunbook() throws {
    let server = try TestServer()
    let start = try server.time() - .hours(3)
    for number in 0..<6 {
      try add(lines("a", number, at: start + .minutes(Int64(number) * 10)), to: Keys(), on: server)
    }
    let result = try Program(["runbook", "suggest", "--since", "12h"], on: server.endpoint).finish()
    #expect(result.status == 0 && result.errors == "", "\(result)")
    #expect(
      result.output == """
        # What operators did when alerts opened, in the last 12h.

        # Alert agent.runaway: restarted 6 of 6 times; healthy again after 3m in 6.
        [[rules]]
        id = "learnt-runaway-restart"
        on = "agent.runaway"
        say = "operators restarted 6 of 6 times"
        throttle = [{ once_within = "15m", per = "agent" }]
        mode = "approve"
        do = [{ action = "restart", when = "agent.state == 'running'" }]

        """)
    #expect(try rules(result) == ["learnt-runaway-restart"])
    // The audit for people tells what was done, and nothing of alerts.
    let audit = try Program(["audit"], on: server.endpoint).finish()
    #expect(audit.output.split(separator: "\n").count == 7 && audit.output.hasSuffix("\n6 done\n"), "\(audit)")
    #expect(!audit.output.contains("runaway"), "\(audit)")
  }

  @Test func nothingToLearnFromIsSaid() throws {
    let server = try TestServer()
    let empty = try Program(["runbook", "suggest"], on: server.endpoint).finish()
    #expect(empty.status == 0 && empty.output.contains("# The audit tells of no alert: set learn = true"), "\(empty)")
    #expect(try rules(empty) == [])
    try add(lines("a", 1, at: try server.time() - .hours(1)), to: Keys(), on: server)
    _ = try server.call("XADD", "agentos:audit", "*", "__data__", "no line")
    let few = try Program(["runbook", "suggest"], on: server.endpoint).finish()
    #expect(few.status == 1 && few.output.contains("# No suggestion: "), "\(few)")
    #expect(few.errors == "vigia: audit: 1 entry could not be read\n")
  }

  @Test func allShardsAreLearntFrom() throws {
    let scene = try DividedScene(isLed: false)
    let start = try scene.server.time() - .hours(3)
    for number in 0..<6 {
      let agent = scene.agents(in: number % 4)[0]
      try add(
        lines(AgentID(agent), number, at: start + .minutes(Int64(number) * 10)), to: scene.keys(of: agent),
        on: scene.server)
    }
    let result = try scene.run("runbook", "suggest")
    #expect(
      result.status == 0 && result.output.contains(": restarted 6 of 6 times; healthy again after 3m in 6."),
      "\(result)")
  }
}
