import Glibc
import TestSupport
import Testing

/// `vigia runbook`, as it is typed.
@Suite struct RunbookTests {
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
    #expect(checked.status == 0 && checked.output.hasSuffix("ok: 10 rules\n"))
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
        2026-11-22T08:00:00.000Z  a1  high-traffic  act: data.queue_size is 500, >= 50 → scale a1 by=+1, \
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
        && lines[1].hasPrefix("  high-traffic  skipped a1: dry_run: would scale a1 by=+1, notify text=a1: 10 messages"))
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
}
