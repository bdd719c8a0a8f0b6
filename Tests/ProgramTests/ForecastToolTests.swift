import FleetModel
import Insight
import Screen
import TestSupport
import TestThreads
import Testing
import Wire

@testable import vigia

/// `vigia forecast`.
@Suite(.threaded) struct ForecastToolTests {
  private let server: TestServer
  private let keys = Keys()

  init() throws { server = try TestServer() }

  private func run(_ arguments: String...) throws -> Program.Result {
    try Program(["forecast"] + arguments, on: server.endpoint).finish()
  }

  private func tell(_ agent: String, _ metric: String = "queue_size", in minutes: Int64) throws {
    let now = try server.time()
    var insight = AgentInsight(at: now)
    insight.forecasts = [
      .init(
        metric: metric, value: 80, level: 300, madeAt: now - .minutes(3), crossesAt: now + .minutes(minutes),
        confidence: 0.75, known: 12, radius: 9)
    ]
    _ = try server.call("HSET", keys.insight, agent, InsightCoding.encode(insight))
  }

  /// A queue that grows for 100 minutes and then is over its level, again and again.
  private func store(_ agent: AgentID, cycles: Int = 6) throws {
    try server.know(agent)
    let cycle = (0..<150).map { minute in
      let wobble = Double((minute * 37) % 11) / 10
      return minute < 40 ? 20 + wobble : minute < 140 ? 20 + Double(minute - 40) + wobble : 140 + wobble
    }
    try server.store((0..<cycles).flatMap { _ in cycle }, of: agent, .queueSize)
  }

  @Test func whatIsComingIsListedByItsTime() throws {
    try tell("b", in: 45)
    try tell("a{x}\n\u{1B}[2J", "own\u{202E}metric", in: 20)
    let lease = Lease(id: "h1", fence: 1, isRecording: true, since: .epoch)
    _ = try server.call("SET", keys.lease, LeaseCoding.encode(lease))
    let result = try run()
    #expect(result.status == 0 && result.errors == "")
    let lines = result.output.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines[0].contains("Z  a{x}^J^[[2J  own\u{FFFD}metric will cross 300 in about 20 min, 75 % sure"))
    #expect(lines[1].hasSuffix("queue_size will cross 300 in about 45 min, 75 % sure (12 earlier ones), made 3m ago"))
    #expect(try run("b").output.split(separator: "\n").count == 1)
    let json = try JSONValue.parse(Array(try run("--json").output.utf8))
    #expect(json["coming"]?.list?.map { $0["level"]?.double } == [300, 300])
    #expect(json["handler"]?["alive"]?.bool == true)
  }

  @Test func nothingIsComingAndWhoForecasts() throws {
    let words =
      "no forecast is open; the handler makes one once a metric has moved towards its level for an hour, and no handler is "
      + "alive\n"
    #expect(try run() == .init(0, words))
    #expect(try run("nobody") == .init(0, words))
    try tell("old", in: -60)
    #expect(try run() == .init(0, words))
  }

  @Test func withoutAHandlerForecastsAreSaidToGrowOld() throws {
    try tell("a", in: 20)
    #expect(try run().output.hasSuffix("no handler is alive: nothing new is forecast\n"))
  }

  @Test func insightThatCannotBeReadIsCounted() throws {
    try tell("a", in: 20)
    _ = try server.call("HSET", keys.insight, "b", "rubbish\u{1B}[2J")
    #expect(try run().output.contains("what is thought of 1 agent could not be read"))
    _ = try server.call("DEL", keys.insight)
    _ = try server.call("SET", keys.insight, "x")
    #expect(try run().status == 1)
  }

  @Test func backtestPrintsCalibrationBesideTheNaiveForecastAndTheFansCoverage() throws {
    try store("a-1")
    let result = try run("a-1", "--backtest")
    #expect(result.status == 0 && result.errors == "")
    let lines = result.output.split(separator: "\n").map(String.init)
    #expect(lines[0].wholeMatch(of: /1 agent, 1 series, (899|900) minutes of the last 1d/) != nil)
    #expect(lines[1].contains("forecasts made, ") && lines[1].contains(" that ended came true"))
    #expect(lines[2].hasPrefix("Brier score 0.") && lines[2].contains("always saying "))
    #expect(lines[3] == "  said       forecasts  mean said  came true")
    #expect(lines.last?.hasPrefix("the fan ten minutes ahead: asked 90%, got ") == true)
  }

  @Test func backtestAsJSONIsConsistent() throws {
    for number in 1...3 { try store(AgentID("a-\(number)"), cycles: 3) }
    let json = try JSONValue.parse(Array(try run("--backtest", "--agents", "2", "--json").output.utf8))
    #expect(json["agents"]?.int == 2 && json["of"]?.int == 3 && json["series"]?.int == 2)
    let made = try #require(json["forecasts"]?.int)
    let ended = try #require(json["ended"]?.int)
    #expect(made > 0 && made == ended + (json["open"]?.int ?? 0))
    let bins = try #require(json["reliability"]?.list)
    #expect(bins.reduce(0) { $0 + ($1["forecasts"]?.int ?? 0) } == ended)
    #expect((0...1).contains(json["brier"]?.double ?? -1))
    #expect(json["coverage"]?["values"]?.int ?? 0 > 100)
  }

  @Test func backtestWithoutHistorySaysSo() throws {
    let lines = try run("a-1", "--backtest").output.split(separator: "\n")
    #expect(lines[0] == "0 agents of 1, 0 series, 0 minutes of the last 1d")
    #expect(lines[1] == "no forecast was made: no metric moved towards its level for an hour")
    #expect(lines[2] == "the fan: too few minutes to judge it")
  }

  @Test func historyByFiveMinutesIsNotReplayed() throws {
    var hour = RollupHour(hour: UInt32(try server.time().milliseconds / 3_600_000), step: .fiveMinutes)
    hour.write(Rollup(count: 1, sum: 5, min: 5, max: 5, p95: 5), of: MetricID(rawValue: 4), at: 0)
    _ = try server.call("SET", keys.rollup("a-1", hour: hour.hour), hour.encoded)
    #expect(
      try run("a-1", "--backtest").output.contains("1 series are stored by five minutes, and cannot be replayed"))
  }

  @Test func agentsAreEvenlyPicked() {
    let agents = (0..<10).map { AgentID("\($0)") }
    #expect(ForecastCommand.evenly(agents, 4).map(\.description) == ["0", "2", "5", "7"])
    #expect(ForecastCommand.evenly(agents, 10).count == 10)
  }
}
