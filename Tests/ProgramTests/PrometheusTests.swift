import FleetModel
import Glibc
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import vigia

/// The built handler on a free port, and what Debian's Prometheus makes of its page.
@Suite(.threaded) struct MetricsPageTests {
  private let server: TestServer
  private let folder: TemporaryFolder

  init() throws {
    (server, folder) = (try TestServer(), try TemporaryFolder())
  }

  private func start(_ arguments: String..., id: String = "h1") throws -> Program {
    let settings = try folder.write(
      "[[queues]]\nstream = 'or\"ders'\n[[queues]]\nstream = 'gone'\n", to: "settings.toml")
    let all = arguments.contains("--config") ? arguments : ["--config", settings] + arguments
    return try Program(["--id", id, "--runbook", "/dev/null"] + all, on: server.endpoint, name: "vigia-handler")
  }

  /// The port at which a handler says that it serves.
  private func port(of program: Program) throws -> UInt16 {
    let mark = "serving metrics at=http://127.0.0.1:"
    try server.wait { program.errorsSoFar.contains(mark) }
    let digits = try #require(program.errorsSoFar.components(after: mark).first?.prefix { $0.isNumber })
    return try #require(UInt16(digits))
  }

  private func get(_ path: String, _ port: UInt16, headers: String = "") throws -> RawClient {
    try RawClient.get(path, port: port, headers: headers, on: server.loop)
  }

  private func text(_ port: UInt16, _ query: String = "") throws -> String {
    String(decoding: try get("/metrics\(query)", port).body, as: UTF8.self)
  }

  /// Gives the handler something of all that there is to tell of.
  private func liven(_ port: UInt16) throws {
    for agent in ["a-1", "a\"2\\\n", "ö"] {
      let event: JSONValue = [
        "entity_id": .string(Array(agent.utf8)), "event_type": "agent.metrics",
        "data": [
          "error_rate": 0.3, "response_time": 1234, "messages_per_minute": 90, "queue_size": 7, "tokens_in": 5,
          "cost_per_hour": 0.25, "time_to_first_token": 250, "tokens_per_minute": 1000,
        ],
      ]
      _ = try server.call("XADD", "agentos:events", "*", Keys.dataField, event.encoded)
    }
    _ = try server.call("XADD", "agentos:commands", "*", Keys.dataField, "{nonsense")
    for _ in 0..<2 { _ = try server.call("XADD", "or\"ders", "*", "order", "1") }
    _ = try server.call("XGROUP", "CREATE", "or\"ders", "workers", "0")
    _ = try server.call("XREADGROUP", "GROUP", "workers", "w1", "COUNT", "1", "STREAMS", "or\"ders", ">")
    #expect(try Program.run("send", "pause", "a-1", "--arg", "for=5m", on: server.endpoint).status == 0)
    try server.wait {
      (try? text(port))?.contains("vigia_agents{state=\"running\"} 2\n") == true
        && (try? text(port))?.contains("vigia_stream_lag_seconds{stream=\"events\"}") == true
        && (try? text(port))?.contains("vigia_queue_last_read_seconds{") == true
    }
  }

  @Test func pagesAreServedByTheProgram() throws {
    let program = try start("--metrics", "127.0.0.1:0")
    let port = try port(of: program)
    try server.wait { (try? get("/readyz", port).body.elementsEqual("leader, with fence 1\n".utf8)) == true }
    #expect(try get("/healthz", port).body.elementsEqual("alive\n".utf8))
    #expect(try get("/nothing", port).text.hasPrefix("HTTP/1.1 404 "))
    #expect(try text(port).contains("vigia_build_info{version=\"\(ProgramVersion.text)\"} 1\n"))
    // Who reads nothing and who sends nothing hold up no command.
    let idle = try (0..<3).map { _ in try RawClient(port: port) }
    for client in idle { client.send("GET /metr") }
    #expect(try Program.run("send", "pause", "a", "--arg", "for=5m", on: server.endpoint).status == 0)
    program.child.signal(SIGTERM)
    #expect(program.finish().status == 0)
  }

