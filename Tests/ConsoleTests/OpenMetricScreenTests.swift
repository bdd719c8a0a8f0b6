import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// Metrics of the fleet's table on the screen.
@Suite struct OpenMetricScreenTests {
  private static let table: MetricTable = {
    var cost = OpenMetric(
      "cost_per_hour", unit: .currency, levels: .init(medium: 2, high: 5, critical: 5), shown: .column)
    cost.heading = "Cost/h"
    return MetricTable(declaring: [cost, OpenMetric("depth")], currency: "EUR")
  }()

  private func scene(columns: Int = 130, rows: Int = 60) throws -> Scene {
    var scene = try Scene.plain(agents: 2, columns: columns, rows: rows)
    scene.model.fleet.setMetrics(Self.table)
    try scene.model.fleet.apply(
      "metrics", "a0", #"{"cost_per_hour":12.5,"tokens_per_minute":48000,"fallback_rate":25}"#, at: .at(2))
    scene.tick(.at(3))
    return scene
  }

  @Test func detailShowsEachWithUnitSeriesAndColour() throws {
    var scene = try scene()
    scene.press(.enter)
    let grid = scene.draw()
    let lines = grid.lines()
    // The alert names it too, further up.
    let cost = try #require(lines.lastIndex { $0.contains("cost per hour") })
    #expect(lines[cost].contains("12.50") && lines[cost + 1].contains("EUR"))
    #expect(lines.contains { $0.contains("tokens per") && $0.contains("48k") })
    #expect(lines.contains { $0.contains("fallback rate") && $0.contains("?") })
    #expect(grid.row(cost).contains { $0.text == "2" && $0.role == .bad })
  }

  @Test func detailTellsHowOldAValueIsThatSaysNothingOfThePresent() throws {
    var scene = try scene()
    scene.tick(.at(1200))
    scene.press(.enter)
    let lines = scene.draw().lines()
    // The alert names it too, further up.
    let cost = try #require(lines.lastIndex { $0.contains("cost per hour") })
    #expect(lines[cost + 1].contains("19m ago"))
  }

  @Test func columnThatIsAskedForStandsWhereThereIsRoom() throws {
    var wide = try scene(columns: 200, rows: 50)
    let lines = wide.draw().lines()
    let top = try #require(lines.firstIndex { $0.contains("Cost/h") })
    let row = try #require(lines.dropFirst(top).first { $0.contains(" a0 ") })
    func end(_ text: String, in line: String) -> Int? {
      line.indices.last { line[$0...].hasPrefix(text) }.map {
        line.distance(from: line.startIndex, to: $0) + text.count
      }
    }
    #expect(end("Cost/h", in: lines[top]) == end("12.50", in: row))
    var small = try scene(columns: 80, rows: 24)
    #expect(!small.draw().lines().contains { $0.contains("Cost/h") })
  }

  @Test func agentsAreOrderedByAColumnThatIsAskedFor() throws {
    var scene = try scene(columns: 200, rows: 50)
    try scene.model.fleet.apply("metrics", "a1", #"{"cost_per_hour":40}"#, at: .at(3))
    for (agent, data) in [("b", #"{"cost_per_hour":1}"#), ("c", #"{"cost_per_hour":-7}"#), ("d", #"{"depth":1}"#)] {
      try scene.model.fleet.apply("metrics", agent, data, at: .at(3))
    }
    scene.tick(.at(4))
    for _ in 0..<20 where scene.model.order.openMetric == nil { scene.press(.character("o")) }
    _ = scene.draw()
    #expect(scene.order == ["a1", "a0", "b", "c", "d"])
    let grid = scene.draw()
    let head = try #require(grid.lines().firstIndex { $0.contains("↓Cost/h") })
    #expect(grid.roleLines()[head].contains("F") && grid.lines()[1].contains("by Cost/h, greatest first"))
    scene.press(.character("I"))
    #expect(scene.order == ["b", "a0", "a1", "c", "d"] && scene.draw().lines()[head].contains("↑Cost/h"))
    scene.press(.character("o"))
    #expect(scene.model.order.column == .label)
    scene.press(.escape)
    #expect(scene.model.order == AgentOrder())
  }

  @Test func anOrderByAMetricThatIsGoneIsByName() throws {
    var scene = try scene(columns: 200, rows: 50)
    for _ in 0..<20 where scene.model.order.openMetric == nil { scene.press(.character("o")) }
    scene.model.fleet.setMetrics(MetricTable(declaring: [OpenMetric("depth")]))
    scene.tick(.at(20))
    #expect(scene.order == ["a0", "a1"])
    scene.model.fleet.setMetrics(Self.table)
    scene.press(.character("o"))
    #expect(scene.model.order.column == .label)
  }

  @Test func valuesThatAreShownTheSameAreEqual() {
    for metric in OpenMetric.Unit.allCases.map({ OpenMetric("m", unit: $0) }) {
      for value in stride(from: 0.0, to: 2000, by: 0.37) {
        let (first, second) = (value / (metric.unit == .fraction ? 2000 : 1), value * 1.001)
        let isSame = Format.value(first, of: metric) == Format.value(second, of: metric)
        let (one, other) = (Format.shown(first, of: metric), Format.shown(second, of: metric))
        #expect(!isSame || one == other)
        #expect(first < second ? one <= other : one >= other)
      }
    }
  }

  @Test func alertSaysWhichMetricsArePastTheirLevels() throws {
    var scene = try scene(columns: 200, rows: 50)
    let position = try #require(scene.model.fleet.position(of: "a0"))
    #expect(Why.text(ofAgentAt: position, in: scene.model.fleet).contains("cost per hour 12.50"))
    try scene.model.fleet.apply("metrics", "a0", #"{"cost_per_hour":1}"#, at: .at(4))
    #expect(
      Why.text(ofAgentAt: position, in: scene.model.fleet).contains("cost per hour 1.00, now recovering"))
    scene.tick(.at(700))
    _ = scene.draw()
    #expect(Why.text(ofAgentAt: position, in: scene.model.fleet).contains("last cost per hour 1.00, quiet for"))
  }

  @Test func consoleThatDoesNotKnowTheLevelsOfAHandlersAlertDoesNotCallItRecovering() throws {
    var scene = try Scene.plain(agents: 1, columns: 200, rows: 50)
    try scene.model.fleet.apply("metrics", "a0", #"{"error_rate":0.01,"cost_per_hour":50}"#, at: .at(2))
    var record = AlertRecord(id: AlertID(.metric, "a0"), severity: .high, since: .at(2), last: .at(2))
    record.openMetric = "cost_per_hour"
    scene.model.fleet.setAlert(record)
    let alert = try #require(scene.model.fleet.alert(.metric, ofAgentAt: 0))
    #expect(Why.text(alert, in: scene.model.fleet) == "cost per hour 50.00")
    #expect(scene.model.fleet.grade(of: alert).standing == .present)
  }

  @Test func firstLineNamesAFleetWhoseMetricsArePastTheirLevels() throws {
    var scene = try Scene.plain(agents: 6, columns: 130, rows: 40)
    scene.model.fleet.setMetrics(Self.table)
    for number in 0..<6 {
      try scene.model.fleet.apply("metrics", "a\(number)", #"{"error_rate":0.01,"cost_per_hour":50}"#, at: .at(2))
    }
    scene.tick(.at(3))
    let text = scene.draw().lines().joined(separator: "\n")
    #expect(text.contains("6 of 6 agents past a level"))
  }

  @Test func smallScreenShowsThemToo() throws {
    var scene = try scene(columns: 80, rows: 24)
    scene.press(.enter)
    var text = ""
    for _ in 0..<20 {
      text += scene.draw().lines().joined(separator: "\n")
      scene.press(.down)
    }
    #expect(text.contains("cost per hour") && text.contains("12.50"))
  }
}
