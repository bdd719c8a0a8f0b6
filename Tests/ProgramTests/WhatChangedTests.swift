import FleetModel
import Screen
import TestSupport
import TestThreads
import Testing
import Wire

@testable import vigia

/// `vigia what-changed`.
@Suite(.threaded) struct WhatChangedTests {
  private let server: TestServer
  private let keys = Keys()

  init() throws { server = try TestServer() }

  private func run(_ arguments: String...) throws -> Program.Result {
    try Program(["what-changed"] + arguments, on: server.endpoint).finish()
  }

  /// An hour in which the errors of two of three agents rose ten minutes ago, after they had a new version.
  private func fill() throws {
    for number in 1...3 {
      let agent = AgentID("a-\(number)")
      try server.know(agent)
      try server.store((0..<60).map { $0 >= 50 && number < 3 ? 0.3 * Double(number) : 0.01 }, of: agent, .errorRate)
      try server.store((0..<60).map { 100 + Double($0 % 5) }, of: agent, .responseTime)
    }
    for number in 1...2 {
      var insight = AgentInsight(at: try server.time())
      insight.changes = [
        .init(kind: "llm_model", detail: "new\u{1B}[2J", at: try server.time() - .seconds(330)),
        .init(kind: "version", detail: "old", at: try server.time() - .hours(1)),
      ]
      _ = try server.call("HSET", keys.insight, "a-\(number)", InsightCoding.encode(insight))
    }
  }

  @Test func metricsAndAgentsThatDifferMostAreRankedAndChangesNamed() throws {
    try fill()
    let result = try run("--from", "9m")
    #expect(result.status == 0 && result.errors == "")
    let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(lines[0].hasSuffix("Z beside the 9m before it, 3 agents"))
    #expect(lines[2...3] == ["metrics", "  error_rate  rose on 2 of 3 agents"])
    #expect(lines[5] == "agents")
    #expect(lines[6].hasPrefix("  a-2  error_rate  1.0% → 60%  up "))
    #expect(lines[7].hasPrefix("  a-1  error_rate  1.0% → 30%  up "))
    #expect(lines[9] == "changes in the span")
    #expect(lines[10...].contains { $0.contains("llm model new^[[2J  a-1") })
    #expect(!result.output.contains("version old"))
  }

  @Test func jsonHasTheSame() throws {
    try fill()
    let json = try JSONValue.parse(Array(try run("--from", "9m", "--json").output.utf8))
    #expect(json["agents"]?.int == 3 && json["metrics"]?.list?.first?["rose"]?.int == 2)
    let greatest = try #require(json["greatest"]?.list)
    #expect(greatest.map { $0["agent"]?.text } == ["a-2", "a-1"])
    #expect(greatest[0]["unit"]?.text == "fraction" && greatest[0]["spreads"]?.double ?? 0 > 40)
    #expect(Set((json["changes"]?.list ?? []).flatMap { $0["agents"]?.list ?? [] }.map { $0.text }) == ["a-1", "a-2"])
  }

  @Test func theConsoleRanksTheSameInAMarkedSpan() throws {
    try fill()
    for number in 1...3 {
      let event = #"{"entity_id":"a-\#(number)","event_type":"metrics","data":{"error_rate":0.01}}"#
      _ = try server.call("XADD", keys.events, "*", "__data__", event)
    }
    let console = try TmuxConsole("", on: server.endpoint, columns: 80, rows: 24)
    try console.wait(for: "a-3")
    try console.press("Enter")
    try console.wait(for: "v span")
    // History comes a moment after the agent is open: without it there is nothing to mark.
    try console.wait { screen in
      try? console.press("v")
      return screen.contains { $0.contains("Enter compare") }
    }
    try console.press("Escape")
    try console.wait(for: "v span")
    try console.press("v")
    try console.wait(for: "30m  Left Right move")
    try console.press(">")
    try console.wait(for: "15m  Left Right move")
    for _ in 0..<6 { try console.press("Right") }
    try console.wait(for: "9m  Left Right move")
    try console.press("Enter")
    try console.wait(for: "error_rate  rose on 2 of 3 agents")
    let screen = try console.screen()
    #expect(screen.contains { $0.contains("a-2  error_rate  1.0% → 60%  up ") })
    #expect(screen.contains { $0.contains("llm model new^[[2J  a-1") })
  }

