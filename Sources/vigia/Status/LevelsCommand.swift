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
    let table = try settings.table()
    if role != nil || tier != nil { return show(AgentLevels(AgentID(agent), role ?? "", tier ?? "", table)) }
    try RedisQuery.run(try redis.endpoint()) { query in
      query.send(Request("HGET", query.keys.profiles, Array(agent.utf8))) { reply in
        let data = reply.bytes.flatMap { try? JSONValue.parse($0) }?["data"]
        show(AgentLevels(AgentID(agent), data?["role"]?.text ?? "", data?["tier"]?.text ?? "", table))
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

/// Where levels of alerts are configured.
struct LevelsOptions: ParsableArguments {
  @Option(help: .init("The handler's settings: its [[levels]] are read, and nothing else.", valueName: "file"))
  var levels: String?

  /// The usual levels if no file is named.
  func table() throws -> LevelTable {
    guard let levels else { return LevelTable() }
    do {
      return try HandlerFile.levels(try File.read(levels), file: levels)
    } catch {
      throw ValidationError("--levels \(error)")
    }
  }
}

/// The levels of one agent, and where each comes from.
struct AgentLevels {
  private let (id, role, tier): (AgentID, String, String)
  private let rows: [(metric: Metric, levels: Limits.Levels, line: Int?)]

  init(_ id: AgentID, _ role: String, _ tier: String, _ table: LevelTable) {
    (self.id, self.role, self.tier) = (id, role, tier)
    rows = Metric.allCases.compactMap { metric in
      let entry = table.entry(metric, of: id, role: role, tier: tier)
      guard let levels = entry?.levels[metric] ?? Limits.defaults[metric] else { return nil }
      return (metric, levels, entry?.line)
    }
  }

  func lines(file: String?) -> [String] {
    let who = [role.isEmpty ? nil : "role \(role)", tier.isEmpty ? nil : "tier \(tier)"].compactMap(\.self)
    let about = who.isEmpty ? "no role or tier known" : who.joined(separator: ", ")
    let cells = rows.map { row -> [String] in
      func cell(_ value: Double) -> String { Format.value(value, of: row.metric) }
      let source = row.line.map { "\(file ?? ""):\($0)" } ?? "usual"
      return [
        row.metric.field, cell(row.levels.medium), cell(row.levels.high), cell(row.levels.critical), source.shown,
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
      return (Array(row.metric.field.utf8), levels)
    }
    return [
      "agent": .string(id.bytes), "role": .string(role), "tier": .string(tier),
      "levels": .object(JSONObject(members: metrics)),
    ]
  }
}