  @Test(.enabled(if: Prometheus.isInstalled, "\(Prometheus.missing)"))
  func promtoolFindsNothingWrong() throws {
    let program = try start("--metrics", "127.0.0.1:0")
    let port = try port(of: program)
    try liven(port)
    try folder.write(try text(port, "?format=text"), to: "page")
    let found = try Prometheus.tool(["check", "metrics"], in: folder, input: "page")
    #expect(found.status == 0 && found.text == "", "\(found.text)")
  }

  @Test(.enabled(if: Prometheus.isInstalled, "\(Prometheus.missing)"))
  func prometheusScrapesBothFormatsFromLeaderAndStandby() throws {
    let program = try start("--metrics", "127.0.0.1:0")
    let port = try port(of: program)
    try liven(port)
    let standby = try start("--metrics", "127.0.0.1:0", id: "h2")
    let other = try self.port(of: standby)
    let job = """
        static_configs: [{targets: ["127.0.0.1:\(port)", "127.0.0.1:\(other)"]}]

      """
    let prometheus = try Prometheus(
      scrapes: "  - job_name: text\n    params: {format: [text]}\n  \(job)"
        + "  - job_name: open\n    params: {format: [openmetrics]}\n  \(job)" + "  - job_name: own\n  \(job)")
    for name in ["text", "open", "own"] {
      let query = "query?query=sum(up%7Bjob%3D%22\(name)%22%7D)"
      try server.wait { (try? prometheus.ask(query, on: server.loop))?.contains("\"2\"]") == true }
      let error = "query?query=vigia_agent_error_ratio%7Bjob%3D%22\(name)%22%7D"
      try server.wait {
        let text = (try? prometheus.ask(error, on: server.loop)) ?? ""
        return ["a-1", "a\\\"2\\\\\\n", "ö"].allSatisfy { text.contains("\"agent\":\"\($0)\"") }
      }
      let lead = try prometheus.ask("query?query=sum(vigia_leader%7Bjob%3D%22\(name)%22%7D)", on: server.loop)
      #expect(lead.contains("\"1\"]"), "\(lead)")
    }
    let targets = try prometheus.ask("targets?state=active", on: server.loop)
    #expect(!targets.contains("\"health\":\"down\""), "\(targets)")
    let types = try prometheus.ask("metadata?metric=vigia_command_duration_seconds", on: server.loop)
    #expect(types.contains("histogram"), "\(types)")
    #expect(prometheus.log == "")
  }