  @Test func spanInWhichNothingDiffersSaysSo() throws {
    try fill()
    let output = try run("--from", "40m", "--to", "20m").output
    #expect(output.contains("no metric of any agent differs by three of its usual spreads or more"))
    #expect(output.contains("no change of an agent is known in the span"))
  }

  @Test(arguments: [
    (["--from", "2m"], "must be at least 4m"), (["--from", "1m", "--to", "9m"], "must be at least 4m"),
    (["--from", "20h"], "must lie in the last 24 hours"), (["--from", "1970-01-01"], "must lie in the last 24 hours"),
    (["--from", "99999999d"], "must lie in the last 24 hours"), (["--from", "9999-01-01"], "must be at least 4m"),
  ])
  func spanThatCannotBeComparedIsRefused(_ arguments: [String], _ words: String) throws {
    let result = try Program(["what-changed"] + arguments, on: server.endpoint).finish()
    #expect(result.status == 1 && result.output == "" && result.errors.contains(words))
  }

  @Test func withoutHistoryItSaysWhoStoresIt() throws {
    try server.know("a-1")
    #expect(
      try run("--from", "10m").errors
        == "vigia: what-changed: no history of that span and the one before it; the active handler stores it at the end "
        + "of each minute, and no handler is alive\n")
  }

  @Test func hostileValuesAreCountedAndTheRestIsCompared() throws {
    try fill()
    let hour = try server.time().milliseconds / 3_600_000
    for (number, id) in ["x{y}", "x\ny\u{1B}[2J", "z"].enumerated() {
      try server.know(AgentID(id))
      for back in 0...2 {
        let key = keys.rollup(AgentID(id), hour: UInt32(hour - Int64(back)))
        if number == 2 { _ = try server.call("LPUSH", key, "x") } else { _ = try server.call("SET", key, "rubbish") }
      }
      _ = try server.call("HSET", keys.insight, id, "rubbish")
    }
    let result = try run("--from", "9m")
    #expect(result.status == 1 && result.output.contains("error_rate  rose on 2 of 3 agents"))
    #expect(result.errors.contains("stored hours could not be read"))
    _ = try server.call("SET", keys.insightChanged, "x")
    #expect(try run("--from", "9m").errors.hasPrefix("vigia: Redis refuses: WRONGTYPE"))
  }
}

@Suite struct TimePointTests {
  private static let now = Instant(milliseconds: 1_795_334_400_000)  // 2026-11-22T08:00:00Z

  @Test(arguments: [
    ("90m", "2026-11-22T06:30:00.000Z"), ("07:15", "2026-11-22T07:15:00.000Z"), ("08:00Z", "2026-11-22T08:00:00.000Z"),
    ("08:01", "2026-11-21T08:01:00.000Z"), ("23:59:59Z", "2026-11-21T23:59:59.000Z"),
    ("2026-11-22T07:00Z", "2026-11-22T07:00:00.000Z"), ("2026-11-20", "2026-11-20T00:00:00.000Z"),
  ])
  func timesAreReadAsPeopleWriteThem(_ text: String, _ expected: String) {
    #expect(TimePoint(text).map { ISO8601.format($0.instant(at: Self.now)) } == expected)
  }

  @Test(arguments: ["", "now", "25:00", "8", "-5m", "08:00+23:00", "T08:00", "08:00 08:00"]) func othersAreNone(
    text: String
  ) {
    #expect(TimePoint(text) == nil)
  }
}
