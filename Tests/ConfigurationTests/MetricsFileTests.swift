import FleetModel
import Testing

@testable import Configuration

@Suite struct MetricsFileTests {
  private func read(_ text: String) throws -> HandlerSettings {
    try HandlerFile.read(Array(text.utf8), file: "h.toml")
  }

  private func error(_ text: String) -> String? {
    do {
      _ = try read(text)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func metricIsDeclaredWithAllThatItHas() throws {
    let table = try read(
      """
      currency = "EUR"
      [metrics.search_depth]
      unit = "ms"
      bad = "low"
      warning = 40
      critical = 10
      aliases = ["search.depth", "gen_ai.search.depth_of_one_conversation"]
      show = "column"
      heading = "Depth"
      runaway = true
      [metrics.tokens_per_minute]
      warning = 1000
      high = 2000
      critical = 4000
      """
    ).metrics
    let depth = try #require(table.place(named: "search.depth").flatMap { table[$0] })
    #expect(depth.name == "search_depth" && depth.unit == .ms && depth.bad == .low)
    #expect(depth.levels == Limits.Levels(medium: 40, high: 10, critical: 10))
    #expect(depth.shown == .column && depth.heading == "Depth" && depth.tellsRunaway && depth.line == 2)
    let tokens = table[BuiltInMetric.tokensPerMinute.place]
    #expect(tokens?.levels == Limits.Levels(medium: 1000, high: 2000, critical: 4000))
    #expect(tokens?.unit == .count && tokens?.tellsRunaway == true)
    #expect(table.metrics.count == 12 && table.currency == "EUR")
  }

  @Test func openMetricsCountInTheHealthByTheirWeights() throws {
    let insight = try read(
      """
      [insight.weights]
      error_rate = 0.6
      tool_error_rate = 0.4
      depth = 1
      tokens_in = 0.1
      [metrics.depth]
      [metrics.tokens_in]
      bad = "high"
      """
    ).insight
    #expect(insight.weights[.errorRate] == 0.6)
    #expect(insight.openWeights == ["tool_error_rate": 0.4, "depth": 1, "tokens_in": 0.1])
  }

  @Test(arguments: [
    ("depth = 1", "h.toml:2: insight.weights.depth: unknown key; insight.weights has error_rate, response_time, "),
    (
      "tokens_in = 1",
      "h.toml:2: insight.weights.tokens_in: counts in no health, for neither way of it is bad; say which one under [metrics.tokens_in]"
    ),
    (
      "tool_latency = 1.5",
      "h.toml:2: insight.weights.tool_latency: is the number 1.5; expected a number from 0.0 to 1.0"
    ),
    (
      "tool_latency = 'a'",
      "h.toml:2: insight.weights.tool_latency: is the text \"a\"; expected a number from 0.0 to 1.0"
    ),
  ])
  func weightThatCannotBeIsSaidWithItsLine(line: String, words: String) {
    #expect(error("[insight.weights]\n" + line)?.hasPrefix(words) == true)
  }

  @Test func fileWithoutMetricsHasTheBuiltInOnes() throws {
    #expect(try read("parallel = 3").metrics == .builtIn)
  }

  @Test(arguments: [(3, 4, OpenMetric.BadWay.high), (4, 3, .low)])
  func levelsSayWhichWayIsBad(warning: Int, critical: Int, bad: OpenMetric.BadWay) throws {
    let table = try read("[metrics.tokens_in]\nwarning = \(warning)\ncritical = \(critical)").metrics
    #expect(table[BuiltInMetric.tokensIn.place]?.bad == bad)
  }

  @Test func builtInMetricKeepsItsOtherNames() throws {
    let table = try read(
      "[metrics.tool_latency]\nwarning = 1\ncritical = 2\naliases = [\"tl\", \"gen_ai.execute_tool.duration\"]"
    ).metrics
    #expect(table[BuiltInMetric.toolLatency.place]?.aliases == ["gen_ai.execute_tool.duration", "tl"])
  }

  @Test func levelsOfOpenMetricsGoByRoleToo() throws {
    let levels = try read(
      "[metrics.depth]\n[[levels]]\nrole = \"a\"\ndepth = { medium = 1, high = 2, critical = 3 }"
    ).levels
    #expect(levels.entries[0].open == ["depth": Limits.Levels(medium: 1, high: 2, critical: 3)])
  }

  @Test(arguments: [
    ("metrics = 3", "h.toml:1: metrics: is the number 3; expected a table of metrics, each under [metrics.NAME]"),
    (
      "[metrics]\ndepth = 3",
      "h.toml:2: metrics.depth: is the number 3; expected a table such as { unit = \"ms\", warning = 2000, critical = 8000 }"
    ),
    (
      "[metrics.\"a b\"]",
      "h.toml:1: metrics.a b: is no name of a metric; expected lower-case letters, digits and _, at most 64 bytes"
    ),
    (
      "[metrics.queue_size]\nwarning = 3",
      "h.toml:1: metrics.queue_size: \"queue_size\" is the name of a metric that vigia has of its own; its levels stand under [[levels]]"
    ),
    ("[metrics.region]", "h.toml:1: metrics.region: \"region\" is the name of a field that vigia reads itself"),
    (
      "[metrics.a]\naliases = [\"x\"]\n[metrics.b]\naliases = [\"x\"]",
      "h.toml:4: metrics.b.aliases: \"x\" is the name of the metric a"
    ),
    (
      "[metrics.a]\naliases = [\"tokens_in\"]",
      "h.toml:2: metrics.a.aliases: \"tokens_in\" is the name of the metric tokens_in"
    ),
    (
      "[metrics.a]\naliases = [\"x y\"]",
      "h.toml:2: metrics.a.aliases[0]: is no name of a field; expected a name without blanks, at most 64 bytes"
    ),
    (
      "[metrics.a]\nunit = \"s\"",
      "h.toml:2: metrics.a.unit: is the text \"s\"; expected one of \"count\", \"fraction\", \"ms\", \"currency\""
    ),
    (
      "[metrics.a]\nwarning = 3",
      "h.toml:1: metrics.a.critical: is missing; expected a number, for the metric has levels"
    ),
    (
      "[metrics.a]\nwarning = 3\ncritical = 2",
      "h.toml:2: metrics.a.warning: its levels have to rise from warning to critical"
    ),
    (
      "[metrics.a]\nbad = \"low\"\nwarning = 3\nhigh = 4\ncritical = 2",
      "h.toml:3: metrics.a.warning: its levels have to fall from warning to critical"
    ),
    (
      "[metrics.a]\nunit = \"fraction\"\nbad = \"low\"\nwarning = 0.9\ncritical = 0.5",
      "h.toml:4: metrics.a.warning: is so good that its alert could never end: values have to be 20% better; expected less than 0.8"
    ),
    (
      "[metrics.a]\nwarning = 0\ncritical = 5",
      "h.toml:2: metrics.a.warning: is so good that its alert could never end: values have to be 20% better; expected more than 0"
    ),
    (
      "[metrics.tokens_in]\nbad = \"neither\"\nwarning = 3\ncritical = 4",
      "h.toml:2: metrics.tokens_in.bad: is \"neither\", but the metric has levels; expected \"high\" or \"low\""
    ),
    (
      "[metrics.a]\nunit = \"fraction\"\nwarning = 0.5\ncritical = 25",
      "h.toml:4: metrics.a.critical: is the number 25; expected a number from 0.0 to 1.0"
    ),
    (
      "[metrics.a]\nlevel = 3",
      "h.toml:2: metrics.a.level: unknown key; a metric has unit, bad, warning, high, critical, aliases, show, heading, runaway"
    ),
    (
      "currency = \"much too long\"",
      "h.toml:1: currency: is the text \"much too long\"; expected a text such as \"EUR\", at most 8 letters or signs"
    ),
    (
      "[metrics.a]\nheading = \"much too long\"",
      "h.toml:2: metrics.a.heading: is the text \"much too long\"; expected a text such as \"Depth\", at most 8 bytes without blanks"
    ),
  ])
  func errorNamesFileLineAndWhatWasExpected(text: String, expected: String) {
    #expect(error(text) == expected)
  }

  @Test func noMoreMetricsAreTakenThanThereIsRoomFor() {
    func file(_ count: Int, _ more: String = "") -> String { (0..<count).map { "[metrics.m\($0)]\(more)\n" }.joined() }
    #expect(error(file(21)) == nil)
    #expect(
      error(file(22)) == "h.toml:1: metrics: declares too many; expected 21 at most besides the built-in ones")
    #expect(error(file(15, "\naliases = [\"a\", \"b\"]"))?.contains("is the name of") == true)
  }

  @Test func noMoreOtherNamesAreTakenThanThereIsRoomFor() {
    let names = (0..<61).map { "\"n\($0)\"" }.joined(separator: ", ")
    #expect(
      error("[metrics.m]\naliases = [\(names)]")
        == "h.toml:2: metrics.m.aliases: are too many; expected 64 of all metrics at most")
  }
}