  /// The manual's tables name every family that is served, and no other.
  @Test func manualNamesEveryMetric() throws {
    let program = try start("--metrics", "127.0.0.1:0")
    let port = try port(of: program)
    try liven(port)
    let lines = try text(port).split(separator: "\n")
    let helps = Dictionary(
      uniqueKeysWithValues: lines.filter { $0.hasPrefix("# HELP ") }.map { line in
        let words = line.split(separator: " ", maxSplits: 3)
        return (String(words[2]), String(words[3]))
      })
    let served = Set(helps.keys.filter { !$0.hasPrefix("vigia_metric_") })
    let manual = String(decoding: try #require(ManualChapter.all.first { $0.topic == "around" }).text, as: UTF8.self)
    let rows = manual.split(separator: "\n").filter { $0.hasPrefix("| `vigia_") || $0.hasPrefix("| `process_") }
    var named: Set<String> = []
    for row in rows where !row.contains("vigia_metric_NAME") {
      let cells = row.split(separator: "|").map { Self.trimmed($0) }
      let name = String(cells[0].dropFirst().prefix { $0 != "{" && $0 != "`" })
      #expect(named.insert(name).inserted, "\(name)")
      let help = cells[1].replacing(" (histogram)", with: "")
      #expect(helps[name] == help, "\(name)")
      let labels = cells[0].components(after: "{").first?.prefix { $0 != "}" } ?? ""
      let series = lines.first { $0.hasPrefix("\(name){") || $0.hasPrefix("\(name)_bucket{") }
      for label in labels.split(separator: ",").map({ Self.trimmed($0) }) {
        #expect(series == nil || series?.contains("\(label)=\"") == true, "\(name) \(label)")
      }
    }
    #expect(named == served, "\(named.symmetricDifference(served).sorted())")
    #expect(helps.keys.contains("vigia_metric_tokens_in"))
  }

  private static func trimmed(_ text: Substring) -> String {
    String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }

  // MARK: Settings

  private func complaint(_ arguments: String...) throws -> Substring {
    let result = try Program(["--check"] + arguments, name: "vigia-handler").finish()
    #expect(result.status == 64 || result.output == "ok\n")
    return result.errors.prefix { $0 != "\n" }
  }

  private func write(_ text: String, to name: String, mode: mode_t = 0o600) throws -> String {
    let path = try folder.write(text, to: name)
    chmod(path, mode)
    return path
  }

  @Test func addressThatOthersReachNeedsATokenThatOthersCannotRead() throws {
    let token = try write("0123456789abcdef\n", to: "token")
    let file = try write("", to: "handler.toml")
    for address in ["0.0.0.0:9464", ":9464", "[::]:9464", "192.0.2.1:9464"] {
      let error = try complaint("--config", file, "--metrics", address)
      #expect(error.hasSuffix("is reached from elsewhere: it needs a token file, or a loopback address"), "\(error)")
      #expect(try complaint("--config", file, "--metrics", address, "--metrics-token", token) == "")
    }
    for address in ["127.0.0.1:9464", "[::1]:9464", "localhost:9464"] {
      #expect(try complaint("--config", file, "--metrics", address) == "")
    }
    chmod(token, 0o644)
    let error = try complaint("--config", file, "--metrics", "127.0.0.1:9464", "--metrics-token", token)
    #expect(error == "Error: \(token): is a secret that others may read or write; chmod o= \(token)")
    let settings = try write("[prometheus]\nlisten = \"127.0.0.1:0\"\ntoken_file = \"\(token)\"\n", to: "with.toml")
    #expect(try complaint("--config", settings) == error)
    chmod(token, 0o640)
    #expect(try complaint("--config", settings) == "")
  }

  @Test func wrongSettingsAreNamed() throws {
    func problem(_ text: String) throws -> String {
      let file = try write("[prometheus]\n\(text)\n", to: "handler.toml")
      return String(try complaint("--config", file).dropFirst("Error: \(file):".count))
    }
    #expect(
      try problem("listen = '127.0.0.1'")
        == "2: prometheus.listen: is the text \"127.0.0.1\"; expected \(ListenAddress.form)")
    #expect(try problem("listen = 9464") == "2: prometheus.listen: is the number 9464; expected \(ListenAddress.form)")
    #expect(try problem("agents = -1").hasSuffix("expected a whole number from 0 to 100000"))
    #expect(try problem("port = 1").contains("unknown key; prometheus has listen, token_file, agents"))
    #expect(try problem("token_file = '/nonexistent'").hasSuffix("names a file that cannot be read"))
    for text in ["", "short", "0123456789 abcdef", "0123456789abcdeü"] {
      let token = try write("\(text)\n", to: "token")
      #expect(try problem("token_file = '\(token)'").contains("prometheus.token_file: names a file that "), "\(text)")
    }
    for wrong in ["127.0.0.1", "127.0.0.1:70000", "example.org:9464", "1.2.3:1", "[127.0.0.1]:1", "::1:9464", ":"] {
      #expect(try Program(["--metrics", wrong], name: "vigia-handler").finish().status == 64, "\(wrong)")
    }
    #expect(try Program(["--metrics-agents", "-1"], name: "vigia-handler").finish().status == 64)
  }

  @Test func tokenIsAskedForAndNeverLogged() throws {
    let token = try write("0123456789abcdef-secret\n", to: "token")
    let program = try start("--metrics", "127.0.0.1:0", "--metrics-token", token)
    let port = try port(of: program)
    #expect(try get("/metrics", port).text.hasPrefix("HTTP/1.1 401 "))
    #expect(try get("/metrics", port, headers: "Authorization: Bearer wrong\r\n").text.hasPrefix("HTTP/1.1 401 "))
    let right = "Authorization: Bearer 0123456789abcdef-secret\r\n"
    #expect(try get("/metrics", port, headers: right).text.hasPrefix("HTTP/1.1 200 "))
    #expect(!program.errorsSoFar.contains("secret"))
  }

