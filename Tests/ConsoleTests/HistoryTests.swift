import FleetModel
import Screen
import TestSupport
import Testing

/// Seeded histories against the plain model, in memory: the short form of `vigia-bench truth --memory`, of which `.ci/run`
/// takes 500 in release.
@Suite struct HistoryTests {
  private static let seeds: UInt64 = 80
  private static let parts: UInt64 = 2

  /// Histories that have shown a fault of the product or of the model, each another one; 1341 acts while marks are hidden.
  private static let known: [UInt64] = [
    10, 301, 321, 399, 455, 491, 672, 1341, 1406, 1475, 2765, 3238, 3310, 3627, 4414, 4921, 5842, 7105, 9188, 9329,
    9557, 10191,
    10453,
    11051, 11555, 12345, 13032, 20809,
  ]

  /// Those were found before there were such metrics.
  private static var withoutOpenMetrics: HistoryGenerator.Shape {
    var shape = HistoryGenerator.Shape()
    shape.hasOpenMetrics = false
    return shape
  }

  /// In parts, so that they run beside each other.
  @Test(arguments: 0..<parts)
  func bothScreensSayWhatIsTrueAfterEachStep(part: UInt64) throws {
    var comparisons = 0
    for seed in stride(from: part, to: Self.seeds, by: Int(Self.parts)) {
      var world = MemoryWorld(HistoryGenerator.history(seed: seed))
      try world.run()
      comparisons += world.comparisons
    }
    #expect(comparisons > 1000)
  }

  @Test func historiesThatWentWrongOnceDoNoMore() throws {
    for seed in Self.known {
      var world = MemoryWorld(HistoryGenerator.history(seed: seed, shape: Self.withoutOpenMetrics))
      try world.run()
    }
  }

  @Test func seedGivesTheSameHistoryAlways() {
    let (first, second) = (HistoryGenerator.history(seed: 7), HistoryGenerator.history(seed: 7))
    #expect(first.steps == second.steps)
    #expect(first.steps != HistoryGenerator.history(seed: 8).steps)
  }

  @Test func historiesTellOfOpenMetricsUnlessTheirShapeHasNone() {
    func names(_ shape: HistoryGenerator.Shape) -> Set<String> {
      Set(
        (0..<40).flatMap { HistoryGenerator.history(seed: $0, shape: shape).steps }.flatMap { step -> [String] in
          switch step {
          case .set(_, let metric, _): [metric]
          case .publish(let event): Array(event.numbers.keys)
          default: []
          }
        })
    }
    let open: Set = ["cost_per_hour", "depth", "grounding"]
    #expect(names(HistoryGenerator.Shape()).isSuperset(of: open))
    #expect(names(Self.withoutOpenMetrics).isDisjoint(with: open))
  }

  /// A check that cannot fail would be worth nothing.
  @Test func screenThatSaysOtherwiseIsFound() throws {
    var truth = Truth()
    truth.pass(to: .start)
    truth.hear(PublishedEvent("metrics", "Ada", ["error_rate": 0.3]))
    let lines =
      [" all well no open alerts"] + Array(repeating: "", count: 32) + [" live  handler h1 alive  0 alerts  1 agent"]
    let reading = ScreenReading(lines: lines, size: Size(rows: 34, columns: 150))
    let found = TruthCheck(shown: truth, present: truth, reading: reading).differences()
    #expect(found.contains { $0.contains("headline") })
    #expect(found.contains { $0.contains("1...1 alerts are open") })
    #expect(found.contains { $0.contains("Ada has 0 rows") })
  }
}
