import FleetModel
import Insight
import Screen
import TestSupport
import Testing

@testable import Console

/// A span that is marked on a chart, and what changed in it.
@Suite struct SpanMarkTests {
  private static let now = Instant.at(3600)

  /// Hours in which errors are as usual but for the last ten minutes.
  private static func hours(_ rate: Double) -> [RollupHour] {
    let last = now.milliseconds / 60_000
    var hours: [UInt32: RollupHour] = [:]
    for back in Int64(1)...300 {
      let minute = Instant(milliseconds: (last - back) * 60_000)
      guard let number = RollupHour.hour(of: minute) else { continue }
      let value = back <= 10 ? rate : 0.01
      let rollup = Rollup(count: 20, sum: value * 20, min: Float(value), max: Float(value), p95: Float(value))
      hours[number, default: RollupHour(hour: number)].write(
        rollup, of: MetricID(rawValue: UInt8(Metric.errorRate.rawValue)), at: Int((last - back) % 60))
    }
    return Array(hours.values)
  }

  /// The agent `a0` is open, and its history has been read.
  private func scene(columns: Int = 80, rows: Int = 24) throws -> Scene {
    var scene = Scene(columns: columns, rows: rows)
    for (agent, rate) in [("a0", 0.3), ("a1", 0.02)] {
      try scene.model.fleet.apply("metrics", agent, #"{"error_rate":0.01}"#, at: .at(0))
      try scene.model.fleet.apply("metrics", agent, #"{"error_rate":\#(rate)}"#, at: .at(3000))
    }
    scene.goLive(at: Self.now)
    scene.press(.enter)
    let series = RollupSeries.all(in: Self.hours(0.3), from: Self.now - HistoryChart.span, to: Self.now)
    _ = scene.model.update(.history("a0", series))
    return scene
  }

  /// What the program does when it is asked to compare.
  private func compare(_ effects: [Effect], _ scene: inout Scene) throws {
    guard case .compareSpan(var comparison, let agents)? = effects.first else { throw NothingSent() }
    #expect(agents == ["a0", "a1"])
    for (agent, rate) in zip(agents, [0.3, 0.01]) {
      var insight = AgentInsight(at: Self.now)
      insight.changes = [.init(kind: "version", detail: "2.0\u{1B}[2J", at: Self.now - .minutes(9))]
      comparison.take(agent, Self.hours(rate), rate > 0.1 ? insight : nil)
    }
    _ = scene.model.update(.compared(from: comparison.start, to: comparison.end, .found(comparison)))
  }

  private func text(_ scene: inout Scene) -> String { scene.draw().lines().joined(separator: "\n") }

  @Test(arguments: [(80, 24), (200, 50), (40, 10), (20, 5)])
  func itIsMarkedOnTheChartsAndItsKeysAreNamed(columns: Int, rows: Int) throws {
    var scene = try scene(columns: columns, rows: rows)
    scene.press(.character("v"))
    expectScreen(scene.draw(), "span-mark-\(columns)x\(rows)")
  }

  @Test(arguments: [(80, 24), (200, 50), (40, 10)])
  func whatChangedInItIsRanked(columns: Int, rows: Int) throws {
    var scene = try scene(columns: columns, rows: rows)
    scene.press(.character("v"))
    try compare(scene.press(.enter), &scene)
    expectScreen(scene.draw(), "span-changed-\(columns)x\(rows)")
  }

  @Test func itBeginsWithTheTroubleOrHalfAnHourAgo() throws {
    var scene = try scene()
    #expect(scene.promptText().contains("v span"))
    scene.press(.character("v"))
    #expect(scene.promptText().hasPrefix(" 08:50 to 09:00Z, 10m  Left Right move  v start  Enter compare  Esc leave"))
    scene.press(.escape, .escape, .down, .enter)
    let series = RollupSeries.all(in: Self.hours(0.3), from: Self.now - HistoryChart.span, to: Self.now)
    _ = scene.model.update(.history("a1", series))
    scene.press(.character("v"))
    #expect(scene.promptText().hasPrefix(" 08:30 to 09:00Z, 30m "))
  }

  @Test func theStartStandsOnceItIsMarkedAndTheEndMovesWithinTheChart() throws {
    var scene = try scene()
    scene.press(.character("v"), .left, .left, .character("<"))
    #expect(scene.promptText().hasPrefix(" 08:33 to 09:00Z, 27m "))
    scene.press(.character("v"), .right, .right, .right, .right)
    #expect(scene.promptText().hasPrefix(" 08:33 to 08:37Z, 4m "))
    scene.press(.character("<"))
    #expect(scene.promptText().hasPrefix(" 08:22 to 08:33Z, 11m "))
    for _ in 0..<40 { scene.press(.character("<")) }
    #expect(scene.promptText().hasPrefix(" 03:00 to 08:33Z, "))
    for _ in 0..<40 { scene.press(.character(">")) }
    #expect(scene.promptText().hasPrefix(" 08:33 to 09:00Z, 27m "))
    scene.press(.character("v"))
    #expect(scene.promptText().hasPrefix(" 09:00 to 09:00Z, 0s "))
    #expect(scene.press(.enter) == [] && scene.promptText().contains("takes 4m at least"))
  }

  @Test func escapeGoesAStepBackAndNothingStays() throws {
    var scene = try scene()
    scene.press(.character("v"))
    try compare(scene.press(.enter), &scene)
    #expect(text(&scene).contains("error_rate  rose on 1 of 2 agents"))
    #expect(text(&scene).contains("a0  error_rate  1.0% → 30%  up"))
    #expect(text(&scene).contains("08:51Z  version 2.0^[[2J  a0"))
    scene.press(.escape)
    #expect(text(&scene).contains("error_rate") && scene.promptText().contains("Enter compare"))
    scene.press(.escape)
    #expect(scene.promptText().contains("v span") && scene.model.opened == "a0")
    scene.press(.character("v"), .escape, .escape)
    #expect(scene.model.opened == nil)
  }

  @Test func otherPlacesHaveNoMark() throws {
    var scene = try scene()
    scene.press(.character("v"), .character("x"))
    #expect(!scene.promptText().contains("Enter compare"))
    scene.press(.escape, .character("1"), .enter)
    #expect(!scene.promptText().contains("Enter compare"))
    scene.press(.escape, .character("v"))
    #expect(scene.promptText().contains("open an agent with Enter"))
    scene.press(.enter, .character("v"))
    #expect(scene.promptText().contains("no history of this agent is stored"))
  }

  @Test func whatCameToNothingIsSaidAndWhatNobodyWaitsForIsPassedOver() throws {
    var scene = try scene()
    scene.press(.character("v"))
    let (from, to) = (Self.now - .minutes(10), Self.now)
    _ = scene.model.update(.compared(from: from, to: to, .refused("no permission")))
    #expect(!text(&scene).contains("no permission"))
    scene.press(.enter)
    #expect(text(&scene).contains("reading the history of 0 of 2 agents"))
    _ = scene.model.update(.compared(from: from, to: to, .read(1)))
    #expect(text(&scene).contains("reading the history of 1 of 2 agents"))
    _ = scene.model.update(.compared(from: from - .minutes(1), to: to, .refused("other")))
    _ = scene.model.update(.compared(from: from, to: to, .refused("no permission")))
    #expect(text(&scene).contains("the history could not be read: no permission"))
    scene.press(.escape)
    try scene.press(.enter).forEach { effect in
      guard case .compareSpan(let comparison, _) = effect else { throw NothingSent() }
      _ = scene.model.update(.compared(from: from, to: to, .found(comparison)))
    }
    #expect(text(&scene).contains("No history of this span"))
  }

  @Test func whatIsComingHasAMarkToo() throws {
    var scene = try scene(columns: 130, rows: 40)
    var insight = AgentInsight(at: Self.now)
    insight.forecasts = [
      .init(
        metric: "error_rate", value: 0.3, level: 0.5, madeAt: Self.now, crossesAt: Self.now + .minutes(20),
        confidence: 0.75, known: 12)
    ]
    scene.model.fleet.setInsight(insight, of: "a0")
    scene.press(.character("F"))
    let before = scene.draw()
    #expect(scene.promptText().contains("v span"))
    scene.press(.character("v"))
    #expect(scene.promptText().hasPrefix(" 08:30 to 09:00Z, 30m ") && scene.draw() != before)
    #expect(scene.draw().roleLines().contains { $0.contains("SSSSSSSSSS") || $0.contains("ssssssssss") })
    scene.press(.escape)
    #expect(scene.draw() == before)
  }
}