  @Test func portThatIsInUseIsSaidAndTriedAgainWhileTheHandlerGoesOn() throws {
    let first = try start("--metrics", "127.0.0.1:0")
    let port = try port(of: first)
    let second = try start("--metrics", "127.0.0.1:\(port)", id: "h2")
    let said = "cannot serve metrics; trying again address=127.0.0.1:\(port) error=\"listen: Address already in use\""
    try server.wait { second.errorsSoFar.contains(said) }
    first.child.signal(SIGTERM)
    #expect(first.finish().status == 0)
    #expect(try self.port(of: second) == port)
    #expect(try Program.run("send", "pause", "a", "--arg", "for=5m", on: server.endpoint).status == 0)
    #expect(second.errorsSoFar.components(after: "cannot serve metrics").count == 1)
  }

  @Test func settingsThatAreReadAgainMoveThePage() throws {
    let file = try write("", to: "handler.toml")
    let program = try start("--config", file)
    try server.wait { program.errorsSoFar.contains(" info active fence=1\n") }
    #expect(!program.errorsSoFar.contains("serving metrics"))
    _ = try write("[prometheus]\nlisten = '127.0.0.1:0'\n", to: "handler.toml")
    program.child.signal(SIGHUP)
    let port = try port(of: program)
    #expect(try text(port).contains("vigia_leader 1\n"))
    _ = try write("", to: "handler.toml")
    program.child.signal(SIGHUP)
    try server.wait { (try? RawClient(port: port)) == nil }
  }
}

