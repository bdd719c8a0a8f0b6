import FleetModel
import Insight
import Screen
import TestSupport
import Testing

@testable import Console

/// What the handler thinks of agents, on the screen.
@Suite struct ComingTests {
  /// Agents whose queue grows, with what the handler thinks of them.
  private static func scene(columns: Int = 130, rows: Int = 40, agents: Int = 3) throws -> Scene {
    var scene = Scene(columns: columns, rows: rows)
    for minute in 0..<60 {
      for number in 0..<agents {
        let queue = 20 + minute * (agents - number)
        try scene.model.fleet.apply(
          "metrics", "agent-\(number)", #"{"queue_size":\#(queue),"error_rate":0.01}"#, at: .at(Int64(minute) * 60))
      }
    }
    scene.model.fleet.watch()
    scene.model.fleet.setHandler(isAlive: true)
    for number in 0..<agents { scene.model.fleet.setInsight(insight(number), of: AgentID("agent-\(number)")) }
    scene.goLive(at: .at(3600))
    return scene
  }

  private static func insight(_ number: Int) -> AgentInsight {
    var insight = AgentInsight(at: .at(3540))
    insight.health = 0.42 + 0.3 * Double(number)
    insight.isCritical = number == 0
    insight.reasons = ["queue_size is 197; its own normal is 20"]
    insight.findings = [
      .init(
        metric: "queue_size", kind: "out_of_range", words: "queue_size is 197 \u{1B}[2J", since: .at(3000),
        at: .at(3500))
    ]
    insight.forecasts = [
      .init(
        metric: "queue_size", value: 197, level: 300, madeAt: .at(3540),
        crossesAt: .at(3600 + 1200 * (Int64(number) + 1)),
        confidence: 0.75, known: 12, radius: 20)
    ]
    insight.changes = [
      .init(kind: "version", detail: "2.1.0", at: .at(1380)),
      .init(kind: "operator", detail: "scale by=+1", at: .at(3300)),
    ]
    return insight
  }

  @Test(arguments: [(80, 24), (130, 40), (200, 50), (40, 10), (20, 5)])
  func comingIsListedByItsTimeWithTheFanOfTheSelectedOne(columns: Int, rows: Int) throws {
    var scene = try Self.scene(columns: columns, rows: rows)
    scene.press(.character("F"))
    expectScreen(scene.draw(), "coming-\(columns)x\(rows)")
  }

  /// The headline speaks of what the agent says of itself: the row and `x` must not say that all is well.
  @Test func healthThatAnEventSaysIsShownIfItIsWorse() throws {
    var scene = try Self.scene(columns: 200, rows: 50)
    func row(_ scene: inout Scene) -> String? { scene.draw().lines().first { $0.contains("running     agent-1") } }
    #expect(row(&scene)?.contains("0.72") == true)
    try scene.model.fleet.apply("metrics", "agent-1", #"{"health_score":0.9}"#, at: .at(3600))
    #expect(row(&scene)?.contains("0.72") == true)
    try scene.model.fleet.apply("metrics", "agent-1", #"{"health_score":0.28}"#, at: .at(3600))
    #expect(row(&scene)?.contains("0.28") == true && row(&scene)?.contains("0.72") == false)
    let position = try #require(scene.model.fleet.position(of: "agent-1"))
    let first = ShownValue.Reading(.healthScore, of: scene.model.fleet, isLowFirst: true)
    let other = try #require(scene.model.fleet.position(of: "agent-0"))
    #expect(first.value(at: position) < first.value(at: other))
  }

  @Test func withoutUTF8TheFanIsASCII() throws {
    var scene = try Self.scene(columns: 80, rows: 24)
    scene.press(.character("F"), .down)
    let grid = scene.draw(.ascii)
    expectScreen(grid, "coming-ascii-80x24")
    #expect(grid.lines().joined().utf8.allSatisfy { $0 < 0x80 })
  }

  @Test(arguments: [(80, 24), (200, 50)])
  func emptyListSaysWhatItWaitsFor(columns: Int, rows: Int) throws {
    var scene = try Scene.full(columns: columns, rows: rows)
    scene.press(.character("F"))
    expectScreen(scene.draw(), "coming-empty-\(columns)x\(rows)")
    _ = scene.model.update(.handler(.absent))
    #expect(
      scene.draw().lines().contains { $0.contains("No handler is alive: it is the handler that makes forecasts.") })
  }

  @Test(arguments: [(80, 24), (130, 40)])
  func whyOfAnAgentBeginsWithItsHealth(columns: Int, rows: Int) throws {
    var scene = try Self.scene(columns: columns, rows: rows)
    scene.press(.character("x"))
    expectScreen(scene.draw(), "why-health-\(columns)x\(rows)")
  }

  @Test func whyNamesTheLatestChangeBeforeTheTroubleAndHowLongBefore() throws {
    var scene = try Self.scene()
    scene.press(.character("x"))
    let text = scene.draw().lines().joined(separator: "\n")
    #expect(text.contains("version 2.1.0, 4m before the trouble began at 08:27:00Z"))
    #expect(text.contains("queue_size will cross 300 in about 20 min, 75 % sure (12 earlier ones)"))
    #expect(text.contains("found 1m ago: queue_size is 197 ^[[2J"))
  }

  @Test func whatIsOfThisMomentIsJustNow() throws {
    var scene = try Self.scene()
    var insight = AgentInsight(at: .at(3600))
    insight.health = 1
    insight.findings = [.init(metric: "m", kind: "stuck", words: "m stands", since: .at(3600), at: .at(3600))]
    insight.changes = [.init(kind: "version", detail: "3", at: .at(3599))]
    scene.model.fleet.setInsight(insight, of: "agent-2")
    scene.press(.character("/"))
    scene.type("agent-2")
    scene.press(.enter, .character("x"))
    let text = scene.draw().lines().joined(separator: "\n")
    #expect(text.contains("1.00, changed just now") && text.contains("found just now: m stands"))
  }

  @Test func openAgentHasItToo() throws {
    var scene = try Self.scene()
    scene.press(.enter)
    let text = scene.draw().lines().joined(separator: "\n")
    #expect(text.contains("0.42, critical, changed 1m ago") && text.contains("its own normal is 20"))
  }

  @Test(arguments: [(80, 40), (130, 60)])
  func chartsOfTheOpenAgentMarkItsChanges(columns: Int, rows: Int) throws {
    var scene = try Self.scene(columns: columns, rows: rows)
    scene.press(.enter)
    expectScreen(scene.draw(), "changes-\(columns)x\(rows)")
  }

  @Test(arguments: [(80, 50), (200, 50)])
  func openAgentShowsItsLastHoursOnceTheyAreRead(columns: Int, rows: Int) throws {
    var scene = try Self.scene(columns: columns, rows: rows)
    scene.press(.enter)
    var hours: [RollupHour] = []
    for back in UInt32(0)...5 {
      var hour = RollupHour(hour: UInt32(Instant.at(0).milliseconds / 3_600_000) - back)
      for minute in 0..<60 where back != 2 {
        let value = Float(20 + (minute + Int(back) * 13) % 90)
        let rollup = Rollup(count: 20, sum: Double(value) * 20, min: value - 5, max: value + 40, p95: value + 20)
        hour.write(rollup, of: MetricID(rawValue: 4), at: minute)
      }
      hours.append(hour)
    }
    let series = RollupSeries.all(in: hours, from: .at(3600) - HistoryChart.span, to: .at(3600))
    _ = scene.model.update(.history("agent-9", series))
    #expect(!scene.draw().lines().contains { $0.contains("The last 6 hours") })
    _ = scene.model.update(.history("agent-0", series))
    scene.press(.end)
    expectScreen(scene.draw(), "history-\(columns)x\(rows)")
  }

  @Test func healthColumnShowsTheHandlersScoreByItsState() throws {
    var scene = try Self.scene()
    func health(_ agent: String, _ scene: inout Scene) -> (text: String, role: Role) {
      let grid = scene.draw()
      guard let row = grid.lines().indices.first(where: { $0 > 2 && grid.lines()[$0].contains(" \(agent) ") }),
        let column = grid.lines()[2].unicodeScalars.firstIndex(of: "H").map({
          grid.lines()[2].unicodeScalars.distance(from: grid.lines()[2].unicodeScalars.startIndex, to: $0)
        })
      else { return ("", .text) }
      let cells = grid.row(row).dropFirst(column).prefix(4)
      return (cells.map(\.text).joined(), cells.first?.role ?? .text)
    }
    #expect(health("agent-1", &scene) == ("0.72", .text))
    #expect(health("agent-2", &scene).text == "1.02")
    scene.press(.down)
    #expect(health("agent-0", &scene) == ("0.42", .bad))
    scene.model.fleet.setHandler(isAlive: false)
    #expect(health("agent-0", &scene) == ("0.42", .stale))
  }

  @Test func agentsAreOrderedByTheHandlersScore() throws {
    var scene = try Self.scene(columns: 200, rows: 50)
    while scene.model.order.column != .health { scene.press(.character("o")) }
    scene.tick(.at(3610))
    #expect(scene.order == ["agent-0", "agent-1", "agent-2"])
    scene.press(.character("I"))
    scene.tick(.at(3620))
    #expect(scene.order == ["agent-2", "agent-1", "agent-0"])
  }

  @Test func scoreThatIsOldSaysSo() throws {
    var scene = try Self.scene()
    scene.model.fleet.setHandler(isAlive: false)
    _ = scene.model.update(.handler(.absent))
    scene.press(.character("x"))
    #expect(
      scene.draw().lines().contains { $0.contains("0.42, critical, changed 1m ago; old: no handler is known to live") })
  }

  @Test func keysActOnTheAgentOfTheSelectedForecast() throws {
    var scene = try Self.scene(columns: 80, rows: 24)
    scene.press(.character("F"), .down)
    _ = scene.draw()
    #expect(scene.model.selectedAgent == "agent-1")
    scene.press(.character("p"))
    #expect(scene.draw().lines().suffix(3).joined().contains("agent-1"))
    scene.press(.escape)
    #expect(scene.press(.enter) == [.readEvents("agent-1")])
    #expect(scene.model.opened == "agent-1")
    scene.press(.escape)
    #expect(scene.model.opened == nil && scene.model.coming.isShown)
    scene.press(.character("x"))
    #expect(scene.model.explained == .agent("agent-1"))
    scene.press(.escape, .escape)
    #expect(!scene.model.coming.isShown && scene.model.explained == nil)
  }

  @Test func selectionStaysWithItsForecastIfOthersComeSooner() throws {
    var scene = try Self.scene(columns: 80, rows: 24)
    scene.press(.character("F"), .down)
    _ = scene.draw()
    var sooner = Self.insight(2)
    sooner.forecasts[0].crossesAt = .at(3660)
    scene.model.fleet.setInsight(sooner, of: "agent-2")
    _ = scene.draw()
    #expect(scene.model.selectedAgent == "agent-1")
    scene.press(.character("2"))
    #expect(!scene.model.coming.isShown && scene.model.focus == .errorRate)
  }

  @Test func statusLineSaysHowManyAreComing() throws {
    var scene = try Self.scene(columns: 200, rows: 50)
    #expect(scene.statusText().contains("3 coming, F"))
  }

  @Test func tenThousandAgentsWithForecastsFitAnyScreen() throws {
    var scene = try Self.scene(columns: 80, rows: 24, agents: 0)
    for number in 0..<10_000 {
      let id = AgentID("n{\(number)}\n")
      try scene.model.fleet.apply("metrics", "n{\(number)}\n", #"{"queue_size":5}"#, at: .at(3600))
      scene.model.fleet.setInsight(Self.insight(number), of: id)
    }
    scene.press(.character("F"), .end)
    #expect(scene.draw().lines().contains { $0.contains("n{9999}^J") })
    #expect(scene.model.fleet.coming.count == 10_000)
  }

  @Test func wordsOfTimes() {
    var coming = Self.insight(0).forecasts[0]
    #expect(
      InsightWords.text(coming, at: .at(4790))
        == "queue_size will cross 300 in about a minute, 75 % sure (12 earlier ones)")
    #expect(
      InsightWords.text(coming, at: .at(5000)) == "queue_size was to cross 300 3m ago, 75 % sure (12 earlier ones)")
    (coming.known, coming.metric, coming.level) = (0, "own_metric", 0.12345)
    coming.crossesAt = .at(3600 + 3 * 3600)
    #expect(
      InsightWords.text(coming, at: .at(3600))
        == "own_metric will cross 0.123 in about 3 h, 75 % sure (no earlier ones)")
    coming.known = 1
    #expect(InsightWords.text(coming, at: .at(3600)).hasSuffix("(1 earlier one)"))
  }
}
