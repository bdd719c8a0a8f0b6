import ArgumentParser
import Configuration
import Console
import FleetModel
import Redis
import Screen
import Wire

/// `vigia levels`.
struct LevelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "levels", abstract: "Print an agent's levels of alerts, and which line of the settings gives each.",
    discussion: """
      Levels are those of the active handler, unless a file is named. Role and tier are those that the agent has said, as \
      the handler keeps them, unless they are given.
      """)

  @OptionGroup var redis: RedisOptions
  @Argument(help: "The agent's id.") var agent: String
  @OptionGroup var settings: LevelsOptions
  @Option(help: "The agent's role; what it has said is not asked for.") var role: String?
  @Option(help: "The agent's tier; what it has said is not asked for.") var tier: String?
  @Flag(help: "As one JSON document.") var json = false

  func run() throws {
    let id = AgentID(agent)
    let given = role != nil || tier != nil ? JudgedAgent(id, role: role ?? "", tier: tier ?? "") : nil
    if let given, settings.levels != nil { return show(AgentLevels(given, try settings.tables())) }
    try RedisQuery.run(try redis.installation(of: id)) { query in
      settings.read(query) { tables in
        query.send(Request("HGET", query.keys.profiles, id.bytes)) { reply in
          show(AgentLevels(given ?? JudgedAgent(id, profile: reply.bytes), tables))
          query.end()
        }
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
      "Settings of a handler, in place of what the active one tells: [metrics] and [[levels]] are read, and nothing else.",
      valueName: "file"))
  var levels: String?

  /// The built-in metrics and the usual levels if no file is named.
  func tables() throws -> LevelSettings {
    guard let levels else { return LevelSettings() }
    do {
      let (metrics, table) = try HandlerFile.metricsAndLevels(try File.read(levels), file: levels)
      return LevelSettings(metrics: metrics, levels: table)
    } catch {
      throw ValidationError("--levels \(error)")
    }
  }

  /// The file's, or else those by which the active handler judges. What is refused or not understood is said, and the
  /// usual ones count.
  func read(_ query: RedisQuery, _ completion: @escaping (LevelSettings) -> Void) {
    if levels != nil, let tables = try? tables() { return completion(tables) }
    query.ask(Request("GET", query.keys.levels)) { reply in
      if let error = reply.error {
        query.complain("levels", "Redis refuses those of the handler: \(error); the usual ones are taken")
      }
      guard let payload = reply.bytes else { return completion(LevelSettings()) }
      let settings = LevelsCoding.decode(payload)
      if settings == nil {
        query.complain("levels", "those of the handler are not understood; the usual ones are taken")
      }
      completion(settings ?? LevelSettings())
    }
  }
}

/// The levels of one agent, and where each comes from.
struct AgentLevels {
  private let agent: JudgedAgent
  private let rows: [Row]

  /// The levels of one metric.
  private struct Row {
    var name: String
    var levels: Limits.Levels
    /// Where it stands in the settings; nil if it is one of the usual ones.
    var line: Int?
    var words: (Double) -> String
  }

  init(_ agent: JudgedAgent, _ tables: LevelSettings) {
    self.agent = agent
    let (id, role, tier) = (agent.id, agent.role, agent.tier)
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
    let (role, tier) = (agent.role, agent.tier)
    let who = [role.isEmpty ? nil : "role \(role)", tier.isEmpty ? nil : "tier \(tier)"].compactMap(\.self)
    let about = who.isEmpty ? "no role or tier known" : who.joined(separator: ", ")
    let cells = rows.map { row -> [String] in
      func cell(_ value: Double) -> String { row.words(value) }
      let source = row.line.map { "\(file ?? "the handler's settings"):\($0)" } ?? "usual"
      return [
        row.name, cell(row.levels.medium), cell(row.levels.high), cell(row.levels.critical), source.shown,
      ]
    }
    return ["\(agent.id): \(about)".shown]
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
      "agent": .string(agent.id.bytes), "role": .string(agent.role), "tier": .string(agent.tier),
      "levels": .object(JSONObject(members: metrics)),
    ]
  }
}
