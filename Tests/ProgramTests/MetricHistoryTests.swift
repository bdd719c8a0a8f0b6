import FleetModel
import Insight
import Redis
import Screen
import TestSupport
import TestThreads
import Testing
import Wire

@testable import vigia

/// `vigia history`, from what handlers store.
@Suite(.threaded) struct MetricHistoryTests {
  private let server: TestServer
  private let keys = Keys()

  init() throws { server = try TestServer() }

  private func now() throws -> Instant { try server.time() }

  private func store(_ agent: AgentID, _ metric: FleetModel.Metric, _ values: [Double?]) throws {
    try server.store(values, of: agent, metric)
  }

  private func tell(_ agent: AgentID, _ changes: [AgentInsight.Change]) throws {
    var insight = AgentInsight(at: try now())
    insight.changes = changes
    _ = try server.call("HSET", keys.insight, agent.bytes, InsightCoding.encode(insight))
  }

  private func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Program.Result {
    try Program(["history"] + arguments, on: server.endpoint, environment: environment).finish()
  }

  @Test func chartHasNumbersTimesAndLevel() throws {
    try store("a-1", .queueSize, (0..<120).map { min(400, Double($0) * 4) })
    let result = try run("a-1", "--since", "2h", environment: ["LANG": "C.UTF-8"])
    #expect(result.status == 0 && result.errors == "")
    let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(lines[0].hasPrefix("a-1  "))
    #expect(lines[2].hasPrefix("queue_size  last 400"))
    #expect(lines[2].hasSuffix(" to 800, level 100"))
    #expect(lines[3].hasPrefix("    400 │") && lines[8].hasPrefix("      0 │"))
    #expect(lines.contains { $0.hasPrefix("    100 │─") })
    #expect(lines[9].contains(":00Z") || lines[9].contains(":30Z"))
    #expect(lines.allSatisfy { TextWidth.fits($0, columns: 80) })
    #expect(result.output.unicodeScalars.contains { (0x2801...0x28FF).contains($0.value) })
    #expect(!result.output.contains("\u{1B}"))
  }

  @Test func withoutUTF8ItIsASCII() throws {
    try store("a-1", .queueSize, (0..<60).map { Double($0) * 4 })
    for environment in [["LC_ALL": "C"], ["LC_ALL": "C", "COLUMNS": "200"]] {
      let result = try run("a-1", environment: environment)
      #expect(result.status == 0 && result.output.utf8.allSatisfy { $0 < 0x80 })
      #expect(result.output.contains("queue_size  last 236"))
    }
    #expect(try run("a-1", "--ascii", environment: ["LANG": "C.UTF-8"]).output.utf8.allSatisfy { $0 < 0x80 })
  }

  @Test func widthIsThatOfTheTerminal() throws {
    try store("a-1", .queueSize, (0..<300).map { Double($0 % 17) })
    for columns in [80, 200] {
      let result = try run("a-1", environment: ["LANG": "C.UTF-8", "COLUMNS": "\(columns)"])
      let widths = result.output.split(separator: "\n").map { TextWidth.columns(String($0)) }
      #expect(widths.allSatisfy { $0 <= columns } && widths.contains { $0 > columns - 10 })
    }
  }

  @Test func colourIsForTerminalsThatWantIt() throws {
    try store("a-1", .errorRate, (0..<60).map { _ in 0.4 })
    func shown(_ environment: [String: String]) throws -> String {
      let program = try PtyProgram(
        ["history", "a-1"], on: server.endpoint, rows: 40, columns: 100, environment: environment)
      #expect(try program.finish().exitCode == 0)
      return program.text
    }
    #expect(try shown(["TERM": "xterm-256color"]).contains("\u{1B}[0;31m"))
    #expect(try !shown(["TERM": "xterm-256color", "NO_COLOR": "1"]).contains("\u{1B}"))
    #expect(try !shown(["TERM": "dumb"]).contains("\u{1B}"))
  }

  @Test func whatWasNotReportedStaysEmptyAndIsSaid() throws {
    try store("a-1", .queueSize, [5, 5, 5] + Array(repeating: nil, count: 40) + [5, 5])
    let output = try run("a-1", "--since", "60m").output
    #expect(output.contains(", gaps 5"))
    try store("a-2", .queueSize, [5, 5, 5] + Array(repeating: nil, count: 40))
    #expect(try run("a-2", "--since", "60m").output.contains(/last 5 4[01]m ago/))
  }

