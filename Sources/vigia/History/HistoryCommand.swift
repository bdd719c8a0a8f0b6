import ArgumentParser
import Console
import FleetModel

/// `vigia history AGENT`: what an agent's metrics did, from what handlers have stored.
struct HistoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Print what an agent's metrics did in the last hours, as charts.",
    discussion: """
      The active handler stores each metric by the minute for 24 hours. A chart shows for each moment the mean and how \
      far the worst values lay from it: up to the 95th of a hundred, or down to the least if low is bad. Where nothing \
      was reported the chart is empty. Letters below a chart mark changes of the agent, which are listed last. A longer \
      span is read from the archive, if the handler's settings name one.
      """)

  @Argument(help: ArgumentHelp("The agent, by its id.", valueName: "agent")) var id: String
  @OptionGroup var redis: RedisOptions
  @Option(help: "How far back to begin, such as 90m, 6h or 7d.") var since = TimeSpan.hours(6)
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Only these metrics, such as queue_size error_rate.", valueName: "name"))
  var metric: [String] = []
  @OptionGroup var settings: LevelsOptions
  @Option(
    help: ArgumentHelp(
      "The handler's settings, with [archive], for more than 24 hours; default $VIGIA_HANDLER_CONFIG.",
      valueName: "file"))
  var config: String?
  @Flag(help: "As one JSON document, with the numbers of each minute.") var json = false
  @Flag(help: "Draw with ASCII only.") var ascii = false

  func validate() throws {
    _ = try agent()
    // The handler's own metrics are known only once it has been asked.
    if settings.levels != nil { _ = try metrics(of: settings.tables().metrics) }
    guard since <= RollupReading.longest || archive != nil else {
      throw ValidationError(
        "--since \(since): history is kept for 24 hours, and longer only in an archive, by --config or $VIGIA_HANDLER_CONFIG"
      )
    }
    guard since <= Self.longest else { throw ValidationError("--since \(since): expected ten years at the most") }
  }

  private static let longest = TimeSpan.days(3660)

  /// The file that names the archive, if it is needed.
  private var archive: String? {
    since <= RollupReading.longest ? nil : config ?? Environment["VIGIA_HANDLER_CONFIG"]
  }

  func run() throws {
    let agent = try agent()
    try RedisQuery.run(try redis.installation(of: agent)) { query in
      settings.read(query) { tables in
        do {
          read(agent, try metrics(of: tables.metrics), tables, query)
        } catch {
          query.session.fail(.usage, "\(error)")
        }
      }
    }
  }

  private func read(_ agent: AgentID, _ metrics: [ShownMetric], _ tables: LevelSettings, _ query: RedisQuery) {
    let reading = AgentHistoryReading(query, of: agent, since: since, tables, archive: archive)
    reading.start { history in
      guard !history.series.isEmpty else { return reading.explainAbsence() }
      let shown = metrics.isEmpty ? history : history.only(metrics)
      let missing = metrics.filter { !shown.has($0) }
      for metric in missing {
        let others = history.metrics.map(\.name).joined(separator: ", ")
        query.complain(metric.name, "\(agent) reported none in the last \(since); it reported \(others)")
      }
      if json {
        Output.json(shown.json)
      } else {
        HistoryPage(shown, TextCanvas(ascii: ascii)).lines.forEach(Output.line)
      }
      query.end()
    }
  }

  private func agent() throws -> AgentID {
    guard let agent = AgentID(outside: Array(id.utf8)), agent != .none else {
      throw ValidationError("an agent's id has 1 to \(AgentID.mostBytes) bytes")
    }
    return agent
  }

  private func metrics(of table: MetricTable) throws -> [ShownMetric] {
    try metric.map { name in
      if let metric = ShownMetric(named: name, table) { return metric }
      let known = ShownMetric.all(of: table).map(\.name)
      let hint = Nearest.words(name, among: known).map { "; did you mean \($0)?" } ?? ";"
      throw ValidationError("there is no metric \"\(name)\"\(hint) there are \(known.joined(separator: ", "))".shown)
    }
  }
}
