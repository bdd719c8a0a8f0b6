import ArgumentParser
import Console
import FleetModel
import Insight
import Redis
import Wire

/// `vigia forecast`: what is coming, or how good forecasts would have been.
struct ForecastCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forecast", abstract: "Print what is coming; or with --backtest how good forecasts are.",
    discussion: """
      A backtest replays stored history in its order through the same code that makes forecasts, and compares each \
      forecast with what came. Levels are those by which the active handler judges. It takes a while: without an agent it replays \
      \(ForecastCommand.usual) agents, evenly picked, unless --agents says otherwise.
      """)

  @Argument(help: ArgumentHelp("Only this agent, by its id.", valueName: "agent")) var id: String?
  @OptionGroup var redis: RedisOptions
  @Flag(help: "Replay stored history, and say how good its forecasts were.") var backtest = false
  @Option(help: "How far back a backtest begins.") var since = TimeSpan.hours(24)
  @Option(help: ArgumentHelp("How many agents a backtest replays at most.", valueName: "count"))
  var agents = ForecastCommand.usual
  @OptionGroup var settings: LevelsOptions
  @Flag(help: "As one JSON document.") var json = false

  private static let usual = 100

  func validate() throws {
    if let id, AgentID(outside: Array(id.utf8)) == nil || id.isEmpty {
      throw ValidationError("an agent's id has 1 to \(AgentID.mostBytes) bytes")
    }
    guard since <= RollupReading.longest else {
      throw ValidationError("--since \(since): history is kept for 24 hours")
    }
    guard (1...100_000).contains(agents) else { throw ValidationError("--agents \(agents): write 1 to 100000") }
  }

  func run() throws {
    let agent = id.map { AgentID($0) }
    let whole = try redis.wholeInstallation()
    // Of one agent its own shard knows all.
    try FleetQuery.run(agent.map { whole.part(of: $0) } ?? whole) { query in
      guard backtest else { return tell(agent, query) }
      settings.read(query.first) { replay(agent, $0, query) }
    }
  }

  // MARK: What is coming

  private func tell(_ agent: AgentID?, _ query: FleetQuery) {
    query.send { keys in
      agent.map { Request("HMGET", keys.insight, $0.bytes) } ?? Request("HGETALL", keys.insight)
    } _: { answers in
      query.askForHandler { handler in
        let values =
          agent.map { id in answers[0].reply.elements?.first?.bytes.map { [(id.bytes, $0)] } ?? [] }
          ?? Reply.pairs(of: answers)
        let report = ComingReport(values, at: query.now, handler)
        query.show(json ? .json(report.json) : .lines(report.lines))
        query.end()
      }
    }
  }

  // MARK: The backtest

  private func replay(_ agent: AgentID?, _ tables: LevelSettings, _ query: FleetQuery) {
    guard let agent else {
      return FleetHistoryReading.findAgents(query) { all in
        replay(Self.evenly(all, agents), of: all.count, tables, query)
      }
    }
    replay([agent], of: 1, tables, query)
  }

  /// So many of them, with equal distances.
  static func evenly(_ agents: [AgentID], _ most: Int) -> [AgentID] {
    guard agents.count > most else { return agents }
    return (0..<most).map { agents[$0 * agents.count / most] }
  }

  private func replay(_ agents: [AgentID], of all: Int, _ tables: LevelSettings, _ query: FleetQuery) {
    guard !agents.isEmpty else { return replay(agents, of: all, Replay(tables, []), query) }
    readProfiles(query.grouped(agents)[...], []) { replay(agents, of: all, Replay(tables, $0), query) }
  }

  /// Reads what agents have said of themselves, one shard after the other.
  private func readProfiles(
    _ groups: ArraySlice<(part: RedisQuery, agents: [AgentID])>, _ found: [JudgedAgent],
    _ completion: @escaping ([JudgedAgent]) -> Void
  ) {
    guard let (part, agents) = groups.first else { return completion(found) }
    var profiles = Request("HMGET", part.keys.profiles)
    for agent in agents { profiles.append(agent.bytes) }
    part.ask(profiles) { reply in
      let more = zip(agents, reply.elements ?? []).map { JudgedAgent($0, profile: $1.bytes) }
      readProfiles(groups.dropFirst(), found + more, completion)
    } orElse: {
      readProfiles(groups.dropFirst(), found, completion)
    }
  }

  private func replay(_ agents: [AgentID], of all: Int, _ empty: Replay, _ query: FleetQuery) {
    var replay = empty
    let start = query.now - since
    FleetHistoryReading.read(agents, from: start, to: query.now, query) {
      replay.take($0, from: start)
    } finish: { malformed in
      if malformed > 0 { query.complain("history", "\(malformed) stored hours could not be read") }
      let report = BacktestReport(replay.run(), agents: replay.agents, of: all, coarse: replay.coarse, span: since)
      query.show(json ? .json(report.json) : .lines(report.lines))
      query.end()
    }
  }
}

/// History that is to be replayed, in order of its time.
private struct Replay {
  private struct Value {
    var minute: Int64
    var agent: Int32
    var metric: MetricID
    var mean: Float
  }

  private let tables: LevelSettings
  private let judged: [AgentID: JudgedAgent]
  /// The metrics of each agent with the agent's own levels.
  private var metrics: [[MetricID: ShownMetric]] = []
  private var values: [Value] = []
  private var ids: [AgentID] = []
  /// Agents of which there is history, and series of five minutes, which say too little to forecast by.
  var agents: Int { ids.count }
  private(set) var coarse = 0

  init(_ tables: LevelSettings, _ agents: [JudgedAgent]) {
    self.tables = tables
    judged = Dictionary(agents.map { ($0.id, $0) }) { first, _ in first }
  }

  mutating func take(_ found: FleetHistoryReading.Found, from start: Instant) {
    let all = RollupSeries.all(in: found.hours, from: start, to: Instant(milliseconds: .max))
    guard !all.isEmpty else { return }
    let agent = judged[found.agent] ?? JudgedAgent(found.agent)
    let shown = all.map { ShownMetric($0.metric, tables.metrics).judged(by: tables.levels, as: agent) }
    metrics.append(Dictionary(shown.map { ($0.id, $0) }) { first, _ in first })
    for (series, metric) in zip(all, shown) where metric.bad != nil {
      let minutes = series.entries.filter { $0.span == .minutes(1) }
      if minutes.isEmpty { coarse += 1 }
      values += minutes.map {
        Value(
          minute: $0.begin.milliseconds / 60_000, agent: Int32(ids.count), metric: series.metric,
          mean: Float($0.rollup.mean))
      }
    }
    ids.append(found.agent)
  }

  mutating func run() -> Backtest {
    values.sort { ($0.minute, $0.agent, $0.metric) < ($1.minute, $1.agent, $1.metric) }
    var backtest = Backtest()
    for value in values {
      let metric = metrics[Int(value.agent)][value.metric]
      guard let level = metric?.level, let bad = metric?.bad else { continue }
      backtest.learn(
        Double(value.mean), minute: Instant(milliseconds: value.minute * 60_000), of: ids[Int(value.agent)],
        value.metric, level: level, bad: bad)
    }
    return backtest
  }
}
