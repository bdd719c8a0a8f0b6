import FleetModel
import Glibc
import Insight
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import vigia

/// Metrics that the settings declare, in the programs.
@Suite(.threaded) struct OpenMetricToolTests {
  private let server: TestServer
  private let folder: TemporaryFolder
  private var file: String { folder.file("handler.toml") }
  private static let settings = """
    currency = "EUR"
    [metrics.depth]
    aliases = ["search.depth"]
    warning = 10
    critical = 40
    [metrics.cost_per_hour]
    warning = 5
    critical = 20
    [[levels]]
    agent = "a*"
    depth = { medium = 20, high = 30, critical = 40 }
    """

  init() throws {
    (server, folder) = (try TestServer(), try TemporaryFolder())
    try folder.write(Self.settings, to: "handler.toml")
  }

  private func publish(_ data: String) throws {
    let event = #"{"entity_id":"a1","event_type":"metrics","data":\#(data)}"#
    _ = try server.call("XADD", Keys().events, "*", Keys.dataField, event)
  }

  private func status(_ arguments: String...) throws -> JSONValue {
    let result = try Program(["status", "--json"] + arguments, on: server.endpoint).finish()
    return try #require(try JSONValue.parse(Array(result.output.utf8))["agents"]?.list?.first)
  }

  @Test func statusHasThemByTheirNames() throws {
    try publish(#"{"search.depth":25,"cost_per_hour":7.5,"gen_ai.usage.input_tokens":300,"fallback_rate":9}"#)
    let known = try #require(try status("--levels", file)["metrics"])
    #expect(known["depth"]?.double == 25 && known["cost_per_hour"]?.double == 7.5)
    #expect(known["tokens_in"]?.double == 300 && known["fallback_rate"] == nil)
    let builtIn = try #require(try status()["metrics"])
    #expect(builtIn["depth"] == nil && builtIn["cost_per_hour"]?.double == 7.5)
  }

  @Test func consoleAndStatusSayThatTheLevelsAreThoseOfTheFile() throws {
    try publish(#"{"error_rate":0.01}"#)
    let console = try TmuxConsole("--levels \(file)", on: server.endpoint, columns: 200, rows: 50)
    try console.wait(for: "levels are those of \(file), whatever the handler goes by")
    let words = "levels      those of \(file), whatever the handler goes by\n"
    #expect(try Program(["status", "--levels", file], on: server.endpoint).finish().output.contains(words))
    #expect(try !Program(["status"], on: server.endpoint).finish().output.contains("levels "))
    let output = try Program(["status", "--json", "--levels", file], on: server.endpoint).finish().output
    #expect(try JSONValue.parse(Array(output.utf8))["levels_file"]?.text == file)
  }

  @Test func levelsOfAnAgentNameTheLineThatGivesThem() throws {
    let lines = try Program(["levels", "a1", "--role", "sales", "--levels", file], on: server.endpoint).finish().output
      .split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines.contains { $0.prefix(4) == ["depth", "20", "30", "40"] && $0.last == "\(file):9" })
    #expect(lines.contains { $0.first == "cost_per_hour" && $0.contains("5.00") && $0.last == "\(file):6" })
  }

  @Test func historyKnowsThemByNameAndOthersByNumber() throws {
    let table = MetricTable(declaring: [OpenMetric("depth")])
    let number = try #require(table.place(named: "depth").map { table.number(of: $0) })
    try server.store((0..<60).map { Double($0) }, of: "a1", MetricID(rawValue: number))
    try server.store((0..<60).map { Double($0) }, of: "a1", MetricID(rawValue: 19))
    let named = try Program(["history", "a1", "--levels", file], on: server.endpoint).finish()
    #expect(named.status == 0 && named.output.contains("\ndepth  last 59") && named.output.contains("level 20"))
    #expect(named.output.contains("\ncost_per_hour  last 59.00 EUR"))
    let only = try Program(["history", "a1", "--metric", "search.depth", "--levels", file], on: server.endpoint)
      .finish()
    #expect(only.output.contains("depth") && !only.output.contains("cost_per_hour"))
    let bare = try Program(["history", "a1"], on: server.endpoint).finish()
    #expect(bare.output.contains("\nmetric \(number)  last 59") && bare.output.contains("\ncost_per_hour  last 59.00,"))
    let unknown = try Program(["history", "a1", "--metric", "depth"], on: server.endpoint).finish()
    #expect(unknown.status == 64 && unknown.errors.contains("there is no metric"))
  }

  @Test func handlerTakesMetricsThatAreDeclaredWhileItRuns() throws {
    try folder.write("", to: "handler.toml")
    let program = try Program(["--id", "h1", "--config", file], on: server.endpoint, name: "vigia-handler")
    try server.wait { (try? server.call("EXISTS", "agentos:handler").integer) == 1 }
    try publish(#"{"depth":45}"#)
    try server.wait { (try? server.call("HGET", "agentos:cursor", "agentos:events").bytes) != nil }
    #expect(try server.call("HEXISTS", Keys().alerts, "agent.metric/a1").integer == 0)
    try folder.write(Self.settings, to: "handler.toml")
    program.child.signal(SIGHUP)
    try server.wait {
      try? publish(#"{"depth":45}"#)
      return (try? server.call("HEXISTS", Keys().alerts, "agent.metric/a1").integer) == 1
    }
    let stored = try server.call("HGET", Keys().alerts, "agent.metric/a1").bytes ?? []
    #expect(try JSONValue.parse(stored)["metric"]?.text == "depth")
    #expect(try JSONValue.parse(stored)["severity"]?.text == "critical")
    program.child.signal(SIGTERM)
    #expect(program.finish().status == 0)
  }
}
