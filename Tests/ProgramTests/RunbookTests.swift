import FleetModel
import Glibc
import TestSupport
import TestThreads
import Testing
import Wire

/// `vigia runbook`, as it is typed.
@Suite(.threaded) struct RunbookTests {
  private func file(_ text: String) throws -> String {
    var template = Array("/tmp/vigia-runbook-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    _ = text.withCString { write(descriptor, $0, strlen($0)) }
    close(descriptor)
    return String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  @Test func whatShowPrintsIsARunbook() throws {
    let shown = try Program.run("runbook", "show")
    let path = try file(shown.output)
    defer { unlink(path) }
    let checked = try Program.run("runbook", "check", path)
    #expect(checked.status == 0 && checked.output.hasSuffix("ok: 17 rules\n"))
  }

  @Test func wrongRunbookIsNamedWithLineKeyAndWhatWasExpected() throws {
    let path = try file("[[rules]]\nid = \"a\"\non = 3\n")
    defer { unlink(path) }
    let checked = try Program.run("runbook", "check", path)
    #expect(checked.status == 1 && checked.output.isEmpty)
    #expect(
      checked.errors == "vigia: \(path):3: rules[0].on: is the number 3; expected a type of event such as "
        + "\"agent.high_traffic\", or a list of them\n")
  }

  @Test func recordingIsTriedWithoutAServer() throws {
    let event = #"{"event_type":"agent.high_traffic","entity_id":"a1","received":"2026-11-22T08:00:00.000Z","data":"#
    let path = try file(event + #"{"queue_size":500}}"# + "\nnonsense\n" + event + #"{"queue_size":1}}"# + "\n")
    defer { unlink(path) }
    let tried = try Program.run("runbook", "test", "built-in", "--events", path)
    #expect(
      tried.output == """
        2026-11-22T08:00:00.000Z  a1  high-traffic  act: queue 500 (at least 50 asked) → scale a1 by=+1, \
        notify text=a1: unknown messages a minute, 500 waiting. to=operations
        3 events, 1 of them unreadable; 1 times a rule did not match

        """)
  }

  @Test func eventIsExplainedByTheAuditAndByItself() throws {
    let server = try TestServer()
    let handler = try Program(["--id", "h1"], on: server.endpoint, name: "vigia-handler")
    defer { handler.child.end(SIGTERM) }
    try server.wait { (try? server.call("EXISTS", "agentos:handler")) == .integer(1) }
    let id =
      try server.call(
        "XADD", "agentos:events", "*", "__data__",
        #"{"entity_id":"a1","event_type":"agent.high_traffic","data":{"queue_size":500,"messages_per_minute":10}}"#
      ).text ?? ""
    try server.wait { (try? server.call("XLEN", "agentos:audit")) == .integer(1) }
    let explained = try Program.run("runbook", "explain", id, on: server.endpoint)
    #expect(explained.status == 0)
    let lines = explained.output.split(separator: "\n").map { $0.drop { $0 != " " } }
    #expect(
      lines[0] == "  agent.high_traffic  a1"
        && lines[1].hasPrefix("  high-traffic  skipped a1: dry_run: would scale a1 by +1 and tell operations"))
    #expect(explained.output.contains("of the event alone:"))
    try server.wait { (try? server.call("HLEN", "agentos:mark:rules/tally")) == .integer(1) }
    let tally = try Program.run("runbook", "tally", on: server.endpoint)
    #expect(tally.output == "rule          dry run\nhigh-traffic        1\n")
    let json = try Program.run("runbook", "tally", "--json", on: server.endpoint)
    #expect(json.output == "{\"high-traffic\":{\"dry_run\":1}}\n")
    let unknown = try Program.run("runbook", "explain", "1-1", on: server.endpoint)
    #expect(
      unknown.status == 1 && unknown.errors == "vigia: 1-1: no such event: it was trimmed, or came by another stream\n")
  }

  /// Handlers say why they did nothing once in 15 minutes, and while automation is off never.
  @Test func silenceOfTheAuditIsNotTakenForAConditionThatDidNotHold() throws {
    let server = try TestServer()
    let minute: Int64 = 60_000
    let now: Int64 = 1_795_334_137_846
    func hold(_ minutesBefore: Int64, _ rule: String, _ agent: AgentID, _ detail: String) throws {
      let at = now - minutesBefore * minute
      let line = AuditLine(
        origin: .run("rule/\(rule)/\(at)-0/\(agent)"), rule: rule, phase: .skipped, action: "rule", target: agent,
        reason: "queue_size is 500", detail: detail, at: Instant(milliseconds: at))
      _ = try server.call("XADD", "agentos:audit", "\(at)-0", "__data__", AuditCoding.encode(line))
    }
    try hold(16, "degraded", "a1", "throttled: too old to matter")
    try hold(14, "high-traffic", "a1", "throttled: not the last")
    try hold(12, "high-traffic", "a2", "throttled: of another agent")
    try hold(10, "high-traffic", "a1", "throttled: acted 3m ago, once in 15m")
    try hold(9, "high-traffic", "a1", "dry_run: said each time")
    let event = #"{"entity_id":"AGENT","event_type":"agent.high_traffic","data":{"queue_size":500}}"#
    for (sequence, agent) in ["a1", "a3"].enumerated() {
      _ = try server.call(
        "XADD", "agentos:events", "\(now)-\(sequence)", "__data__", event.replacing("AGENT", with: agent))
    }
    let silence =
      "the audit says nothing of it: no condition held, or too seldom; automation or the rule was off; or the same was "
      + "said of an earlier event within 15 minutes"
    let explained = try Program.run("runbook", "explain", "\(now)-0", on: server.endpoint)
    let lines = explained.output.split(separator: "\n").map(String.init)
    #expect(lines.count > 3 && lines[1] == silence && lines[3] == "of the event alone:")
    #expect(
      lines[2]
        == "2026-11-22T07:45:37.846Z  high-traffic  skipped a1: throttled: acted 3m ago, once in 15m (of "
        + "\(now - 10 * minute)-0; the same is not said again for 15 minutes)")
    let other = try Program.run("runbook", "explain", "\(now)-1", on: server.endpoint)
    let rest = other.output.split(separator: "\n").map(String.init)
    #expect(rest.count > 2 && rest[1] == silence && rest[2] == "of the event alone:")
    // What is said of the event itself needs no earlier one.
    try hold(0, "high-traffic", "a1", "limited: 3 times within 1h")
    let own = try Program.run("runbook", "explain", "\(now)-0", on: server.endpoint)
    #expect(own.output.contains("skipped a1: limited: 3 times") && !own.output.contains("throttled"))
    #expect(!own.output.contains("the audit says nothing"))
  }
}