/// Alert rules for vigia itself.
@Suite(.threaded, .enabled(if: Prometheus.isInstalled, "\(Prometheus.missing)")) struct MetricsRulesTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func rules(_ arguments: String...) throws -> String {
    let result = try Program(["metrics", "rules"] + arguments).finish()
    #expect(result.status == 0 && result.errors == "")
    return result.output
  }

  @Test func promtoolTakesThem() throws {
    try folder.write(try rules(), to: "vigia.yml")
    let found = try Prometheus.tool(["check", "rules", folder.file("vigia.yml")], in: folder)
    #expect(found.status == 0 && found.text.contains("SUCCESS: 17 rules found"), "\(found.text)")
  }

  @Test func jobHasTheNameThatIsAskedFor() throws {
    let text = try rules("--job", "fleet-1")
    #expect(!text.contains("job=\"vigia\"") && text.contains("up{job=\"fleet-1\"}"))
    for wrong in ["", "a\"b", "a b", "ü"] { #expect(try Program.run("metrics", "rules", "--job", wrong).status == 64) }
  }

  /// One that is meant to fire: series over time, by promtool's notation, and when it is looked at.
  private struct Case {
    var alert: String
    var series: [(name: String, values: String)]
    var at: String
    var labels: String
  }

  private static let up = ("up{job=\"vigia\",instance=\"a\"}", "1x60")

  /// What a well fleet of handlers tells.
  private static let well: [(name: String, values: String)] = [
    up, ("vigia_leader{job=\"vigia\",instance=\"a\"}", "1x60"), ("vigia_leader{job=\"vigia\",instance=\"b\"}", "0x60"),
    ("vigia_ready{job=\"vigia\",instance=\"a\"}", "1x60"), ("vigia_recording{job=\"vigia\",instance=\"a\"}", "1x60"),
    ("vigia_stream_lag_seconds{job=\"vigia\",instance=\"a\",stream=\"events\"}", "0.4x60"),
    ("vigia_stream_lag_entries{job=\"vigia\",instance=\"a\",stream=\"commands\"}", "0x60"),
    ("vigia_dead_letters_total{job=\"vigia\",instance=\"a\",source=\"agentos:commands\"}", "3x60"),
    ("vigia_recording_gaps_total{job=\"vigia\",instance=\"a\"}", "1x60"),
    ("vigia_notices_total{job=\"vigia\",instance=\"a\",channel=\"ops\",result=\"given_up\"}", "0x60"),
    ("vigia_leases_taken_total{job=\"vigia\",instance=\"a\"}", "1x60"),
    ("vigia_transactions_total{job=\"vigia\",instance=\"a\",outcome=\"failed\"}", "2x60"),
    ("vigia_archive_lag_seconds{job=\"vigia\",instance=\"a\",stream=\"events\"}", "0.5x60"),
    ("vigia_archive_lost_entries_total{job=\"vigia\",instance=\"a\",stream=\"events\"}", "4x60"),
    ("vigia_exports_total{job=\"vigia\",instance=\"a\",service=\"grafana\",result=\"refused\"}", "1x60"),
    ("vigia_exports_total{job=\"vigia\",instance=\"a\",service=\"grafana\",result=\"told\"}", "0+5x60"),
    (queueAlert("nobody_reads"), "0x60"), (queueAlert("too_old"), "0x60"), (queueAlert("too_long"), "0x60"),
    ("vigia_queue_readable{job=\"vigia\",instance=\"a\",stream=\"orders\"}", "1x60"),
  ]

  private static func queueAlert(_ kind: String) -> String {
    "vigia_queue_alert{job=\"vigia\",instance=\"a\",stream=\"orders\",group=\"workers\",kind=\"queue.\(kind)\"}"
  }

  private static let cases: [Case] = [
    Case(
      alert: "VigiaHandlerGone", series: [("up{job=\"vigia\",instance=\"b\"}", "1 1 0x20")], at: "5m",
      labels: "{severity: critical, job: vigia, instance: b}"),
    Case(
      alert: "VigiaNoLeader", series: [("vigia_leader{job=\"vigia\",instance=\"a\"}", "1 1 0x20")], at: "4m",
      labels: "{severity: critical}"),
    Case(
      alert: "VigiaNotReady", series: [("vigia_ready{job=\"vigia\",instance=\"c\"}", "0x20")], at: "4m",
      labels: "{severity: warning, job: vigia, instance: c}"),
    Case(
      alert: "VigiaBehind",
      series: [("vigia_stream_lag_seconds{job=\"vigia\",instance=\"a\",stream=\"events\"}", "0 40x20")], at: "5m",
      labels: "{severity: warning, stream: events}"),
    Case(
      alert: "VigiaCommandsWait",
      series: [("vigia_stream_lag_entries{job=\"vigia\",instance=\"a\",stream=\"commands\"}", "0 7x20")], at: "4m",
      labels: "{severity: critical}"),
    Case(
      alert: "VigiaDeadLetters",
      series: [("vigia_dead_letters_total{job=\"vigia\",instance=\"a\",source=\"agentos:commands\"}", "0 0 0 1x20")],
      at: "5m", labels: "{severity: warning, source: \"agentos:commands\"}"),
    Case(
      alert: "VigiaNotRecording", series: [("vigia_recording{job=\"vigia\",instance=\"a\"}", "1 0x20")], at: "4m",
      labels: "{severity: critical}"),
    Case(
      alert: "VigiaRecordingGap", series: [("vigia_recording_gaps_total{job=\"vigia\",instance=\"a\"}", "0 0 0 1x20")],
      at: "5m", labels: "{severity: warning}"),
    Case(
      alert: "VigiaNotTold",
      series: [
        ("vigia_notices_total{job=\"vigia\",instance=\"a\",channel=\"ops\",result=\"given_up\"}", "0 0 0 1x20")
      ], at: "5m", labels: "{severity: critical, channel: ops}"),
    Case(
      alert: "VigiaLeadershipFlaps", series: [("vigia_leases_taken_total{job=\"vigia\",instance=\"a\"}", "0+1x30")],
      at: "20m", labels: "{severity: warning}"),
    Case(
      alert: "VigiaRedisRefuses",
      series: [("vigia_transactions_total{job=\"vigia\",instance=\"a\",outcome=\"failed\"}", "0+1x30")], at: "15m",
      labels: "{severity: critical}"),
    Case(
      alert: "VigiaArchiveBehind",
      series: [("vigia_archive_lag_seconds{job=\"vigia\",instance=\"a\",stream=\"events\"}", "0 400x30")], at: "10m",
      labels: "{severity: warning, stream: events}"),
    Case(
      alert: "VigiaArchiveLost",
      series: [("vigia_archive_lost_entries_total{job=\"vigia\",instance=\"a\",stream=\"events\"}", "0 0 0 7x20")],
      at: "5m", labels: "{severity: critical, stream: events}"),
    Case(
      alert: "VigiaExportRefused",
      series: [
        ("vigia_exports_total{job=\"vigia\",instance=\"a\",service=\"grafana\",result=\"refused\"}", "1 1 1 2x20")
      ], at: "5m", labels: "{severity: warning, service: grafana}"),
    Case(
      alert: "VigiaQueueNobodyReads", series: [(queueAlert("nobody_reads"), "0 1x20")], at: "5m",
      labels: "{severity: critical, stream: orders, group: workers}"),
    Case(
      alert: "VigiaQueueBehind", series: [(queueAlert("too_long"), "0 1x20")], at: "5m",
      labels: "{severity: warning, stream: orders, group: workers}"),
    Case(
      alert: "VigiaQueueUnreadable",
      series: [("vigia_queue_readable{job=\"vigia\",instance=\"a\",stream=\"orders\"}", "1 0x20")], at: "8m",
      labels: "{severity: warning, stream: orders}"),
  ]

  /// promtool's test of one case: with what is well otherwise the alert fires, and the others do not.
  private func text(_ test: Case) -> String {
    let names = Set(test.series.map(\.name))
    let series = Self.well.filter { !names.contains($0.name) } + test.series
    let lines = series.map { "      - series: '\($0.name)'\n        values: '\($0.values)'" }
    let alerts = Self.cases.map { other in
      let fires = other.alert == test.alert
      return "      - eval_time: \(test.at)\n        alertname: \(other.alert)\n        exp_alerts:"
        + (fires ? "\n          - exp_labels: \(test.labels)" : " []")
    }
    return "  - interval: 1m\n    input_series:\n\(lines.joined(separator: "\n"))\n    alert_rule_test:\n"
      + alerts.joined(separator: "\n") + "\n"
  }

  /// Annotations are not compared.
  private func rulesWithoutWords() throws -> String {
    try rules().split(separator: "\n").filter {
      !$0.contains("annotations:") && !$0.contains("summary:") && !$0.contains("description:")
    }.joined(separator: "\n")
  }

  @Test func eachFiresByItsOwnTroubleAndByNoOther() throws {
    try folder.write(try rulesWithoutWords() + "\n", to: "vigia.yml")
    let tests = Self.cases.map { text($0) }.joined()
    try folder.write("rule_files: [vigia.yml]\nevaluation_interval: 30s\ntests:\n\(tests)", to: "test.yml")
    let found = try Prometheus.tool(["test", "rules", folder.file("test.yml")], in: folder)
    #expect(found.status == 0 && found.text.contains("SUCCESS"), "\(found.text)")
  }

  @Test func noneFiresWhileAllIsWell() throws {
    try folder.write(try rulesWithoutWords() + "\n", to: "vigia.yml")
    let lines = Self.well.map { "      - series: '\($0.name)'\n        values: '\($0.values)'" }
    let alerts = Self.cases.map { "      - eval_time: 40m\n        alertname: \($0.alert)\n        exp_alerts: []" }
    try folder.write(
      "rule_files: [vigia.yml]\nevaluation_interval: 30s\ntests:\n  - interval: 1m\n    input_series:\n"
        + lines.joined(separator: "\n") + "\n    alert_rule_test:\n" + alerts.joined(separator: "\n") + "\n",
      to: "test.yml")
    let found = try Prometheus.tool(["test", "rules", folder.file("test.yml")], in: folder)
    #expect(found.status == 0 && found.text.contains("SUCCESS"), "\(found.text)")
  }

  @Test func everyRuleIsTestedAndStandsInTheManual() throws {
    let names = try rules().components(after: "- alert: ").map { String($0.prefix { $0 != "\n" }) }
    #expect(names == Self.cases.map(\.alert))
    let manual = String(decoding: try #require(ManualChapter.all.first { $0.topic == "around" }).text, as: UTF8.self)
    for name in names { #expect(manual.contains("| `\(name)` |"), "\(name)") }
  }
}