  @Test func changesAreMarkedAndListed() throws {
    try store("a-1", .queueSize, (0..<60).map { Double($0) })
    try tell(
      "a-1",
      [
        .init(kind: "version", detail: "2.1.0 \u{1B}[2J", at: try now() - .minutes(30)),
        .init(kind: "llm_model", detail: "old", at: try now() - .hours(9)),
      ])
    let lines = try run("a-1", "--since", "1h").output.split(separator: "\n")
    #expect(lines.suffix(2).first == "changes")
    #expect(lines.last?.hasPrefix("  a  20") == true && lines.last?.hasSuffix("Z  version 2.1.0 ^[[2J") == true)
    #expect(lines.contains { $0.allSatisfy { $0 == " " || $0 == "a" } })
  }

  @Test func jsonHasTheNumbersWithTheirUnits() throws {
    try store("a-1", .errorRate, [0.25, nil, 0.5])
    try store("a-1", .queueSize, [7])
    try tell("a-1", [.init(kind: "version", detail: "2", at: try now() - .minutes(2))])
    let json = try JSONValue.parse(Array(try run("a-1", "--json", "--metric", "error_rate").output.utf8))
    #expect(json["agent"]?.text == "a-1" && json["metrics"]?.list?.count == 1)
    let metric = try #require(json["metrics"]?.list?.first)
    #expect(metric["metric"]?.text == "error_rate" && metric["unit"]?.text == "fraction")
    #expect(metric["level"]?.double == 0.05)
    let rollups = try #require(metric["rollups"]?.list)
    #expect(rollups.map { $0["mean"]?.double } == [0.25, 0.5])
    #expect(rollups[0]["count"]?.int == 20 && rollups[0]["seconds"]?.int == 60)
    #expect(rollups[0]["min"]?.double == 0.125 && rollups[0]["max"]?.double == 0.5)
    #expect(json["changes"]?.list?.first?["detail"]?.text == "2")
  }

  @Test func levelsAreThoseOfTheHandlerAndOfTheAgent() throws {
    let levels = LevelTable([
      LevelTable.Entry(role: Glob("sales*"), levels: [.queueSize: .init(medium: 7, high: 8, critical: 9)], line: 4)
    ])
    let depth = OpenMetric("search_depth", levels: .init(medium: 3, high: 4, critical: 5))
    let settings = LevelSettings(metrics: MetricTable(declaring: [depth]), levels: levels)
    _ = try server.call("SET", keys.levels, LevelsCoding.encode(settings))
    let profile = #"{"entity_id":"a-1","event_type":"agent.updated","data":{"role":"sales-emea"}}"#
    _ = try server.call("HSET", keys.profiles, "a-1", profile)
    try store("a-1", .queueSize, [6, 7])
    try store("b-1", .queueSize, [6, 7])
    #expect(try run("a-1").output.contains("level 7"))
    #expect(try run("b-1").output.contains("level 100"))
    #expect(try run("a-1", "--metric", "search_depth").errors.hasPrefix("vigia: search_depth: a-1 reported none"))
    let printed = try Program(["levels", "a-1"], on: server.endpoint).finish()
    #expect(printed.output.contains("the handler's settings:4") && printed.status == 0)
    _ = try server.call("SET", keys.levels, #"{"levels":[{"of":{"queue_size":[9,8,7]}}]}"#)
    let hostile = try run("a-1")
    #expect(hostile.status == 1 && hostile.output.contains("level 100"))
    #expect(hostile.errors.contains("levels: those of the handler are not understood; the usual ones are taken"))
  }

  @Test func metricsAreChosenByName() throws {
    try store("a-1", .queueSize, [7])
    try store("a-1", .responseTime, [700])
    let one = try run("a-1", "--metric", "response_time_avg")
    #expect(one.output.contains("response_time  last 700ms") && !one.output.contains("queue_size"))
    let none = try run("a-1", "--metric", "error_rate")
    #expect(none.status == 1)
    #expect(
      none.errors == "vigia: error_rate: a-1 reported none in the last 6h; it reported response_time, queue_size\n")
    let wrong = try run("a-1", "--metric", "queue_sise")
    #expect(wrong.status == 64)
    #expect(wrong.errors.hasPrefix("vigia: there is no metric \"queue_sise\"; did you mean queue_size? there are "))
    let long = try run("a-1", "--since", "3d")
    #expect(long.errors.hasPrefix("Error: --since 3d: history is kept for 24 hours"))
  }

