import ArgumentParser
import Configuration
import Console
import FleetModel
import Redis
import Wire

/// `vigia levels`.
struct LevelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "levels", abstract: "Print an agent's levels of alerts, and which line of the settings gives each.",
    discussion: "Role and tier are those that the agent has said, as the handler keeps them, unless they are given.")

  @OptionGroup var redis: RedisOptions
  @Argument(help: "The agent's id.") var agent: String
  @OptionGroup var settings: LevelsOptions
  @Option(help: "The agent's role; what it has said is not asked for.") var role: String?
  @Option(help: "The agent's tier; what it has said is not asked for.") var tier: String?
  @Flag(help: "As one JSON document.") var json = false

  func validate() throws { _ = try redis.endpoint() }

  func run() throws {
    let tables = try settings.tables()
    if role != nil || tier != nil { return show(AgentLevels(AgentID(agent), role ?? "", tier ?? "", tables)) }
    try RedisQuery.run(try redis.endpoint()) { query in
      query.send(Request("HGET", query.keys.profiles, Array(agent.utf8))) { reply in
        let data = reply.bytes.flatMap { try? JSONValue.parse($0) }?["data"]
        show(AgentLevels(AgentID(agent), data?["role"]?.text ?? "", data?["tier"]?.text ?? "", tables))
        query.end()
      }
    }
  }

  private func show(_ levels: AgentLevels) {
    if json {
      Output.json(levels.json(file: settings.levels))
    } else {
      levels.lines(file: settings.levels).forEach(Output.line)
    }
  }
}

/// Where metrics and levels of alerts are configured.
struct LevelsOptions: ParsableArguments {
  @Option(
    help: .init(
      "The handler's settings: its [metrics] and [[levels]] are read, and nothing else.", valueName: "file"))
  var levels: String?

  /// The built-in metrics and the usual levels if no file is named.
  func tables() throws -> (metrics: MetricTable, levels: LevelTable) {
    guard let levels else { return (.builtIn, LevelTable()) }
    do {
      return try HandlerFile.metricsAndLevels(try File.read(levels), file: levels)
    } catch {
      throw ValidationError("--levels \(error)")
    }
  }
}

/// The levels of one agent, and where each comes from.
struct AgentLevels {
  private let (id, role, tier): (AgentID, String, String)
  private let rows: [Row]

  /// The levels of one metric.
  private struct Row {
    var name: String
    var levels: Limits.Levels
    /// Where it stands in the settings; nil if it is one of the usual ones.
    var line: Int?
    var words: (Double) -> String
  }

  init(
    _ id: AgentID, _ role: String, _ tier: String, _ tables: (metrics: MetricTable, levels: LevelTable)
  ) {
    (self.id, self.role, self.tier) = (id, role, tier)
    let known = Metric.allCases.compactMap { metric -> Row? in
      let entry = tables.levels.entry(metric, of: id, role: role, tier: tier)
      guard let levels = entry?.levels[metric] ?? Limits.defaults[metric] else { return nil }
      return Row(name: metric.field, levels: levels, line: entry?.line) { Format.value($0, of: metric) }
    }
    let open = tables.metrics.metrics.compactMap { metric -> Row? in
      let entry = tables.levels.entry(openMetric: metric.name, of: id, role: role, tier: tier)
      guard let levels = entry?.open[metric.name] ?? metric.levels else { return nil }
      return Row(name: metric.name, levels: levels, line: entry?.line ?? metric.line) {
        Format.value($0, of: metric, currency: tables.metrics.currency)
      }
    }
    rows = known + open
  }

  func lines(file: String?) -> [String] {
    let who = [role.isEmpty ? nil : "role \(role)", tier.isEmpty ? nil : "tier \(tier)"].compactMap(\.self)
    let about = who.isEmpty ? "no role or tier known" : who.joined(separator: ", ")
    let cells = rows.map { row -> [String] in
      func cell(_ value: Double) -> String { row.words(value) }
      let source = row.line.map { "\(file ?? ""):\($0)" } ?? "usual"
      return [
        row.name, cell(row.levels.medium), cell(row.levels.high), cell(row.levels.critical), source.shown,
      ]
    }
    return ["\(id): \(about)".shown]
      + TextTable.lines([["metric", "medium", "high", "critical", "from"]] + cells, rightAligned: 1...3)
  }

  func json(file: String?) -> JSONValue {
    let metrics = rows.map { row -> ([UInt8], JSONValue) in
      let levels: JSONValue = [
        "medium": .number(row.levels.medium), "high": .number(row.levels.high),
        "critical": .number(row.levels.critical), "line": row.line.map { .integer(Int64($0)) },
        "file": row.line.flatMap { _ in file }.map { .string($0) },
      ]
      return (Array(row.name.utf8), levels)
    }
    return [
      "agent": .string(id.bytes), "role": .string(role), "tier": .string(tier),
      "levels": .object(JSONObject(members: metrics)),
    ]
  }
}