  @Test func unknownAgentIsNamedWithThoseThatAreNear() throws {
    for id in ["sales-br-01", "sales-br-02", "support-jp"] {
      _ = try server.call(
        "HSET", keys.profiles, id, AgentProfileCoding.encode(AgentProfile(id: AgentID(id), at: .epoch)))
    }
    let result = try run("sales-br-1")
    #expect(result.status == 1 && result.output == "")
    #expect(
      result.errors
        == "vigia: sales-br-1: no agent has this id; did you mean sales-br-01 or sales-br-02? vigia status lists all "
        + "agents\n")
  }

  @Test func agentWithoutHistoryIsToldWhoWritesItAndWhen() throws {
    _ = try server.call(
      "HSET", keys.profiles, "a-1", AgentProfileCoding.encode(AgentProfile(id: "a-1", at: .epoch)))
    let words =
      "no history of the last 6h; the active handler stores it at the end of each minute in which an agent reports, and "
    #expect(try run("a-1").errors == "vigia: a-1: \(words)no handler is alive\n")
    let lease = Lease(id: "h1", fence: 1, isRecording: true, patterns: [], since: try now(), protocolVersion: 1)
    _ = try server.call("SET", keys.lease, LeaseCoding.encode(lease))
    #expect(try run("a-1").errors == "vigia: a-1: \(words)handler h1 is alive\n")
  }

  @Test(arguments: ["a{b}", "a\nb\u{1B}[2J", "ü東", "a:486111", "-x"])
  func anyAgentsHistoryIsReadByItsBytes(_ id: String) throws {
    try store(AgentID(id), .queueSize, [7, 8])
    let result = try Program(["history", "--", id], on: server.endpoint).finish()
    #expect(result.status == 0 && result.output.contains("queue_size  last 8"))
    #expect(result.output.unicodeScalars.allSatisfy { $0 == "\n" || Scrubber.fate(of: $0) == .keep })
  }

  @Test func valuesThatAreNoHistoryAreNamedAndTheRestIsShown() throws {
    try store("a-1", .queueSize, [7, 8])
    let hour = try #require(RollupHour.hour(of: try now() - .hours(3)))
    let bad: [[UInt8]] = [[], [0x56], Array(repeating: 0xFF, count: 100_000), Array("hello\u{1B}[2J".utf8)]
    for (back, value) in bad.enumerated() {
      _ = try server.call("SET", keys.rollup("a-1", hour: hour - UInt32(back)), value)
    }
    _ = try server.call("LPUSH", keys.rollup("a-1", hour: hour + 1), "x")
    _ = try server.call("SET", keys.insight, "x")
    let result = try run("a-1", "--since", "20h")
    #expect(result.status == 1 && result.output.contains("queue_size  last 8"))
    let lines = result.errors.split(separator: "\n")
    #expect(lines.count == 6)
    #expect(lines.count { $0.contains("it is no stored hour") } == 4)
    #expect(lines.count { $0.contains("Redis refuses") } == 2)
    #expect(!result.errors.contains("\u{1B}"))
  }
}

@Suite struct NearestTests {
  @Test func nearestNamesAreThoseWithFewOtherLettersOrThatHoldIt() {
    let names = ["sales-br-01", "sales-br-02", "support-jp", "billing"]
    #expect(Nearest.find("sales-br-1", among: names) == ["sales-br-01", "sales-br-02"])
    #expect(Nearest.find("Billing", among: names) == ["billing"])
    #expect(Nearest.find("jp", among: names) == [])
    #expect(Nearest.find("support", among: names) == ["support-jp"])
    #expect(Nearest.find("", among: names) == [])
    #expect(Nearest.words("sales-br-1", among: names) == "sales-br-01 or sales-br-02")
    #expect(Nearest.words("zzz", among: names) == nil)
  }

  @Test func longNamesAreComparedByTheirBeginnings() {
    let long = String(repeating: "x", count: 100_000)
    #expect(Nearest.find(long, among: [long + "y", "z"]) == [long + "y"])
  }
}
